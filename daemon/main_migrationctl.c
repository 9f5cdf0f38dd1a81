/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl: the command line of people and pipelines.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "daemon/config_reader.h"
#include "daemon/ctl.h"

const struct ctl_command ctl_commands[] = {
    {"status", "[DATABASE]", "every database's state in one line, or one database with its evidence", 0, 1, ctl_status},
    {"wait", "GATE", "wait until a gate is open: 0 open, 1 closed, 3 unknown, 4 blocked, 124 timed out", 1, 1,
     ctl_wait},
    {"journal", "URL", "read a database's migration journals, without a daemon", 1, 1, ctl_journal},
    {"snapshot", "URL", "print a database's schema as a baseline, without a daemon", 1, 1, ctl_snapshot},
    {"probe", "[PATH]", "ask the daemon whether it lives (default /livez): for health checks in images", 0, 1,
     ctl_probe},
    {"reload", "", "reload the daemon's configuration, wait, and tell how it went", 0, 0, ctl_reload},
};
const int ctl_command_count = (int)ARRAY_LENGTH(ctl_commands);

enum { DEFAULT_TIMEOUT_MS = 60000 };

int ctl_fail(enum ctl_exit code, const char *format, ...)
{
    char message[1024] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    utf8_make_line(message, sizeof message);
    fprintf(stderr, "migrationctl: %s\n", message);
    return (int)code;
}

static void print_help(void)
{
    puts("Usage: migrationctl [OPTIONS] COMMAND [ARGUMENTS]\n");
    for (int i = 0; i < ctl_command_count; i++)
        printf("  %-9s %-11s %s\n", ctl_commands[i].name, ctl_commands[i].arguments, ctl_commands[i].summary);
    puts("\n"
         "  -s, --server URL     the daemon: http://HOST:PORT or unix:/path (default $MIGRATIOND_SERVER,\n"
         "                       else http://127.0.0.1:8484)\n"
         "  -o, --output FORMAT  text (default) or json\n"
         "      --revision R     wait: the revision that the application expects; DATABASE:R where the\n"
         "                       gate requires several databases\n"
         "      --match M        wait: exact, at-least (default with --revision) or contains\n"
         "      --timeout T      such as 30s or 2m (default 1m); wait with 0 looks once\n"
         "  -V, --version        print the version and exit\n"
         "  -h, --help           print this and exit\n"
         "\n"
         "URL: postgresql://…, mysql://…, mariadb://… or sqlite:///PATH. Exit codes: 0 done, 2 usage,\n"
         "3 unknown or unreachable; `wait` and `probe` as above.");
}

enum { OPTION_REVISION = 256, OPTION_MATCH, OPTION_TIMEOUT };

static const struct option long_options[] = {
    {"server", required_argument, NULL, 's'},
    {"output", required_argument, NULL, 'o'},
    {"revision", required_argument, NULL, OPTION_REVISION},
    {"match", required_argument, NULL, OPTION_MATCH},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* "2m", or a bare 0. */
static bool parse_timeout(const char *text, struct ctl_options *options)
{
    options->timeout_given = true;
    if (strcmp(text, "0") == 0) {
        options->timeout_ms = 0;
        return true;
    }
    return duration_parse(text, &options->timeout_ms);
}

/* One option; false after a message. `*ret_done` is set when nothing more is to do. */
static bool apply(int option, struct ctl_options *options, bool *ret_done)
{
    switch (option) {
    case 's':
        options->server = optarg;
        return *optarg != '\0';
    case 'o':
        options->json = strcmp(optarg, "json") == 0;
        if (options->json || strcmp(optarg, "text") == 0)
            return true;
        ctl_fail(CTL_USAGE, "--output is text or json, not '%s'", optarg);
        return false;
    case OPTION_REVISION:
        options->revision = optarg;
        return true;
    case OPTION_MATCH:
        options->match = optarg;
        return true;
    case OPTION_TIMEOUT:
        if (parse_timeout(optarg, options))
            return true;
        ctl_fail(CTL_USAGE, "--timeout takes a duration such as 30s or 2m, not '%s'", optarg);
        return false;
    case 'V':
        puts("migrationctl " MIGRATIOND_VERSION);
        *ret_done = true;
        return true;
    case 'h':
        print_help();
        *ret_done = true;
        return true;
    default:
        return false;
    }
}

static const struct ctl_command *find_command(const char *name)
{
    for (int i = 0; i < ctl_command_count; i++) {
        if (strcmp(ctl_commands[i].name, name) == 0)
            return &ctl_commands[i];
    }
    return NULL;
}

static const char *command_name_at(const void *names, size_t index)
{
    return ((const struct ctl_command *)names)[index].name;
}

static int run_command(int count, char **words, struct ctl_options *options)
{
    if (count == 0) {
        print_help();
        return CTL_USAGE;
    }
    const struct ctl_command *command = find_command(words[0]);
    if (!command) {
        const char *meant = config_suggest(words[0], command_name_at, ctl_commands, (size_t)ctl_command_count);
        return ctl_fail(CTL_USAGE, "there is no command '%s'%s%s%s", words[0], meant ? " (did you mean '" : "",
                        meant ? meant : "", meant ? "'?)" : "");
    }
    options->argument_count = count - 1;
    if (options->argument_count < command->least || options->argument_count > command->most)
        return ctl_fail(CTL_USAGE, "usage: migrationctl %s %s", command->name, command->arguments);
    for (int i = 0; i < options->argument_count; i++)
        options->arguments[i] = words[i + 1];
    return command->run(options);
}

int main(int argc, char **argv)
{
    const char *server = getenv("MIGRATIOND_SERVER");
    struct ctl_options options = {
        .server = server && *server ? server : "http://127.0.0.1:8484",
        .timeout_ms = DEFAULT_TIMEOUT_MS,
    };
    int option = 0;
    bool done = false;
    while ((option = getopt_long(argc, argv, "s:o:Vh", long_options, NULL)) != -1) {
        if (!apply(option, &options, &done))
            return CTL_USAGE;
        if (done)
            return CTL_OK;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ctl_fail(CTL_UNKNOWN, "libcurl cannot start");
    int code = run_command(argc - optind, argv + optind, &options);
    curl_global_cleanup();
    return code;
}
