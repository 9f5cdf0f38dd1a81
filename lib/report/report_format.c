/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_format.h"

static void drift_json(const struct report_subject *subject, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    report_drift_json(&writer, subject->context);
    out->failed |= !json_writer_ok(&writer);
}

static void drift_text(const struct report_subject *subject, struct strbuf *out)
{
    report_drift_text(out, subject->context, false);
}

static void drift_colour(const struct report_subject *subject, struct strbuf *out)
{
    report_drift_text(out, subject->context, true);
}

static void drift_markdown(const struct report_subject *subject, struct strbuf *out)
{
    report_drift_markdown(out, subject->context);
}

static void plan_json(const struct report_subject *subject, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    report_plan_json(&writer, subject->context, subject->plan, subject->stage);
    out->failed |= !json_writer_ok(&writer);
}

static void plan_text(const struct report_subject *subject, struct strbuf *out)
{
    report_plan_text(out, subject->context, subject->plan, subject->stage, false);
}

static void plan_colour(const struct report_subject *subject, struct strbuf *out)
{
    report_plan_text(out, subject->context, subject->plan, subject->stage, true);
}

static void plan_sql(const struct report_subject *subject, struct strbuf *out)
{
    plan_render_sql(subject->plan, subject->stage, out);
}

static void many_json(const struct report_subject *subject, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    report_many_json(&writer, subject->members, subject->many);
    out->failed |= !json_writer_ok(&writer);
}

static void many_text(const struct report_subject *subject, struct strbuf *out)
{
    report_many_text(out, subject->members, subject->many, false);
}

static void many_colour(const struct report_subject *subject, struct strbuf *out)
{
    report_many_text(out, subject->members, subject->many, true);
}

static void many_markdown(const struct report_subject *subject, struct strbuf *out)
{
    report_many_markdown(out, subject->members, subject->many);
}

static void checks_json(const struct report_subject *subject, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    report_checks(&writer, subject->database, subject->checks, subject->check_count, subject->now_ms);
    out->failed |= !json_writer_ok(&writer);
}

static void checks_in(enum report_style style, const struct report_subject *subject, struct strbuf *out)
{
    report_checks_text(out, subject->database, subject->server, subject->checks, subject->check_count, style,
                       subject->now_ms);
}

static void checks_text(const struct report_subject *subject, struct strbuf *out)
{
    checks_in(STYLE_PLAIN, subject, out);
}

static void checks_colour(const struct report_subject *subject, struct strbuf *out)
{
    checks_in(STYLE_COLOUR, subject, out);
}

static void checks_markdown(const struct report_subject *subject, struct strbuf *out)
{
    checks_in(STYLE_MARKDOWN, subject, out);
}

bool report_render(enum report_kind kind, enum report_format format, const struct report_subject *subject,
                   struct strbuf *out)
{
    static void (*const renderers[REPORT_KINDS][REPORT_FORMATS])(const struct report_subject *, struct strbuf *) = {
        [REPORT_OF_DRIFT] = {[REPORT_JSON] = drift_json,
                             [REPORT_TEXT] = drift_text,
                             [REPORT_COLOUR] = drift_colour,
                             [REPORT_MARKDOWN] = drift_markdown},
        [REPORT_OF_PLAN] = {[REPORT_JSON] = plan_json,
                            [REPORT_TEXT] = plan_text,
                            [REPORT_COLOUR] = plan_colour,
                            [REPORT_SQL] = plan_sql},
        [REPORT_OF_MANY] = {[REPORT_JSON] = many_json,
                            [REPORT_TEXT] = many_text,
                            [REPORT_COLOUR] = many_colour,
                            [REPORT_MARKDOWN] = many_markdown},
        [REPORT_OF_CHECKS] = {[REPORT_JSON] = checks_json,
                              [REPORT_TEXT] = checks_text,
                              [REPORT_COLOUR] = checks_colour,
                              [REPORT_MARKDOWN] = checks_markdown},
    };
    if (!renderers[kind][format])
        return false;
    renderers[kind][format](subject, out);
    return true;
}
