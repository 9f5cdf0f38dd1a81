/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/cleanup.h"

enum { EXIT_USAGE = 2 };

struct named_value {
    const char *name;
    int value;
};

static const struct named_value formats[] = {
    {"auto", LOG_FORMAT_AUTO}, {"logfmt", LOG_FORMAT_LOGFMT}, {"json", LOG_FORMAT_JSON}, {NULL, 0}};

static const struct named_value levels[] = {{"error", LOG_LEVEL_ERROR},   {"warning", LOG_LEVEL_WARNING},
                                            {"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
                                            {"debug", LOG_LEVEL_DEBUG},   {NULL, 0}};

/* Of a name that is known to be one of them. */
static int value_of(const struct named_value *values, const char *name)
{
    while (values->name && strcmp(values->name, name) != 0)
        values++;
    return values->value;
}

#define CUSTOM_READER(reader, statement)                                                                               \
    static bool reader(const char *text, void *payload, char *problem, size_t size)                                    \
    {                                                                                                                  \
        struct options *options = payload;                                                                             \
        (void)text, (void)problem, (void)size;                                                                         \
        statement;                                                                                                     \
        return true;                                                                                                   \
    }

CUSTOM_READER(read_check, options->action = ACTION_CHECK)
CUSTOM_READER(read_print, options->action = ACTION_PRINT_CONFIG)
CUSTOM_READER(read_reference, options->action = ACTION_PRINT_REFERENCE)
CUSTOM_READER(read_format, options->log_format = (enum log_format)value_of(formats, text))
CUSTOM_READER(read_level, options->log_level = (enum log_level)value_of(levels, text))

/* To add an option: a row here, and a field in struct options. */
static const struct option_row option_rows[] = {
    {.name = "config",
     .letter = 'c',
     .argument = "FILE",
     .kind = OPTION_TEXT,
     .offset = offsetof(struct options, config_path),
     .doc = "configuration, YAML (default /etc/migrationd/migrationd.yaml)"},
    {.name = "check-config",
     .kind = OPTION_CUSTOM,
     .read = read_check,
     .doc = "validate the configuration and exit: 0 valid, 78 not"},
    {.name = "connect",
     .kind = OPTION_FLAG,
     .offset = offsetof(struct options, connect),
     .doc = "with --check-config: try each database too, 0 when all answer, else 1"},
    {.name = "print-config",
     .kind = OPTION_CUSTOM,
     .read = read_print,
     .doc = "print the effective configuration, secrets redacted, and exit"},
    {.name = "print-reference",
     .kind = OPTION_CUSTOM,
     .read = read_reference,
     .doc = "print every key with its default and meaning, and exit"},
    {.name = "log-format",
     .argument = "F",
     .kind = OPTION_CUSTOM,
     .read = read_format,
     .values = "auto logfmt json",
     .doc = "auto (journald where it listens, else logfmt), logfmt or json"},
    {.name = "log-level",
     .argument = "L",
     .kind = OPTION_CUSTOM,
     .read = read_level,
     .values = "error warning notice info debug",
     .doc = "error, warning, notice, info (default) or debug"},
    {.name = "version", .letter = 'V', .kind = OPTION_VERSION, .doc = "print the version and exit"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .doc = "print this and exit"},
};

static const struct option_exit exit_rows[] = {
    {.status = EXIT_SUCCESS, .doc = "stopped as asked, or the configuration is valid"},
    {.status = EXIT_FAILURE, .doc = "could not start, or with --connect a database could not be read"},
    {.status = EXIT_USAGE, .doc = "usage"},
    {.status = EX_SOFTWARE, .doc = "a mistake in a library, which is said before"},
    {.status = EX_CONFIG, .doc = "configuration, with file:line:column"},
};

static void print_help(const char *word);

const struct option_program daemon_program = {
    .name = "migrationd",
    .summary = "watches databases' migration state and holds applications back",
    .usage = "[--config FILE]\n"
             "[--config FILE] --check-config [--connect]\n"
             "[--config FILE] --print-config\n"
             "--print-reference",
    .rows = option_rows,
    .count = ARRAY_LENGTH(option_rows),
    .exits = exit_rows,
    .exit_count = ARRAY_LENGTH(exit_rows),
    .help = print_help,
};

static void print_help(const char *word)
{
    (void)word;
    option_print_usage(&daemon_program, stdout);
    option_print(&daemon_program, stdout);
    puts("\nSIGHUP reloads the configuration, SIGTERM stops.");
    option_print_exits(&daemon_program, stdout);
}

static int usage_error(const char *message)
{
    fprintf(stderr, "migrationd: %s (see --help)\n", message);
    return EXIT_USAGE;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
    *ret_options = (struct options){
        .action = ACTION_RUN,
        .config_path = "/etc/migrationd/migrationd.yaml",
        .log_format = LOG_FORMAT_AUTO,
        .log_level = LOG_LEVEL_INFO,
    };
    uint64_t given = 0;
    int first = 0;
    enum option_outcome outcome = option_parse(&daemon_program, argc, argv, ret_options, &given, &first);
    if (outcome == OPTION_WRONG)
        return EXIT_USAGE;
    if (outcome == OPTION_ENDED) {
        ret_options->action = ACTION_EXIT;
        return 0;
    }
    if (first < argc)
        return usage_error("migrationd takes options only");
    if (ret_options->connect && ret_options->action != ACTION_CHECK)
        return usage_error("--connect goes with --check-config");
    if (ret_options->connect)
        ret_options->action = ACTION_CHECK_CONNECT;
    return 0;
}
