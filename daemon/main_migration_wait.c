/* SPDX-License-Identifier: Apache-2.0
 *
 * migration-wait: waits for a gate, then becomes the command. For images that hold nothing else: static, on libc alone.
 */
#include <string.h>
#include <unistd.h>

#include "daemon/wait.h"
#include "daemon/wait_address.h"
#include "daemon/wait_http.h"
#include "daemon/wait_options.h"
#include "daemon/wait_process.h"
#include "daemon/wait_revisions.h"

static int usage(const char *problem)
{
    return wait_fail(wait_program.name, WAIT_USAGE, "%s (see --help)", problem);
}

/* The words behind "--"; NULL where there are none. A command that no "--" announces is refused: its options would be
 * taken for ours by whoever reads the line. */
static bool find_command(char **argv, int first, char *const **ret_command)
{
    *ret_command = NULL;
    if (!argv[first])
        return true;
    *ret_command = &argv[first];
    return first > 1 && strcmp(argv[first - 1], "--") == 0;
}

/* At most `size` - 1 characters of it; what a container is called. */
static const char *host_name(char *place, size_t size)
{
    if (gethostname(place, size) < 0 || !*place)
        return "unknown";
    place[size - 1] = '\0';
    return place;
}

static int ask(const struct wait_options *options)
{
    char host[256] = "";
    char problem[256] = "";
    struct wait_address address = {0};
    cleanup(wait_revisions) struct wait_revisions revisions = {0};
    if (!wait_address_parse(options->gate, &address, problem, sizeof problem))
        return wait_fail(wait_program.name, WAIT_USAGE, "--gate %s: %s", options->gate, problem);
    int code = wait_revisions_collect(wait_program.name, &options->revisions, &options->manifests, &revisions);
    if (code != WAIT_OPEN)
        return code;
    struct wait_http http = {.address = &address, .agent = wait_program.name};
    const struct wait_transport transport = {.exchange = wait_http_exchange, .payload = &http};
    const struct wait_question question = {
        .program = wait_program.name,
        .target = address.target,
        .revisions = revisions.list,
        .revision_count = revisions.count,
        .match = options->match,
        .supports = options->supports.items,
        .support_count = options->supports.count,
        .application = options->application,
        .instance = options->instance ? options->instance : host_name(host, sizeof host),
        .token_file = options->token_file,
        .timeout_ms = options->timeout_ms,
        .quiet = options->quiet,
    };
    return wait_for_gate(&question, &transport);
}

static int run(int argc, char **argv, struct wait_options *options)
{
    uint64_t given = 0;
    int first = 0;
    char *const *command = NULL;
    enum option_outcome outcome = option_parse(&wait_program, argc, argv, options, &given, &first);
    if (outcome != OPTION_READ)
        return outcome == OPTION_ENDED ? WAIT_OPEN : WAIT_USAGE;
    if (!find_command(argv, first, &command))
        return usage("a command stands behind --");
    if (!wait_options_from_environment(options, given))
        return WAIT_USAGE;
    if (!options->gate)
        return usage("--gate says which gate to wait for");
    if (options->instance && !options->application)
        return usage("--instance goes with --application");
    int code = ask(options);
    return code == WAIT_OPEN && command ? wait_become(wait_program.name, command) : code;
}

int main(int argc, char **argv)
{
    struct wait_options options = {.timeout_ms = WAIT_DEFAULT_TIMEOUT_MS};
    wait_end_on_signals();
    int code = run(argc, argv, &options);
    option_free(&wait_program, &options);
    return code;
}
