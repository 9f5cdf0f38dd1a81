/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl plan: the SQL that would end the drift. Printed or written to a folder, never run.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_drift.h"
#include "drift/plan.h"

static bool write_bundle(const char *directory, const struct drift_context *context, const struct plan *plan)
{
    char path[CTL_PATH] = "";
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_RESPONSE_BYTES);
    if (!ctl_make_directory(directory, FOLDER_OF_SECOND, path))
        return false;
    for (const struct plan_file *file = plan_files; file->name; file++) {
        strbuf_clear(&text);
        file->render(plan, file->stage, &text);
        if (!ctl_write_file(path, file->name, &text))
            return false;
    }
    strbuf_clear(&text);
    plan_render_readme(plan, context->database, context->reference_ref, &text);
    if (!ctl_write_file(path, "README.md", &text))
        return false;
    strbuf_clear(&text);
    ctl_render(REPORT_OF_PLAN, CTL_JSON, &(struct report_subject){.context = context, .plan = plan}, &text);
    if (!ctl_write_file(path, "plan.json", &text))
        return false;
    fprintf(stderr, "migrationctl: the plan is in %s\n", path);
    return true;
}

static int plan_here(const struct ctl_options *options)
{
    struct error error = {.code = ERROR_OK};
    cleanup(ctl_drift) struct ctl_drift drift = {0};
    cleanup(plan) struct plan *plan = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    int code = ctl_drift_read(options, &drift);
    if (code != CTL_OK)
        return code;
    struct drift_context context = ctl_drift_context(&drift);
    if (!drift.report)
        return ctl_fail(CTL_TROUBLE, "REFERENCE_AHEAD: %s", drift.reference.reason);
    enum plan_direction direction = options->adopt ? PLAN_ADOPT : PLAN_REVERT;
    if (plan_make(drift.reference.schema, drift.live.schema, &drift.policy, direction, ctl_now_ms(), &plan, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    const struct report_subject subject = {.context = &context, .plan = plan, .stage = options->stage};
    ctl_render(REPORT_OF_PLAN, options->output, &subject, &out);
    if (options->directory && !write_bundle(options->directory, &context, plan))
        return CTL_TROUBLE;
    return ctl_write(&out, ctl_drift_exit(context.verdict));
}

/* SQL does not tell whether there is drift: the report does, and is asked for behind it. */
static int plan_of_daemon(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, options->arguments[0]);
    strbuf_printf(&path, "/plan?format=%s", ctl_output_name(options->output));
    if (options->stage > 0)
        strbuf_printf(&path, "&stage=%u", options->stage);
    if (options->adopt)
        strbuf_add_string(&path, "&direction=adopt");
    if (!strbuf_ok(&path))
        return ctl_fail(CTL_TROUBLE, "the name is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return CTL_TROUBLE;
    }
    return ctl_write(&answer.body, ctl_daemon_drift(options));
}

int ctl_plan(const struct ctl_options *options)
{
    if (options->argument_count == 2)
        return plan_here(options);
    if (ctl_is_url(options->arguments[0]))
        return ctl_fail(CTL_TROUBLE, "one URL alone has nothing to be compared with: plan REFERENCE LIVE");
    if (options->directory)
        return ctl_fail(CTL_TROUBLE, "--directory needs REFERENCE and LIVE: the daemon's plan is printed only");
    return plan_of_daemon(options);
}
