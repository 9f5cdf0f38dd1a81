/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks for people: on a terminal, or as Markdown.
 */
#include <stdio.h>

#include "report/report_check.h"
#include "report/report_table.h"

enum { TEXT_LINE = 600 };

/* One rendering. */
struct check_text {
    struct strbuf *out;
    enum report_style style;
    int64_t now_ms;
};

static void begin_line(const struct check_text *text, const char *label)
{
    if (text->style == STYLE_MARKDOWN)
        strbuf_printf(text->out, "- %s: ", label);
    else
        strbuf_printf(text->out, "  %-10s", label);
}

static void add_line(const struct check_text *text, const char *label, const char *value)
{
    if (!value || !*value)
        return;
    begin_line(text, label);
    report_add_line(text->out, text->style, value, TEXT_LINE);
    strbuf_add_char(text->out, '\n');
}

static void add_title(const struct check_text *text, const char *markdown, const char *title, enum check_state state)
{
    strbuf_add_string(text->out, text->style == STYLE_MARKDOWN ? markdown : "");
    report_add_line(text->out, text->style, title, TEXT_LINE);
    strbuf_add_string(text->out, ": ");
    report_add_word(text->out, text->style, check_state_name(state));
}

static void end_title(const struct check_text *text)
{
    strbuf_add_string(text->out, text->style == STYLE_MARKDOWN ? "\n\n" : "\n");
}

static void add_table(const struct check_text *text, const struct judged_check *checks, size_t count)
{
    static const char *const titles[] = {"CHECK",    "STATE", "CODE",    "SEVERITY", "VALUE",
                                         "EXPECTED", "SINCE", "CHECKED", NULL};
    cleanup(report_table) struct report_table table = {0};
    char time[REPORT_TIME_SIZE] = "";
    report_table_init(&table, text->style, titles);
    for (size_t i = 0; i < count; i++) {
        const struct judged_check *check = &checks[i];
        report_table_add(&table, check->name);
        report_table_add(&table, check_state_name(check->verdict.state));
        report_table_add(&table, state_code_name(check->verdict.code));
        report_table_add(&table, check_severity_name(check->severity));
        report_table_add(&table, check->result ? check->result->value : NULL);
        report_table_add(&table, check->expected);
        report_table_add(&table, report_format_time(check->since_ms, time));
        report_table_add(&table, report_format_time(check->checked_at_ms, time));
    }
    report_table_print(&table, text->out);
}

static void add_items(const struct check_text *text, const struct check_result *result)
{
    if (result->item_total == 0)
        return;
    begin_line(text, "fails");
    for (size_t i = 0; i < result->item_count; i++) {
        strbuf_add_string(text->out, i > 0 ? ", " : "");
        report_add_line(text->out, text->style, result->items[i], TEXT_LINE);
    }
    if (result->item_total > result->item_count)
        strbuf_printf(text->out, " and %zu more", result->item_total - result->item_count);
    strbuf_add_char(text->out, '\n');
}

static void add_coverage(const struct check_text *text, const struct check_coverage *coverage)
{
    if (coverage->tables == 0)
        return;
    begin_line(text, "coverage");
    strbuf_printf(text->out, "%zu of %zu tables hold rows", coverage->holding, coverage->tables);
    if (coverage->unread > 0)
        strbuf_printf(text->out, ", %zu could not be read", coverage->unread);
    strbuf_add_char(text->out, '\n');
}

/* "26h ago", in the smallest unit of which there are not too many to grasp. */
static void add_age(struct strbuf *out, int64_t age_ms)
{
    static const struct {
        int64_t unit_ms;
        int64_t most;
        const char *name;
    } units[] = {{1000, 120, "s"}, {60000, 120, "m"}, {3600000, 72, "h"}, {86400000, INT64_MAX, "d"}};
    size_t i = 0;
    while (age_ms / units[i].unit_ms >= units[i].most)
        i++;
    strbuf_printf(out, " (%lld%s ago)", (long long)(age_ms / units[i].unit_ms), units[i].name);
}

static void add_backup(const struct check_text *text, const struct judged_check *check)
{
    char time[REPORT_TIME_SIZE] = "";
    if (!report_check_has_backup(check))
        return;
    const struct check_backup *backup = &check->result->backup;
    begin_line(text, "backup");
    report_add_line(text->out, text->style, backup->file ? backup->file : "(without a name)", TEXT_LINE);
    if (backup->finished_at_ms > 0) {
        strbuf_printf(text->out, ", finished at %s", report_format_time(backup->finished_at_ms, time));
        add_age(text->out, text->now_ms - backup->finished_at_ms);
    }
    if (backup->size >= 0)
        strbuf_printf(text->out, ", %lld bytes", (long long)backup->size);
    strbuf_add_string(text->out, backup->complete ? ", complete\n" : "\n");
}

