/* SPDX-License-Identifier: Apache-2.0
 *
 * The journals of a database for people: on a terminal, or as Markdown.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "report/report_groups.h"
#include "report/report_table.h"

enum { TEXT_LINE = 400 };

/* One rendering. */
struct journal_text {
    struct strbuf *out;
    enum report_style style;
    size_t entries_most; /* of one journal */
};

/* What the lists are called where each of their members has a line. */
static const char *const list_words[REPORT_LISTS] = {"pending",    "unknown",    "later",        "failed",
                                                     "mismatched", "unverified", "out of order", "dirty"};

static void add_line(struct journal_text *text, const char *label, const char *value)
{
    if (!value || !*value)
        return;
    if (text->style == STYLE_MARKDOWN)
        strbuf_printf(text->out, "- %s: ", label);
    else
        strbuf_printf(text->out, "  %-10s", label);
    report_add_line(text->out, text->style, value, TEXT_LINE);
    strbuf_add_char(text->out, '\n');
}

static void add_title(struct journal_text *text, unsigned level, const char *title, const struct verdict *verdict)
{
    for (unsigned i = 0; text->style == STYLE_MARKDOWN && i < level; i++)
        strbuf_add_char(text->out, '#');
    strbuf_add_string(text->out, text->style == STYLE_MARKDOWN ? " " : "");
    report_add_line(text->out, text->style, title, TEXT_LINE);
    strbuf_add_string(text->out, ": ");
    report_add_word(text->out, text->style, migration_state_name(verdict->state));
    strbuf_printf(text->out, " %s\n", state_code_name(verdict->code));
    if (text->style == STYLE_MARKDOWN)
        strbuf_add_char(text->out, '\n');
}

static void add_lock(struct journal_text *text, const struct judged_journal *journal)
{
    const struct journal_reading *reading = journal->reading;
    char time[REPORT_TIME_SIZE] = "";
    char line[sizeof reading->lock.holder + REPORT_TIME_SIZE + 64] = "";
    if (!reading || !(reading->lock.held || reading->locked))
        return;
    const char *holder = reading->lock.holder[0] ? reading->lock.holder : "somebody who is not shown";
    const char *kind = journal->verdict.lock_orphaned    ? "orphaned: "
                       : journal->verdict.lock_suspected ? "suspected to be left over: "
                                                         : "";
    report_format_time(reading->lock.since_ms, time);
    snprintf(line, sizeof line, "%sheld by %s%s%s", kind, holder, *time ? " since " : "", time);
    add_line(text, "lock", line);
}

/* The newest ones, if there are too many. */
static void add_entries(struct journal_text *text, const struct journal *journal)
{
    static const char *const titles[] = {"REVISION", "STATE", "APPLIED AT", "CHECKSUM", "LABEL", NULL};
    cleanup(report_table) struct report_table table = {0};
    struct journal_cursor cursor = {0};
    size_t skipped = journal->entry_count > text->entries_most ? journal->entry_count - text->entries_most : 0;
    report_table_init(&table, text->style, titles);
    journal_cursor_init(&cursor, journal);
    const struct journal_entry *entry = NULL;
    for (size_t i = 0; (entry = journal_cursor_next(&cursor)); i++) {
        char time[REPORT_TIME_SIZE] = "";
        if (i < skipped)
            continue;
        report_table_add(&table, entry->revision);
        report_table_add(&table, entry_state_name(entry->state));
        report_table_add(&table, report_format_time(entry->applied_at_ms, time));
        report_table_add(&table, entry->checksum);
        report_table_add(&table, entry->label);
    }
    if (skipped > 0)
        strbuf_printf(text->out, "%zu older entries are not shown.\n", skipped);
    if (journal->entry_count > 0) {
        strbuf_add_char(text->out, '\n');
        report_table_print(&table, text->out);
    }
}

static void add_findings(struct journal_text *text, const struct comparison *comparison)
{
    static const char *const titles[] = {"FINDING", "REVISION", "FILE", "DETAIL", NULL};
    cleanup(report_table) struct report_table table = {0};
    size_t count = 0;
    report_table_init(&table, text->style, titles);
    for (size_t i = 0; i < REPORT_LISTS; i++) {
        const struct finding_list *list = report_list_of(comparison, i);
        for (size_t j = 0; j < list->count && j < text->entries_most; j++) {
            report_table_add(&table, list_words[i]);
            report_table_add(&table, list->items[j].revision);
            report_table_add(&table, list->items[j].file);
            report_table_add(&table, list->items[j].detail);
        }
        count += list->count;
    }
    if (count > 0) {
        strbuf_add_char(text->out, '\n');
        report_table_print(&table, text->out);
    }
}

static void add_expected(struct journal_text *text, const struct judged_journal *journal)
{
    const struct comparison *comparison = journal->comparison;
    char line[TEXT_LINE] = "";
    if (!comparison || comparison->source == SOURCE_NONE)
        return;
    snprintf(line, sizeof line, "%s (%s, from the %s)",
             comparison->expected_revision ? comparison->expected_revision : "nothing", match_name(comparison->match),
             expectation_source_name(comparison->source));
    add_line(text, "expected", line);
}

