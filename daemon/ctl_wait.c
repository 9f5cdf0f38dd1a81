/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/ctl.h"
#include "daemon/ctl_wait_curl.h"
#include "daemon/wait.h"
#include "daemon/wait_address.h"
#include "daemon/wait_http.h"
#include "daemon/wait_manifest.h"
#include "daemon/wait_process.h"
#include "daemon/wait_revisions.h"
#include "journal/manifest.h"

_Static_assert((int)WAIT_CLOSED == CTL_CLOSED && (int)WAIT_USAGE == CTL_USAGE && (int)WAIT_UNKNOWN == CTL_UNKNOWN &&
                   (int)WAIT_BLOCKED == CTL_BLOCKED && (int)WAIT_TIMED_OUT == CTL_TIMED_OUT,
               "the exit codes of the programs are the same");

enum { SERVER_SIZE = 4096 };

static void show(const char *body)
{
    puts(body);
}

/* Migrationctl knows a manifest's digest: one that a hand has changed is refused. */
static int check_manifests(const struct option_list *manifests)
{
    for (size_t i = 0; i < manifests->count; i++) {
        struct error error = {.code = ERROR_OK};
        cleanup(migration_set) struct migration_set *set = NULL;
        if (manifest_read(wait_manifest_path(manifests->items[i]), &set, &error) < 0)
            return ctl_fail(CTL_USAGE, "%s", error.message);
    }
    return CTL_OK;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Where the daemon can be reached by plain sockets; all else is libcurl's: TLS, and users in the URL. */
static bool is_plain(const char *server)
{
    return starts_with(server, "unix:") || (starts_with(server, "http://") && !strchr(server, '@'));
}

static int ask_plainly(const struct ctl_options *options, struct wait_question *question)
{
    char problem[256] = "";
    struct wait_address address = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(SERVER_SIZE);
    size_t length = strlen(options->server);
    while (length > 0 && options->server[length - 1] == '/')
        length--;
    strbuf_printf(&text, "%.*s%s%s", (int)length, options->server, starts_with(options->server, "unix:") ? ":" : "",
                  question->target);
    if (!strbuf_ok(&text))
        return ctl_fail(CTL_USAGE, "--server is too long");
    if (!wait_address_parse(strbuf_text(&text), &address, problem, sizeof problem))
        return ctl_fail(CTL_USAGE, "--server %s: %s", options->server, problem);
    struct wait_http http = {.address = &address, .agent = question->program};
    const struct wait_transport transport = {.exchange = wait_http_exchange, .payload = &http};
    question->target = address.target;
    return wait_for_gate(question, &transport);
}

static int ask(const struct ctl_options *options, const char *gate, const struct wait_revisions *revisions)
{
    char host[256] = "unknown";
    cleanup(strbuf) struct strbuf target = STRBUF(SERVER_SIZE);
    strbuf_add_string(&target, "/v1/gates/");
    wait_encode(&target, gate);
    if (!strbuf_ok(&target))
        return ctl_fail(CTL_USAGE, "the gate's name is too long");
    gethostname(host, sizeof host - 1);
    struct wait_question question = {
        .program = "migrationctl",
        .target = strbuf_text(&target),
        .revisions = revisions->list,
        .revision_count = revisions->count,
        .match = options->match,
        .supports = options->supports.items,
        .support_count = options->supports.count,
        .application = options->application,
        .instance = options->instance ? options->instance : host,
        .token_file = options->token_file,
        .timeout_ms = options->timeout_ms,
        .quiet = options->quiet,
        .show = options->output == CTL_JSON ? show : NULL,
    };
    if (is_plain(options->server))
        return ask_plainly(options, &question);
    const struct wait_transport transport = ctl_curl_transport(options);
    question.token_file = NULL; /* that transport sends it with every request */
    return wait_for_gate(&question, &transport);
}

int ctl_wait(const struct ctl_options *options)
{
    cleanup(wait_revisions) struct wait_revisions revisions = {0};
    const char *gate = options->arguments[0];
    char *const *command = options->argument_count > 1 ? options->arguments + 1 : NULL;
    if (command && !options->words_follow_dashes)
        return ctl_fail(CTL_USAGE,
                        "usage: migrationctl wait GATE [-- COMMAND…]: a command stands behind -- (see --help)");
    if (options->instance && !options->application)
        return ctl_fail(CTL_USAGE, "--instance goes with --application");
    int code = wait_revisions_collect("migrationctl", &options->revisions, &options->manifests, &revisions);
    if (code == CTL_OK)
        code = check_manifests(&options->manifests);
    if (code != CTL_OK)
        return code;
    wait_end_on_signals();
    code = ask(options, gate, &revisions);
    return code == CTL_OK && command ? wait_become("migrationctl", command) : code;
}
