/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "daemon/ctl.h"

enum ctl_exit ctl_judge_gate(const struct ctl_answer *answer, const struct json_value *root)
{
    const char *state = json_text(json_member(root, "state"));
    switch (answer->status) {
    case 200:
        return CTL_OK;
    case 409:
        return CTL_BLOCKED;
    case 503:
        return state && strcmp(state, "closed") == 0 ? CTL_CLOSED : CTL_UNKNOWN;
    default:
        return CTL_UNKNOWN;
    }
}

static bool is_usage_error(const struct ctl_answer *answer)
{
    return answer->status >= 400 && answer->status < 500 && answer->status != 409 && answer->status != 429;
}

/* A gate says whether it is closed or unknown; health and readiness just say no. */
static enum ctl_exit judge_refusal(const struct ctl_answer *answer)
{
    cleanup(json_document) struct json_document *document = ctl_parse(answer);
    const struct json_value *root = document ? json_root(document) : NULL;
    return json_text(json_member(root, "state")) ? ctl_judge_gate(answer, root) : CTL_CLOSED;
}

int ctl_probe(const struct ctl_options *options)
{
    const char *path = options->argument_count > 0 ? options->arguments[0] : "/livez";
    cleanup(strbuf) struct strbuf full = STRBUF(4096);
    strbuf_printf(&full, "%s%s", *path == '/' ? "" : "/", path);
    if (!strbuf_ok(&full))
        return ctl_fail(CTL_USAGE, "the path is too long");
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", strbuf_text(&full), options->timeout_ms, &answer);
    if (options->output == CTL_JSON && answer.status != 0)
        puts(strbuf_text(&answer.body));
    if (answer.status == 200)
        return CTL_OK;
    if (is_usage_error(&answer)) {
        ctl_print_problem(&answer);
        return CTL_USAGE;
    }
    if (answer.status == 409)
        return CTL_BLOCKED;
    if (answer.status == 503)
        return (int)judge_refusal(&answer);
    ctl_print_problem(&answer);
    return CTL_UNKNOWN;
}

int ctl_reload(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "POST", "/v1/reload", options->timeout_ms, &answer);
    if (answer.status == 200) {
        puts("reloaded");
        return CTL_OK;
    }
    ctl_print_problem(&answer);
    return answer.status == 0 ? CTL_UNKNOWN : CTL_CLOSED;
}
