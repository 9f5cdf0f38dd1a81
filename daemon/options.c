/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

enum { OPTION_CHECK = 256, OPTION_CONNECT, OPTION_PRINT, OPTION_REFERENCE, OPTION_FORMAT, OPTION_LEVEL };

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"check-config", no_argument, NULL, OPTION_CHECK},
    {"connect", no_argument, NULL, OPTION_CONNECT},
    {"print-config", no_argument, NULL, OPTION_PRINT},
    {"print-reference", no_argument, NULL, OPTION_REFERENCE},
    {"log-format", required_argument, NULL, OPTION_FORMAT},
    {"log-level", required_argument, NULL, OPTION_LEVEL},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "Usage: migrationd [--config FILE]\n"
    "Watches databases' migration state, serves it over HTTP and holds applications back until it matches.\n"
    "\n"
    "  -c, --config FILE      configuration, YAML (default /etc/migrationd/migrationd.yaml)\n"
    "      --check-config     validate the configuration and exit: 0 valid, 78 not\n"
    "      --connect          with --check-config: try each database too, 0 when all answer, else 1\n"
    "      --print-config     print the effective configuration, secrets redacted, and exit\n"
    "      --print-reference  print every key with its default and meaning, and exit\n"
    "      --log-format F     auto (journald where it listens, else logfmt), logfmt or json\n"
    "      --log-level L      error, warning, notice, info (default) or debug\n"
    "  -V, --version          print the version and exit\n"
    "  -h, --help             print this and exit\n"
    "\n"
    "SIGHUP reloads the configuration, SIGTERM stops.\n";

struct named_value {
    const char *name;
    int value;
};

static const struct named_value formats[] = {
    {"auto", LOG_FORMAT_AUTO}, {"logfmt", LOG_FORMAT_LOGFMT}, {"json", LOG_FORMAT_JSON}, {NULL, 0}};

static const struct named_value levels[] = {{"error", LOG_LEVEL_ERROR},   {"warning", LOG_LEVEL_WARNING},
                                            {"notice", LOG_LEVEL_NOTICE}, {"info", LOG_LEVEL_INFO},
                                            {"debug", LOG_LEVEL_DEBUG},   {NULL, 0}};

static bool find_value(const char *option, const struct named_value *values, const char *name, int *ret_value)
{
    for (; values->name; values++) {
        if (strcmp(values->name, name) == 0) {
            *ret_value = values->value;
            return true;
        }
    }
    fprintf(stderr, "migrationd: --%s has no value '%s' (see --help)\n", option, name);
    return false;
}

static int usage_error(const char *message)
{
    fprintf(stderr, "migrationd: %s (see --help)\n", message);
    return EXIT_USAGE;
}

/* One option; 0, or the exit code. */
static int apply(int option, struct options *options, bool *connect)
{
    int value = 0;
    switch (option) {
    case 'c':
        options->config_path = optarg;
        return 0;
    case OPTION_CHECK:
        options->action = ACTION_CHECK;
        return 0;
    case OPTION_CONNECT:
        *connect = true;
        return 0;
    case OPTION_PRINT:
        options->action = ACTION_PRINT_CONFIG;
        return 0;
    case OPTION_REFERENCE:
        options->action = ACTION_PRINT_REFERENCE;
        return 0;
    case OPTION_FORMAT:
        if (!find_value("log-format", formats, optarg, &value))
            return EXIT_USAGE;
        options->log_format = (enum log_format)value;
        return 0;
    case OPTION_LEVEL:
        if (!find_value("log-level", levels, optarg, &value))
            return EXIT_USAGE;
        options->log_level = (enum log_level)value;
        return 0;
    case 'V':
        puts("migrationd " MIGRATIOND_VERSION);
        options->action = ACTION_EXIT;
        return 0;
    case 'h':
        fputs(help, stdout);
        options->action = ACTION_EXIT;
        return 0;
    default:
        return EXIT_USAGE;
    }
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
    *ret_options = (struct options){
        .action = ACTION_RUN,
        .config_path = "/etc/migrationd/migrationd.yaml",
        .log_format = LOG_FORMAT_AUTO,
        .log_level = LOG_LEVEL_INFO,
    };
    bool connect = false;
    int option = 0;
    while ((option = getopt_long(argc, argv, "c:Vh", long_options, NULL)) != -1) {
        int code = apply(option, ret_options, &connect);
        if (code != 0 || ret_options->action == ACTION_EXIT)
            return code;
    }
    if (optind < argc)
        return usage_error("migrationd takes options only");
    if (connect && ret_options->action != ACTION_CHECK)
        return usage_error("--connect goes with --check-config");
    if (connect)
        ret_options->action = ACTION_CHECK_CONNECT;
    return 0;
}
