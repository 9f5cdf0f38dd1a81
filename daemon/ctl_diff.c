/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl diff: reference against live, straight from URLs and files, or as the daemon sees it.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_drift.h"
#include "report/report_drift.h"

void ctl_drift_done(struct ctl_drift *drift)
{
    drift_report_free(drift->report);
    ctl_side_done(&drift->reference);
    ctl_side_done(&drift->live);
    arena_free(drift->arena);
    *drift = (struct ctl_drift){0};
}

int ctl_drift_read(const struct ctl_options *options, struct ctl_drift *drift)
{
    struct error error = {.code = ERROR_OK};
    struct deadline deadline = deadline_in(options->timeout_ms);
    drift->arena = arena_new(LIMIT_CONFIG_BYTES);
    if (!drift->arena)
        return ctl_fail(CTL_TROUBLE, "out of memory");
    if (!ctl_policy(options, drift->arena, &drift->policy))
        return CTL_TROUBLE;
    if (ctl_side_read(options->arguments[1], options, deadline, &drift->live, &error) < 0 ||
        ctl_side_read_reference(options->arguments[0], &drift->live, options, deadline, &drift->reference, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    if (!drift->reference.ahead && drift_compare(drift->reference.schema, drift->live.schema, &drift->policy,
                                                 ctl_now_ms(), &drift->report, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    return CTL_OK;
}

struct drift_context ctl_drift_context(const struct ctl_drift *drift)
{
    const struct ctl_side *reference = &drift->reference;
    bool hidden = drift->report && drift_verdict(drift->report) == DRIFT_UNKNOWN;
    return (struct drift_context){
        .database = drift->live.shown,
        .reference_kind = reference->kind,
        .reference_ref = reference->shown,
        .reference_revision = *reference->revision ? reference->revision : NULL,
        .verdict = drift->report ? drift_verdict(drift->report) : DRIFT_UNKNOWN,
        .code = reference->ahead ? "REFERENCE_AHEAD"
                : hidden         ? "NOT_COVERED"
                                 : NULL,
        .reason = *reference->reason ? reference->reason
                  : hidden           ? "not everything could be seen; see not_compared"
                                     : NULL,
        .live_taken_at_ms = drift->live.taken_at_ms,
        .frozen_since_ms = TIME_UNKNOWN,
        .report = drift->report,
    };
}

/* As diff(1): 0 alike, 1 different, 2 trouble; not being able to tell is trouble. */
int ctl_drift_exit(enum drift_verdict verdict)
{
    static const int codes[] = {[DRIFT_NONE] = CTL_OK, [DRIFT_DRIFTED] = CTL_CLOSED, [DRIFT_UNKNOWN] = CTL_TROUBLE};
    return codes[verdict];
}

static int archive(const char *directory, const struct drift_context *context)
{
    cleanup(strbuf) struct strbuf json = STRBUF(LIMIT_RESPONSE_BYTES);
    cleanup(strbuf) struct strbuf markdown = STRBUF(LIMIT_RESPONSE_BYTES);
    char path[CTL_PATH] = "";
    const struct report_subject subject = {.context = context};
    ctl_render(REPORT_OF_DRIFT, CTL_JSON, &subject, &json);
    ctl_render(REPORT_OF_DRIFT, CTL_MARKDOWN, &subject, &markdown);
    if (!ctl_make_directory(directory, FOLDER_OF_DAY, path) || !ctl_write_file(path, "report.json", &json) ||
        !ctl_write_file(path, "report.md", &markdown))
        return CTL_TROUBLE;
    return CTL_OK;
}

static int diff_here(const struct ctl_options *options)
{
    cleanup(ctl_drift) struct ctl_drift drift = {0};
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    int code = ctl_drift_read(options, &drift);
    if (code != CTL_OK)
        return code;
    struct drift_context context = ctl_drift_context(&drift);
    ctl_render(REPORT_OF_DRIFT, options->output, &(struct report_subject){.context = &context}, &out);
    if (options->directory && archive(options->directory, &context) != CTL_OK)
        return CTL_TROUBLE;
    return ctl_write(&out, ctl_drift_exit(context.verdict));
}

static const char *const format_names[CTL_OUTPUTS] = {
    [CTL_TEXT] = "text", [CTL_JSON] = "json", [CTL_MARKDOWN] = "markdown", [CTL_SQL] = "sql"};

const char *ctl_output_name(enum ctl_output output)
{
    return format_names[output];
}

static int request_drift(const struct ctl_options *options, const char *query, struct ctl_answer *answer)
{
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, options->arguments[0]);
    strbuf_printf(&path, "/drift?%s", query);
    if (!strbuf_ok(&path))
        return ctl_fail(CTL_TROUBLE, "the name is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, answer);
    return CTL_OK;
}

/* With `assert=info` the daemon's status tells what the body says in words. */
static int ask_daemon(const struct ctl_options *options, const char *format, struct ctl_answer *answer)
{
    char query[64] = "";
    snprintf(query, sizeof query, "assert=info&format=%s", format);
    if (request_drift(options, query, answer) != CTL_OK)
        return CTL_TROUBLE;
    if (answer->status == 200 || answer->status == 409)
        return answer->status == 200 ? CTL_OK : CTL_CLOSED;
    ctl_print_problem(answer);
    return CTL_TROUBLE;
}

/* What is unknown has a report, too: it says what could not be seen. */
static int show_unknown(const struct ctl_options *options)
{
    char query[64] = "";
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    snprintf(query, sizeof query, "format=%s", ctl_output_name(options->output));
    if (request_drift(options, query, &answer) != CTL_OK || answer.status != 200)
        return CTL_TROUBLE;
    return ctl_write(&answer.body, CTL_TROUBLE);
}

int ctl_daemon_drift(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    return ask_daemon(options, "json", &answer);
}

static int diff_of_daemon(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    int code = ask_daemon(options, ctl_output_name(options->output), &answer);
    if (code == CTL_TROUBLE)
        return answer.status == 503 ? show_unknown(options) : code;
    return ctl_write(&answer.body, code);
}

int ctl_diff(const struct ctl_options *options)
{
    if (options->argument_count == 2)
        return diff_here(options);
    if (ctl_is_url(options->arguments[0]))
        return ctl_fail(CTL_TROUBLE, "one URL alone has nothing to be compared with: diff REFERENCE LIVE");
    if (options->directory)
        return ctl_fail(CTL_TROUBLE, "--directory needs REFERENCE and LIVE: the daemon's report is printed only");
    return diff_of_daemon(options);
}