/* `alone`: the database's own lines have said what a verdict says. */
static void add_journal(struct journal_text *text, const struct judged_journal *journal, bool alone)
{
    char address[JOURNAL_NAME_SIZE] = "";
    char title[JOURNAL_NAME_SIZE + 64] = "";
    const char *tool = report_tool(journal);
    bool known = report_address(journal, address, sizeof address);
    snprintf(title, sizeof title, "%s%s%s%s", known ? address : "no journal", tool ? " (" : "", tool ? tool : "",
             tool ? ")" : "");
    add_title(text, 2, title, &journal->verdict);
    add_line(text, "reason", alone ? NULL : journal->verdict.reason);
    add_line(text, "next", alone ? NULL : journal->verdict.next);
    add_line(text, "warning", journal->verdict.warning);
    add_expected(text, journal);
    add_lock(text, journal);
    if (journal->reading && journal->reading->journal)
        add_entries(text, journal->reading->journal);
    add_findings(text, journal->comparison);
}

static void add_group(struct report_table *table, const struct journal_group *group)
{
    const struct judged_journal *first = group->journals[0];
    cleanup(strbuf) struct strbuf heads = STRBUF(REPORT_CELL * 8);
    cleanup(strbuf) struct strbuf names = STRBUF(REPORT_CELL * 8);
    char count[24] = "";
    for (size_t i = 0; first->comparison && i < first->comparison->heads.count; i++)
        strbuf_printf(&heads, "%s%s", i > 0 ? ", " : "", first->comparison->heads.items[i].revision);
    for (size_t i = 0; i < group->count && i < GROUP_NAMES; i++) {
        char name[JOURNAL_NAME_SIZE] = "";
        if (report_address(group->journals[i], name, sizeof name))
            strbuf_printf(&names, "%s%s", i > 0 ? ", " : "", name);
    }
    snprintf(count, sizeof count, "%zu", group->count);
    report_table_add(table, count);
    report_table_add(table, migration_state_name(first->verdict.state));
    report_table_add(table, report_tool(first));
    report_table_add(table, strbuf_text(&heads));
    report_table_add(table, strbuf_text(&names));
}

/* Tenants read as groups; of what differs each is shown. */
static void add_groups(struct journal_text *text, const struct database_report *database)
{
    static const char *const titles[] = {"JOURNALS", "STATE", "TOOL", "HEADS", "NAMES", NULL};
    cleanup(journal_groups) struct journal_groups groups = {0};
    cleanup(report_table) struct report_table table = {0};
    if (!journal_groups_init(&groups, database)) {
        text->out->failed = true;
        return;
    }
    report_table_init(&table, text->style, titles);
    for (size_t i = 0; i < groups.count && i < LIST_SHOWN; i++)
        add_group(&table, &groups.items[i]);
    strbuf_add_char(text->out, '\n');
    report_table_print(&table, text->out);
}

static void add_remarks(struct journal_text *text, const struct database_report *database)
{
    for (size_t i = 0; i < database->remark_count && i < LIST_SHOWN; i++)
        add_line(text, remark_kind_name(database->remarks[i].kind), database->remarks[i].text);
}

/* Of several journals those in a worse state first; of very many only the worst. */
static void add_journals(struct journal_text *text, const struct database_report *database)
{
    static const enum gate_state worst_first[GATE_STATES] = {GATE_BLOCKED, GATE_UNKNOWN, GATE_CLOSED, GATE_OPEN};
    size_t most = database->journal_count > LIST_SHOWN ? JOURNALS_OF_MANY : LIST_SHOWN;
    size_t shown = 0;
    for (size_t i = 0; i < GATE_STATES; i++)
        for (size_t j = 0; j < database->journal_count && shown < most; j++)
            if (database->journals[j].verdict.gate == worst_first[i]) {
                strbuf_add_char(text->out, '\n');
                add_journal(text, &database->journals[j], database->journal_count == 1);
                shown++;
            }
    if (shown < database->journal_count)
        strbuf_printf(text->out, "\n%zu more journals are not shown one by one.\n", database->journal_count - shown);
}

void report_journal_text(struct strbuf *out, const struct database_report *database, enum report_style style,
                         size_t entries_most)
{
    struct journal_text text = {.out = out, .style = style, .entries_most = entries_most};
    const struct judged_journal *worst_journal = report_worst(database);
    const struct verdict *worst = &worst_journal->verdict;
    add_title(&text, 1, database->name, worst);
    add_line(&text, "reason", worst->reason);
    add_line(&text, "next", worst->next);
    add_remarks(&text, database);
    if (database->journal_count > 1)
        add_groups(&text, database);
    if (database->journal_count > 1 || report_journal_address(worst_journal))
        add_journals(&text, database);
}
