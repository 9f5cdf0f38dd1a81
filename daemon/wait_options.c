/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "daemon/wait.h"

#define KEPT(field) .offset = offsetof(struct wait_options, field)

/* To add an option: a row here, and a field in struct wait_options. */
static const struct option_row rows[] = {
    {.name = "gate",
     .letter = 'g',
     .argument = "ADDRESS",
     .kind = OPTION_TEXT,
     KEPT(gate),
     .doc = "http://HOST:PORT/v1/gates/NAME or unix:/path/of/socket:/v1/gates/NAME (default $MIGRATION_GATE)"},
    {.name = "revision",
     .letter = 'r',
     .argument = "R",
     .kind = OPTION_LIST,
     KEPT(revisions),
     .doc = "the revision that the command expects; DATABASE:R, repeated, where the gate requires several databases "
            "(default $MIGRATION_REVISION, else what the daemon's configuration expects)"},
    {.name = "manifest",
     .letter = 'm',
     .argument = "FILE",
     .kind = OPTION_LIST,
     KEPT(manifests),
     .doc = "the revision is the head of this manifest, which migrationctl manifest has made; DATABASE:FILE, repeated, "
            "where the gate requires several databases (default $MIGRATION_MANIFEST)"},
    {.name = "match",
     .argument = "M",
     .kind = OPTION_TEXT,
     KEPT(match),
     .values = "exact at-least contains",
     .doc = "exact, at-least (default) or contains"},
    {.name = "supports",
     .argument = "A..B",
     .kind = OPTION_TEXT,
     KEPT(supports),
     .doc = "the command runs on every revision from A to B: wait until the database is at one of them"},
    {.name = "application",
     .letter = 'a',
     .argument = "NAME",
     .kind = OPTION_TEXT,
     KEPT(application),
     .doc = "send the startup signal of this application, and start when it is admitted"},
    {.name = "instance",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     KEPT(instance),
     .doc = "which instance of it this is (default: the host's name)"},
    {.name = "timeout",
     .letter = 't',
     .argument = "T",
     .kind = OPTION_DURATION,
     KEPT(timeout_ms),
     .doc = "such as 30s or 2m; 0 looks once (default $MIGRATION_TIMEOUT, else 5m)"},
    {.name = "token-file",
     .argument = "FILE",
     .kind = OPTION_TEXT,
     KEPT(token_file),
     .doc = "the bearer token for the daemon (default $MIGRATIOND_TOKEN_FILE)"},
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     KEPT(quiet),
     .doc = "say how it ended if the gate is not open, and nothing before"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .doc = "print the version and exit"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .doc = "print this and exit"},
};

static void print_help(void)
{
    puts("Usage: migration-wait --gate ADDRESS [OPTIONS] [-- COMMAND [ARGUMENTS]]\n"
         "Waits until a gate of migrationd is open, then becomes the command.\n");
    option_print(&wait_program, stdout);
    puts("\n"
         "Exit codes: 0 open (without a command), 1 closed (--timeout 0), 2 usage, 3 unknown or unreachable\n"
         "(--timeout 0, and redirects), 4 blocked: somebody must act, 124 timed out, 126 and 127 the command\n"
         "could not be run or found. The command never runs unless the gate is open.");
}

const struct option_program wait_program = {
    .name = "migration-wait", .rows = rows, .count = ARRAY_LENGTH(rows), .help = print_help, .stops_at_word = true};

static bool is_given(uint64_t given, const char *name)
{
    return option_is_given(&wait_program, given, name);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* A list of options has room for each word of the command line, the program's name included: for one at least. */
static void take_item(struct option_list *list, const char *value)
{
    if (value)
        list->items[list->count++] = value;
}

bool wait_options_from_environment(struct wait_options *options, uint64_t given)
{
    if (!options->gate)
        options->gate = variable("MIGRATION_GATE");
    if (!options->token_file)
        options->token_file = variable("MIGRATIOND_TOKEN_FILE");
    if (options->revisions.count == 0 && options->manifests.count == 0) {
        take_item(&options->revisions, variable("MIGRATION_REVISION"));
        take_item(&options->manifests, variable("MIGRATION_MANIFEST"));
    }
    const char *timeout = is_given(given, "timeout") ? NULL : variable("MIGRATION_TIMEOUT");
    if (!timeout)
        return true;
    if (strcmp(timeout, "0") == 0) {
        options->timeout_ms = 0;
        return true;
    }
    if (duration_parse(timeout, &options->timeout_ms))
        return true;
    wait_fail(wait_program.name, WAIT_USAGE, "$MIGRATION_TIMEOUT is a duration such as 30s or 2m, not '%s'", timeout);
    return false;
}
