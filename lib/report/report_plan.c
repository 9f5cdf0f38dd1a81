/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "report/report_drift_parts.h"

enum { TEXT_LINE = 2000 };

static void put_hazards(struct json_writer *writer, unsigned hazards)
{
    json_key_array(writer, "hazards");
    for (unsigned hazard = 0; hazard < PLAN_HAZARDS; hazard++) {
        if (!(hazards & 1u << hazard))
            continue;
        json_open_object(writer);
        json_key_string(writer, "hazard", plan_hazard_name(hazard));
        json_key_string(writer, "text", plan_hazard_text(hazard));
        json_close_object(writer);
    }
    json_close_array(writer);
}

static void put_statement(struct json_writer *writer, const struct plan_statement *statement)
{
    json_open_object(writer);
    json_key_integer(writer, "stage", statement->stage);
    json_key_string(writer, "item", statement->item);
    json_key_string(writer, "kind", statement->kind);
    json_key_string(writer, "object", statement->object);
    json_key_string(writer, "sql", statement->sql);
    json_key_string(writer, "lock", statement->lock);
    put_hazards(writer, statement->hazards);
    json_key_boolean(writer, "transactional", statement->transactional);
    json_key_string(writer, "verify", statement->verify);
    json_key_string(writer, "undo", statement->undo);
    json_key_string(writer, "undo_note", statement->undo_note);
    json_close_object(writer);
}

static void put_unsolved(struct json_writer *writer, const struct plan *plan)
{
    json_key_array(writer, "unsolved");
    for (size_t i = 0; i < plan->unsolved_count; i++) {
        json_open_object(writer);
        json_key_string(writer, "item", plan->unsolved[i].item);
        json_key_string(writer, "object", plan->unsolved[i].object);
        json_key_string(writer, "reason", plan->unsolved[i].reason);
        json_close_object(writer);
    }
    json_close_array(writer);
}

static bool is_in_stage(const struct plan_statement *statement, unsigned stage)
{
    return stage == 0 || statement->stage == stage;
}

static void put_stage_counts(struct json_writer *writer, const struct plan *plan)
{
    static const char *const keys[PLAN_STAGES] = {"stage1", "stage2", "stage3"};
    json_key_object(writer, "counts");
    for (unsigned stage = 1; stage <= PLAN_STAGES; stage++)
        json_key_integer(writer, keys[stage - 1], (int64_t)plan_count(plan, stage));
    json_close_object(writer);
}

void report_plan_json(struct json_writer *writer, const struct drift_context *context, const struct plan *plan,
                      unsigned stage)
{
    cleanup(strbuf) struct strbuf guard = STRBUF(LIMIT_RESPONSE_BYTES);
    plan_render_guard(plan, stage, &guard);
    if (!strbuf_ok(&guard)) {
        writer->failed = true;
        return;
    }
    json_open_object(writer);
    json_key_string(writer, "database", context->database);
    json_key_string(writer, "drift", drift_verdict_name(context->verdict));
    json_key_string(writer, "direction", plan->direction == PLAN_ADOPT ? "adopt" : "revert");
    json_key_integer(writer, "canonical_version", SCHEMA_CANONICAL_VERSION);
    report_put_sides(writer, context);
    put_stage_counts(writer, plan);
    json_key_string(writer, "guard", strbuf_text(&guard));
    json_key_array(writer, "statements");
    for (size_t i = 0; i < plan->statement_count; i++)
        if (is_in_stage(&plan->statements[i], stage))
            put_statement(writer, &plan->statements[i]);
    json_close_array(writer);
    put_unsolved(writer, plan);
    json_close_object(writer);
}

/* SQL keeps its lines, each of them made printable. */
static void add_sql(struct strbuf *out, enum report_style style, const char *sql)
{
    cleanup(strbuf) struct strbuf line = STRBUF(LIMIT_RESPONSE_BYTES);
    for (const char *end = sql; *sql; sql = *end ? end + 1 : end) {
        end = sql + strcspn(sql, "\n");
        strbuf_clear(&line);
        strbuf_add(&line, sql, (size_t)(end - sql));
        strbuf_add_string(out, "     ");
        report_add_line(out, style, strbuf_text(&line), TEXT_LINE);
        strbuf_add_char(out, '\n');
        out->failed |= !strbuf_ok(&line);
    }
}

static void add_statement(struct strbuf *out, enum report_style style, const struct plan_statement *statement,
                          size_t number)
{
    strbuf_printf(out, "  %zu. ", number);
    report_add_line(out, style, statement->object, TEXT_LINE);
    strbuf_printf(out, " (%s)\n", statement->kind);
    add_sql(out, style, statement->sql);
    strbuf_printf(out, "     lock: %s", statement->lock ? statement->lock : "none");
    strbuf_add_string(out, statement->transactional ? "\n" : "; not in a transaction\n");
    for (unsigned hazard = 0; hazard < PLAN_HAZARDS; hazard++)
        if (statement->hazards & 1u << hazard)
            strbuf_printf(out, "     hazard: %s\n", plan_hazard_text(hazard));
    if (statement->undo_note) {
        strbuf_add_string(out, "     undo: ");
        report_add_line(out, style, statement->undo_note, TEXT_LINE);
        strbuf_add_char(out, '\n');
    }
}

void report_plan_text(struct strbuf *out, const struct drift_context *context, const struct plan *plan, unsigned stage,
                      bool colour)
{
    static const char *const titles[PLAN_STAGES] = {"stage 1", "stage 2", "stage 3"};
    static const char *const meanings[PLAN_STAGES] = {"adds what breaks nothing",
                                                      "mends types, defaults and constraints",
                                                      "can lose data or break a running release"};
    enum report_style style = colour ? STYLE_COLOUR : STYLE_PLAIN;
    report_add_line(out, style, context->database, TEXT_LINE);
    strbuf_printf(out, ": %zu statement%s to %s\n", plan->statement_count, plan->statement_count == 1 ? "" : "s",
                  plan->direction == PLAN_ADOPT ? "make the reference equal the live schema"
                                                : "make the live schema equal the reference");
    if (context->verdict == DRIFT_UNKNOWN)
        strbuf_add_string(out, "drift is unknown: there may be more than these\n");
    report_add_not_compared(out, style, plan->report);
    for (unsigned of_stage = 1; of_stage <= PLAN_STAGES; of_stage++) {
        size_t number = 0;
        if (stage != 0 && stage != of_stage)
            continue;
        for (size_t i = 0; i < plan->statement_count; i++) {
            if (plan->statements[i].stage != of_stage)
                continue;
            if (number++ == 0) {
                strbuf_add_char(out, '\n');
                report_add_word(out, style, titles[of_stage - 1]);
                strbuf_printf(out, ": %s\n", meanings[of_stage - 1]);
            }
            add_statement(out, style, &plan->statements[i], number);
        }
    }
    for (size_t i = 0; i < plan->unsolved_count; i++) {
        strbuf_add_string(out, i == 0 ? "\nno statement for\n  " : "  ");
        report_add_line(out, style, plan->unsolved[i].object, TEXT_LINE);
        strbuf_add_string(out, ": ");
        report_add_line(out, style, plan->unsolved[i].reason, TEXT_LINE);
        strbuf_add_char(out, '\n');
    }
}
