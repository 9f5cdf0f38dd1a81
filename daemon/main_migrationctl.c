/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl: the command line of people and pipelines.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "daemon/ctl.h"

enum { DEFAULT_TIMEOUT_MS = 60000 };

static const char *command_name_at(const void *names, size_t index)
{
    return ((const struct ctl_command *)names)[index].name;
}

static int refuse_command(const char *name)
{
    const char *meant = nearest_name(name, command_name_at, ctl_commands, (size_t)ctl_command_count);
    return ctl_fail(CTL_USAGE, "there is no command '%s'%s%s%s (see --help)", name, meant ? " (did you mean '" : "",
                    meant ? meant : "", meant ? "'?)" : "");
}

static int refuse_option(const struct ctl_command *command, const struct option_row *option)
{
    char commands[256] = "";
    option_list_words(option->commands, commands, sizeof commands);
    return ctl_fail(CTL_USAGE, "%s takes no --%s: that goes with %s (see --help)", command->name, option->name,
                    commands);
}

/* With those that it has. */
static int refuse_output(const struct ctl_command *command, enum ctl_output output)
{
    char words[64] = "";
    char outputs[64] = "";
    for (unsigned i = 0; i < CTL_OUTPUTS; i++) {
        size_t used = strlen(words);
        if (command->outputs & 1u << i)
            snprintf(words + used, sizeof words - used, "%s ", ctl_output_name(i));
    }
    option_list_words(words, outputs, sizeof outputs);
    return ctl_fail(CTL_USAGE, "the output of %s is %s, not %s (see --help)", command->name, outputs,
                    ctl_output_name(output));
}

static int run_command(int count, char **words, uint64_t given, struct ctl_options *options)
{
    if (count == 0) {
        ctl_program.help(NULL);
        return CTL_USAGE;
    }
    const struct ctl_command *command = ctl_find_command(words[0]);
    if (!command)
        return refuse_command(words[0]);
    const struct option_row *misplaced = option_misplaced(&ctl_program, given, command->name);
    if (misplaced)
        return refuse_option(command, misplaced);
    options->argument_count = count - 1;
    if (options->argument_count < command->least || options->argument_count > command->most)
        return ctl_fail(CTL_USAGE, "usage: migrationctl %s%s%s (see --help)", command->name,
                        *command->arguments ? " " : "", command->arguments);
    if (!(command->outputs & 1u << options->output))
        return refuse_output(command, options->output);
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
    options->words_follow_dashes = strcmp(argv[first - 1], "--") == 0;
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
