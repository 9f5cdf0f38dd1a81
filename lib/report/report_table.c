/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"
#include "base/utf8.h"

static const struct {
    const char *word;
    const char *sequence;
} colours[] = {
    {"critical", "\033[1;31m"}, {"major", "\033[33m"},     {"drifted", "\033[1;31m"}, {"unknown", "\033[1;33m"},
    {"none", "\033[1;32m"},     {"info", "\033[2m"},       {"failed", "\033[1;31m"},  {"passed", "\033[1;32m"},
    {"stage 1", "\033[1;32m"},  {"stage 2", "\033[1;33m"}, {"stage 3", "\033[1;31m"},
};

void report_table_init(struct report_table *table, enum report_style style, const char *const *titles)
{
    *table = (struct report_table){.style = style, .titles = titles, .cells = STRBUF(LIMIT_RESPONSE_BYTES)};
    while (titles[table->columns])
        table->columns++;
}

void report_table_done(struct report_table *table)
{
    strbuf_done(&table->cells);
}

/* Characters, which is near enough to columns for names. */
static size_t width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

void report_add_line(struct strbuf *out, enum report_style style, const char *text, size_t most)
{
    size_t length = strlen(text);
    size_t at = 0;
    for (size_t count = 0; at < length && count < most; count++) {
        uint32_t point = 0;
        size_t size = utf8_decode(text + at, length - at, &point);
        bool blank = size == 0 || utf8_is_unprintable(point);
        if (style == STYLE_MARKDOWN && !blank && point < 0x80 && strchr("\\`*_{}[]<>#|~&", (int)point))
            strbuf_add_char(out, '\\');
        if (blank)
            strbuf_add_char(out, ' ');
        else
            strbuf_add(out, text + at, size);
        at += size > 0 ? size : 1;
    }
    if (at < length)
        strbuf_add_string(out, "…");
}

void report_add_word(struct strbuf *out, enum report_style style, const char *word)
{
    const char *sequence = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(colours) && style == STYLE_COLOUR; i++)
        if (strcmp(colours[i].word, word) == 0)
            sequence = colours[i].sequence;
    strbuf_add_string(out, sequence ? sequence : "");
    strbuf_add_string(out, word);
    strbuf_add_string(out, sequence ? "\033[0m" : "");
}

const char *report_format_time(int64_t unix_ms, char buffer[static REPORT_TIME_SIZE])
{
    int64_t fraction = (unix_ms % 1000 + 1000) % 1000;
    time_t seconds = (time_t)(unix_ms / 1000 - (unix_ms % 1000 < 0 ? 1 : 0));
    struct tm utc = {0};
    char text[32] = "";
    buffer[0] = '\0';
    if (unix_ms == INT64_MIN || !gmtime_r(&seconds, &utc) || utc.tm_year < 1 - 1900 || utc.tm_year > 9999 - 1900 ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
        return buffer;
    if (fraction > 0)
        snprintf(buffer, REPORT_TIME_SIZE, "%s.%03dZ", text, (int)fraction);
    else
        snprintf(buffer, REPORT_TIME_SIZE, "%sZ", text);
    return buffer;
}

void report_table_add(struct report_table *table, const char *text)
{
    report_add_line(&table->cells, table->style, text && *text ? text : "-", REPORT_CELL);
    strbuf_add_char(&table->cells, '\0');
}

/* The cell behind `cell`. */
static const char *next_cell(const char *cell)
{
    return cell + strlen(cell) + 1;
}

static void measure(const struct report_table *table, size_t *widths)
{
    for (size_t i = 0; i < table->columns; i++)
        widths[i] = width_of(table->titles[i]);
    const char *end = strbuf_text(&table->cells) + table->cells.length;
    size_t column = 0;
    for (const char *cell = strbuf_text(&table->cells); cell < end; cell = next_cell(cell)) {
        size_t width = width_of(cell);
        widths[column] = width > widths[column] ? width : widths[column];
        column = column + 1 < table->columns ? column + 1 : 0;
    }
}

static void pad(struct strbuf *out, size_t count)
{
    for (; count > 0; count--)
        strbuf_add_char(out, ' ');
}

static void print_cell(const struct report_table *table, const char *cell, size_t column, const size_t *widths,
                       struct strbuf *out)
{
    bool markdown = table->style == STYLE_MARKDOWN;
    bool last = column + 1 == table->columns;
    if (markdown)
        strbuf_add_string(out, column == 0 ? "| " : " ");
    report_add_word(out, table->style, cell);
    if (markdown || !last)
        pad(out, widths[column] - width_of(cell));
    if (markdown)
        strbuf_add_string(out, " |");
    else if (!last)
        strbuf_add_string(out, "  ");
    if (last)
        strbuf_add_char(out, '\n');
}

void report_table_print(const struct report_table *table, struct strbuf *out)
{
    if (!strbuf_ok(&table->cells)) {
        out->failed = true;
        return;
    }
    size_t widths[REPORT_COLUMNS] = {0};
    measure(table, widths);
    for (size_t i = 0; i < table->columns; i++)
        print_cell(table, table->titles[i], i, widths, out);
    for (size_t i = 0; i < table->columns && table->style == STYLE_MARKDOWN; i++) {
        strbuf_add_string(out, i == 0 ? "|-" : "-");
        for (size_t j = 0; j < widths[i]; j++)
            strbuf_add_char(out, '-');
        strbuf_add_string(out, i + 1 == table->columns ? "-|\n" : "-|");
    }
    const char *end = strbuf_text(&table->cells) + table->cells.length;
    size_t column = 0;
    for (const char *cell = strbuf_text(&table->cells); cell < end; cell = next_cell(cell)) {
        print_cell(table, cell, column, widths, out);
        column = column + 1 < table->columns ? column + 1 : 0;
    }
}
