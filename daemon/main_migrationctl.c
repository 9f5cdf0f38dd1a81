/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl: the command line of people and pipelines.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_reader.h"
#include "daemon/ctl.h"

enum { DEFAULT_TIMEOUT_MS = 60000 };

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

static int run_command(int count, char **words, uint64_t given, struct ctl_options *options)
{
    if (count == 0) {
        ctl_program.help();
        return CTL_USAGE;
    }
    const struct ctl_command *command = find_command(words[0]);
    if (!command) {
        const char *meant = config_suggest(words[0], command_name_at, ctl_commands, (size_t)ctl_command_count);
        return ctl_fail(CTL_USAGE, "there is no command '%s'%s%s%s", words[0], meant ? " (did you mean '" : "",
                        meant ? meant : "", meant ? "'?)" : "");
    }
    const struct option_row *misplaced = option_misplaced(&ctl_program, given, command->name);
    if (misplaced)
        return ctl_fail(CTL_USAGE, "%s takes no --%s: that goes with %s", command->name, misplaced->name,
                        misplaced->commands);
    options->argument_count = count - 1;
    if (options->argument_count < command->least || options->argument_count > command->most)
        return ctl_fail(CTL_USAGE, "usage: migrationctl %s %s", command->name, command->arguments);
    if (!(command->outputs & 1u << options->output))
        return ctl_fail(CTL_USAGE, "%s has no output in the form '%s'", command->name,
                        ctl_output_name(options->output));
    options->arguments = words + 1;
    return command->run(options);
}

static int parse_and_run(int argc, char **argv, struct ctl_options *options)
{
    uint64_t given = 0;
    int first = 0;
    enum option_outcome outcome = option_parse(&ctl_program, argc, argv, options, &given, &first);
    if (outcome != OPTION_READ)
        return outcome == OPTION_ENDED ? CTL_OK : CTL_USAGE;
    options->timeout_given = option_is_given(&ctl_program, given, "timeout");
    if (options->directories.count > 0)
        options->directory = options->directories.items[options->directories.count - 1];
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return ctl_fail(CTL_UNKNOWN, "libcurl cannot start");
    int code = run_command(argc - first, argv + first, given, options);
    curl_global_cleanup();
    return code;
}

/* NULL for an empty one as well. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

int main(int argc, char **argv)
{
    const char *server = variable("MIGRATIOND_SERVER");
    struct ctl_options options = {
        .server = server ? server : "http://127.0.0.1:8484",
        .token_file = variable("MIGRATIOND_TOKEN_FILE"),
        .ca = variable("MIGRATIOND_CA"),
        .timeout_ms = DEFAULT_TIMEOUT_MS,
    };
    int code = parse_and_run(argc, argv, &options);
    option_free(&ctl_program, &options);
    return code;
}
