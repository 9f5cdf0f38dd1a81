/* SPDX-License-Identifier: Apache-2.0
 *
 * A table for people: columns that line up on a terminal, or Markdown. Foreign text is made one printable line of at
 * most REPORT_CELL characters. Failure (memory) is sticky in `cells` and reaches `out` when printed. One thread.
 * Private to lib/report.
 */
#ifndef MIGRATIOND_REPORT_REPORT_TABLE_H
#define MIGRATIOND_REPORT_REPORT_TABLE_H

#include <stdint.h>

#include "report/report_style.h"

enum { REPORT_COLUMNS = 8, REPORT_CELL = 72 };

struct report_table {
    enum report_style style;
    const char *const *titles; /* static, NULL-terminated */
    size_t columns;
    struct strbuf cells; /* row by row, each cell with its NUL */
};

void report_table_init(struct report_table *table, enum report_style style, const char *const *titles);
void report_table_done(struct report_table *table);

/* The next cell; NULL and "" show as "-". */
void report_table_add(struct report_table *table, const char *text);
void report_table_print(const struct report_table *table, struct strbuf *out);

/* Appends foreign text as one printable line of at most `most` characters; what Markdown would obey is escaped. */
void report_add_line(struct strbuf *out, enum report_style style, const char *text, size_t most);

/* "2026-11-20T10:00:00Z"; "" for what is not known. */
enum { REPORT_TIME_SIZE = 48 };
const char *report_format_time(int64_t unix_ms, char buffer[static REPORT_TIME_SIZE]);

/* Appends a word of ours, in the colour that the word has, if it has one and `style` shows colours. */
void report_add_word(struct strbuf *out, enum report_style style, const char *word);

DEFINE_CLEANUP_VALUE(report_table, struct report_table, report_table_done);

#endif
