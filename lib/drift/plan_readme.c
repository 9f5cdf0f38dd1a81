/* SPDX-License-Identifier: Apache-2.0
 *
 * The README.md of a plan's bundle.
 */
#include <string.h>

#include "base/utf8.h"
#include "drift/plan_dialect.h"

/* Text inside Markdown: on one line, nothing that formats. */
static void add_plain(struct strbuf *out, const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t point = 0;
        size_t step = utf8_decode(text + at, length - at, &point);
        if (step == 0 || utf8_is_unprintable(point)) {
            strbuf_add_char(out, ' ');
        } else {
            if (step == 1 && strchr("\\`*_{}[]<>#|~", text[at]))
                strbuf_add_char(out, '\\');
            strbuf_add(out, text + at, step);
        }
        at += step ? step : 1;
    }
}

static void add_stages(const struct plan *plan, struct strbuf *out)
{
    static const char *const texts[PLAN_STAGES + 1] = {
        "",
        "adds what breaks nothing",
        "mends types, defaults, constraints and definitions",
        "can lose data or break a running release: read each statement",
    };
    strbuf_add_string(out, "| file | statements | what |\n|---|---|---|\n");
    strbuf_add_string(out, "| `00-guard.sql` | – | fails unless all that the plan touches is as it was read, or as the "
                           "plan leaves it |\n");
    for (unsigned stage = 1; stage <= PLAN_STAGES; stage++)
        strbuf_printf(out, "| `%u0-stage%u.sql` | %zu | guard of the stage, then what %s |\n", stage, stage,
                      plan_count(plan, stage), texts[stage]);
    strbuf_add_string(out, "| `90-verify.sql` | – | one row per statement: whether its effect is there |\n");
    strbuf_add_string(out, "| `undo.sql` | – | takes everything back, last statement first |\n");
    strbuf_add_string(out, "| `plan.json` | – | the same for programs: locks, hazards, queries |\n\n");
}

static void add_hazards(const struct plan *plan, struct strbuf *out)
{
    unsigned all = 0;
    for (size_t i = 0; i < plan->statement_count; i++)
        all |= plan->statements[i].hazards;
    if (!all)
        return;
    strbuf_add_string(out, "## Hazards\n\n");
    for (unsigned hazard = 0; hazard < PLAN_HAZARDS; hazard++) {
        size_t count = 0;
        for (size_t i = 0; i < plan->statement_count; i++)
            count += (plan->statements[i].hazards & 1u << hazard) != 0;
        if (count)
            strbuf_printf(out, "- `%s` (%zu): %s\n", plan_hazard_name(hazard), count, plan_hazard_text(hazard));
    }
    strbuf_add_char(out, '\n');
}

static void add_not_compared(const struct plan *plan, struct strbuf *out)
{
    const struct drift_report *report = plan->report;
    if (!report->doubtful)
        return;
    strbuf_add_string(out, "## Not compared\n\n");
    strbuf_add_string(out, drift_verdict(report) == DRIFT_UNKNOWN
                               ? "Drift is unknown: not everything could be seen, and there may be more to do.\n\n"
                               : "Not everything could be seen, and there may be more to do.\n\n");
    for (size_t i = 0; i < report->uncovered_count; i++) {
        const struct drift_uncovered *uncovered = &report->uncovered[i];
        strbuf_printf(out, "- %s: ", schema_kind_name(uncovered->kind));
        add_plain(out, *uncovered->reason ? uncovered->reason : coverage_name(uncovered->coverage));
        strbuf_add_char(out, '\n');
    }
    strbuf_add_char(out, '\n');
}

static void add_unsolved(const struct plan *plan, struct strbuf *out)
{
    if (plan->unsolved_count == 0)
        return;
    strbuf_add_string(out, "## Left as it is\n\n");
    for (size_t i = 0; i < plan->unsolved_count; i++) {
        strbuf_add_string(out, "- ");
        add_plain(out, plan->unsolved[i].object);
        strbuf_add_string(out, ": ");
        add_plain(out, plan->unsolved[i].reason);
        strbuf_add_char(out, '\n');
    }
    strbuf_add_char(out, '\n');
}

void plan_render_readme(const struct plan *plan, const char *database, const char *reference, struct strbuf *out)
{
    bool revert = plan->direction == PLAN_REVERT;
    strbuf_add_string(out, "# Plan for ");
    add_plain(out, revert ? database : reference);
    strbuf_add_string(out, "\n\nMakes it equal ");
    add_plain(out, revert ? reference : database);
    strbuf_add_string(out, ". Nothing here was run; read it, then run the files in the order of their names:\n\n");
    strbuf_printf(out, "```\n%s\n```\n\n", plan->dialect->client);
    strbuf_add_string(out, "A stage that was interrupted may be run again: what is done is passed over. Take a backup "
                           "before stage 3.\n\n");
    strbuf_printf(out, "Fingerprint as read `%s`, as left `%s`.\n\n", plan->fingerprint_read, plan->fingerprint_left);
    add_stages(plan, out);
    if (plan->dialect->notes)
        strbuf_printf(out, "%s\n\n", plan->dialect->notes);
    add_not_compared(plan, out);
    add_hazards(plan, out);
    add_unsolved(plan, out);
}
