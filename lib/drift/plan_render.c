/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan as scripts.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "drift/plan_dialect.h"

enum { TEXT_MAXIMUM = 4096 };

static const struct {
    const char *name;
    const char *text;
} hazards[PLAN_HAZARDS] = {
#define PLAN_HAZARD(hazard_name, hazard_text) {#hazard_name, hazard_text},
#include "drift/plan_hazards.h"
#undef PLAN_HAZARD
};

static const char *const stage_titles[PLAN_STAGES + 1] = {
    "all stages",
    "stage 1: adds what breaks nothing",
    "stage 2: mends types, defaults, constraints and definitions",
    "stage 3: can lose data or break a running release",
};

const char *plan_hazard_name(enum plan_hazard hazard)
{
    return hazards[hazard].name;
}

const char *plan_hazard_text(enum plan_hazard hazard)
{
    return hazards[hazard].text;
}

/* One line without a character that could end the comment or move a terminal's cursor. */
static void add_line(struct strbuf *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        uint32_t point = 0;
        size_t step = utf8_decode(text + at, length - at, &point);
        if (step == 0 || utf8_is_unprintable(point))
            strbuf_add_char(out, step == 0 ? '?' : ' ');
        else
            strbuf_add(out, text + at, step);
        at += step ? step : 1;
    }
}

void plan_render_comment(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        strbuf_add_string(out, "-- ");
        add_line(out, text, length);
        strbuf_add_char(out, '\n');
        text += length + (text[length] == '\n');
    }
}

static bool in_stage(unsigned stages, unsigned stage)
{
    return stage == PLAN_ALL_STAGES ? stages != 0 : (stages & 1u << stage) != 0;
}

static void add_hazards(struct strbuf *out, unsigned mask)
{
    const char *separator = "";
    for (unsigned i = 0; i < PLAN_HAZARDS; i++) {
        if (!(mask & 1u << i))
            continue;
        strbuf_printf(out, "%s%s", separator, hazards[i].name);
        separator = ", ";
    }
}

/* What somebody who reads the script wants to know before the statement. */
static void comment_statement(const struct plan_statement *statement, size_t number, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf line = STRBUF(TEXT_MAXIMUM);
    strbuf_printf(&line, "%zu. %s ", number, statement->kind);
    /* one line of its own: names may hold newlines */
    strbuf_add_string(out, "--\n-- ");
    add_line(out, strbuf_text(&line), line.length);
    add_line(out, statement->object, strlen(statement->object));
    strbuf_add_char(out, '\n');
    strbuf_clear(&line);
    if (statement->lock)
        strbuf_printf(&line, "lock: %s; ", statement->lock);
    strbuf_add_string(&line, statement->transactional ? "transactional" : "not transactional");
    if (statement->hazards)
        strbuf_add_string(&line, "; hazards: ");
    add_hazards(&line, statement->hazards);
    strbuf_add_string(out, "-- ");
    add_line(out, strbuf_text(&line), line.length);
    strbuf_add_char(out, '\n');
    out->failed |= !strbuf_ok(&line);
}

static void add_script(const struct plan *plan, const char *sql, struct strbuf *out)
{
    if (plan->dialect->render_statement) {
        plan->dialect->render_statement(sql, out);
        return;
    }
    strbuf_add_string(out, sql);
    strbuf_add_string(out, ";\n");
}

static void add_title(const struct plan *plan, const char *what, struct strbuf *out)
{
    strbuf_add_string(out, "-- Plan of migrationd; ");
    strbuf_add_string(out, what);
    strbuf_printf(out, "\n-- The schema was read with the fingerprint %s,\n-- and the plan leaves it with %s.\n",
                  plan->fingerprint_read, plan->fingerprint_left);
    strbuf_printf(out, "-- To be run as: %s\n\n", plan->dialect->client);
}

static void add_guard(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->guard_count; i++)
        count += in_stage(plan->guards[i].stages, stage);
    if (count == 0)
        return;
    cleanup(free) const struct plan_guard **guards = mem_calloc(count, sizeof(void *));
    if (!guards) {
        out->failed = true;
        return;
    }
    count = 0;
    for (size_t i = 0; i < plan->guard_count; i++)
        if (in_stage(plan->guards[i].stages, stage))
            guards[count++] = &plan->guards[i];
    strbuf_printf(
        out, "-- Guard: fails if what the plan touches is neither as it was read (%s) nor as the plan leaves it.\n",
        plan->fingerprint_read);
    plan->dialect->render_guard(plan, guards, count, out);
    strbuf_add_char(out, '\n');
}