/* Foreign names as titles: each in its own printable text. */
static bool print_titles(const struct check_text *text, const struct check_result *result, size_t count,
                         struct strbuf *names, const char *titles[static REPORT_COLUMNS + 1])
{
    size_t starts[REPORT_COLUMNS] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[i] = names->length;
        report_add_line(names, text->style, result->columns[i], REPORT_CELL);
        strbuf_add_char(names, '\0');
    }
    for (size_t i = 0; i < count; i++)
        titles[i] = strbuf_text(names) + starts[i];
    return strbuf_ok(names);
}

/* The offending rows, as many columns of them as a table has room for. */
static void add_rows(const struct check_text *text, const struct check_result *result)
{
    cleanup(strbuf) struct strbuf names = STRBUF((size_t)REPORT_COLUMNS * 8 * REPORT_CELL);
    cleanup(report_table) struct report_table table = {0};
    const char *titles[REPORT_COLUMNS + 1] = {NULL};
    size_t columns = result->column_count < REPORT_COLUMNS ? result->column_count : REPORT_COLUMNS;
    if (result->row_count == 0 || columns == 0)
        return;
    if (!print_titles(text, result, columns, &names, titles)) {
        text->out->failed = true;
        return;
    }
    begin_line(text, "rows");
    strbuf_printf(text->out, "%s%zu", result->more_rows ? "the first " : "", result->row_count);
    if (columns < result->column_count)
        strbuf_printf(text->out, ", %zu of their %zu columns", columns, result->column_count);
    strbuf_add_string(text->out, "\n\n");
    report_table_init(&table, text->style, titles);
    for (size_t i = 0; i < result->row_count; i++)
        for (size_t j = 0; j < columns; j++) {
            const char *cell = result->cells[i * result->column_count + j];
            report_table_add(&table, cell ? cell : "NULL");
        }
    report_table_print(&table, text->out);
}

static bool has_details(const struct judged_check *check)
{
    return check->verdict.state != CHECK_PASSED || report_check_has_backup(check) ||
           (check->result && check->result->coverage.tables > 0);
}

static void add_details(const struct check_text *text, const struct judged_check *check)
{
    strbuf_add_char(text->out, '\n');
    add_title(text, "## ", check->name, check->verdict.state);
    end_title(text);
    add_line(text, "reason", check->verdict.reason);
    add_line(text, "next", check->verdict.next);
    if (!check->result)
        return;
    add_backup(text, check);
    add_coverage(text, &check->result->coverage);
    add_items(text, check->result);
    add_rows(text, check->result);
}

/* What a file in a folder needs beside its table, and a terminal does not. */
static void add_origin(const struct check_text *text, const char *server)
{
    char time[REPORT_TIME_SIZE] = "";
    add_line(text, "server", server);
    add_line(text, "time", report_format_time(text->now_ms, time));
    add_line(text, "migrationd", MIGRATIOND_VERSION);
    strbuf_add_char(text->out, '\n');
}

void report_checks_text(struct strbuf *out, const char *database, const char *server, const struct judged_check *checks,
                        size_t count, enum report_style style, int64_t now_ms)
{
    static const enum check_state shown[] = {CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN};
    const struct check_text text = {.out = out, .style = style, .now_ms = now_ms};
    add_title(&text, "# Checks of ", database, report_checks_state(checks, count));
    bool warns =
        report_checks_state(checks, count) == CHECK_PASSED && report_count_checks(checks, count, CHECK_PASSED) < count;
    strbuf_add_string(out, warns ? ", with warnings" : "");
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++)
        strbuf_printf(out, "%s%zu %s", i == 0 ? " (" : ", ", report_count_checks(checks, count, shown[i]),
                      check_state_name(shown[i]));
    strbuf_add_char(out, ')');
    end_title(&text);
    if (style == STYLE_MARKDOWN)
        add_origin(&text, server);
    if (count == 0)
        return;
    strbuf_add_string(out, style == STYLE_MARKDOWN ? "" : "\n");
    add_table(&text, checks, count);
    for (size_t i = 0; i < count; i++) {
        if (has_details(&checks[i]))
            add_details(&text, &checks[i]);
    }
}
