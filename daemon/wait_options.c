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
     .kind = OPTION_LIST,
     KEPT(supports),
     .doc = "the command runs on every revision from A to B: wait until the database is at one of them; DATABASE:A..B, "
            "repeated, where the gate requires several databases"},
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

static const struct option_exit exit_rows[] = {
    {.status = WAIT_OPEN, .doc = "open, and there is no command"},
    {.status = WAIT_CLOSED, .doc = "closed (--timeout 0)"},
    {.status = WAIT_USAGE, .doc = "usage, or refused by the daemon: no such gate, no such token"},
    {.status = WAIT_UNKNOWN, .doc = "unknown or unreachable (--timeout 0), or a redirect"},
    {.status = WAIT_BLOCKED, .doc = "blocked: somebody must act"},
    {.status = WAIT_TIMED_OUT, .doc = "timed out"},
    {.status = WAIT_NOT_RUN, .doc = "the command could not be run"},
    {.status = WAIT_NOT_FOUND, .doc = "it was not found"},
};

static void print_help(const char *word);

const struct option_program wait_program = {
    .name = "migration-wait",
    .summary = "waits for a gate of migrationd, then becomes the command",
    .usage = "--gate ADDRESS [OPTIONS] [-- COMMAND [ARGUMENTS]]",
    .rows = rows,
    .count = ARRAY_LENGTH(rows),
    .exits = exit_rows,
    .exit_count = ARRAY_LENGTH(exit_rows),
    .help = print_help,
    .stops_at_word = true,
};

static void print_help(const char *word)
{
    (void)word;
    option_print_usage(&wait_program, stdout);
    option_print(&wait_program, stdout);
    puts("\nThe command never runs unless the gate is open; then the exit status is its own.");
    option_print_exits(&wait_program, stdout);
}

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