/* A plan of what was seen in part is no whole one, and an empty one no proof. */
static void add_doubt(const struct plan *plan, struct strbuf *out)
{
    const struct drift_report *report = plan->report;
    if (!report->doubtful)
        return;
    strbuf_add_string(out, drift_verdict(report) == DRIFT_UNKNOWN
                               ? "-- Drift is unknown: not everything could be seen, and there may be more to do.\n"
                               : "-- Not everything could be seen, and there may be more to do.\n");
    for (size_t i = 0; i < report->uncovered_count; i++) {
        const struct drift_uncovered *uncovered = &report->uncovered[i];
        const char *reason = *uncovered->reason ? uncovered->reason : coverage_name(uncovered->coverage);
        strbuf_printf(out, "-- Not compared: %s: ", schema_kind_name(uncovered->kind));
        add_line(out, reason, strlen(reason));
        strbuf_add_char(out, '\n');
    }
    strbuf_add_char(out, '\n');
}

/* psql goes on after an error unless it is told not to, and would run what the guard forbids. */
static void begin_file(const struct plan *plan, struct strbuf *out)
{
    if (plan->dialect->stop)
        strbuf_add_string(out, plan->dialect->stop);
    plan->dialect->render_header(plan, out);
}

static void add_guard_script(const struct plan *plan, unsigned stage, struct strbuf *out,
                             void (*begin)(const struct plan *plan, struct strbuf *out))
{
    add_title(plan, "guard", out);
    if (plan_count(plan, stage) == 0) {
        strbuf_add_string(out, "-- Nothing to guard.\n");
        return;
    }
    begin(plan, out);
    add_guard(plan, stage, out);
    plan->dialect->render_footer(plan, out);
}

void plan_render_guard(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    add_guard_script(plan, stage, out, plan->dialect->render_header);
}

void plan_render_sql(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    size_t number = 0;
    add_title(plan, stage_titles[stage], out);
    add_doubt(plan, out);
    if (plan_count(plan, stage) == 0) {
        strbuf_add_string(out,
                          plan->report->doubtful ? "-- Nothing to do about what was seen.\n" : "-- Nothing to do.\n");
        return;
    }
    begin_file(plan, out);
    add_guard(plan, stage, out);
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        if (stage != PLAN_ALL_STAGES && statement->stage != stage)
            continue;
        comment_statement(statement, ++number, out);
        add_script(plan, statement->sql, out);
        strbuf_add_char(out, '\n');
    }
    plan->dialect->render_footer(plan, out);
}

/* The verifying query as a row with a label: queries are one row and one column. */
static void verify_row(const struct plan *plan, const struct plan_statement *statement, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf label = STRBUF(LIMIT_PLAN_BYTES);
    strbuf_printf(&label, "stage %u: %s ", statement->stage, statement->kind);
    add_line(&label, statement->object, strlen(statement->object));
    strbuf_add_string(out, "SELECT ");
    plan->report->live->dialect->quote_text(strbuf_text(&label), out);
    out->failed |= !strbuf_ok(&label);
    strbuf_printf(out, " AS object, (%s) AS done;\n", statement->verify);
}

void plan_render_verify(const struct plan *plan, struct strbuf *out)
{
    add_title(plan, "verification: one row per statement, true once its effect is there", out);
    if (plan->statement_count == 0) {
        strbuf_add_string(out, "-- Nothing to verify.\n");
        return;
    }
    begin_file(plan, out);
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        if (!statement->verify)
            continue;
        if (plan->dialect->render_verify)
            plan->dialect->render_verify(statement, out);
        else
            verify_row(plan, statement, out);
    }
    plan->dialect->render_footer(plan, out);
}

void plan_render_undo(const struct plan *plan, struct strbuf *out)
{
    size_t number = 0;
    add_title(plan, "takes the whole plan back, the last statement first", out);
    if (plan->statement_count == 0) {
        strbuf_add_string(out, "-- Nothing to take back.\n");
        return;
    }
    begin_file(plan, out);
    for (size_t i = plan->statement_count; i-- > 0;) {
        const struct plan_statement *statement = &plan->statements[i];
        if (!statement->undo && !statement->undo_note)
            continue;
        strbuf_printf(out, "--\n-- %zu. ", ++number);
        strbuf_add_string(out, statement->kind);
        strbuf_add_char(out, ' ');
        add_line(out, statement->object, strlen(statement->object));
        strbuf_add_char(out, '\n');
        if (statement->undo_note)
            plan_render_comment(out, statement->undo_note);
        if (statement->undo)
            add_script(plan, statement->undo, out);
        strbuf_add_char(out, '\n');
    }
    plan->dialect->render_footer(plan, out);
}

static void render_guard_file(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    add_guard_script(plan, stage, out, begin_file);
}

static void render_verify_file(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    (void)stage;
    plan_render_verify(plan, out);
}

static void render_undo_file(const struct plan *plan, unsigned stage, struct strbuf *out)
{
    (void)stage;
    plan_render_undo(plan, out);
}

const struct plan_file plan_files[] = {
    {"00-guard.sql", render_guard_file, PLAN_ALL_STAGES},
    {"10-stage1.sql", plan_render_sql, 1},
    {"20-stage2.sql", plan_render_sql, 2},
    {"30-stage3.sql", plan_render_sql, 3},
    {"90-verify.sql", render_verify_file, PLAN_ALL_STAGES},
    {"undo.sql", render_undo_file, PLAN_ALL_STAGES},
    {NULL, NULL, 0},
};
