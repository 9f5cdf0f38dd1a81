/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "daemon/ctl.h"

/* Rows of an answer that the daemon bounds; this is only against a nonsensical one. */
enum { TABLE_ROWS = 2000000 };

void ctl_put_text(FILE *out, const char *text, const char *absent)
{
    cleanup(free) char *line = mem_strdup(text);
    if (line)
        utf8_make_line(line, strlen(line) + 1);
    fputs(line ? line : absent, out);
}

void ctl_table_done(struct ctl_table *table)
{
    for (size_t i = 0; i < table->rows * (size_t)table->columns; i++)
        mem_free(table->cells[i]);
    mem_free(table->cells);
}

void ctl_table_row(struct ctl_table *table, const char *const *cells)
{
    size_t width = (size_t)table->columns;
    if (!mem_grow(&table->cells, &table->capacity, table->rows, width * sizeof *table->cells, TABLE_ROWS)) {
        table->failed = true;
        return;
    }
    char **row = table->cells + table->rows * width;
    table->rows++;
    for (size_t i = 0; i < width; i++) {
        row[i] = mem_strdup(cells[i] && *cells[i] ? cells[i] : "-");
        if (!row[i])
            table->failed = true;
        else
            utf8_make_line(row[i], strlen(row[i]) + 1);
    }
}

/* Code points: near enough to columns for names. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static void print_row(const char *const *cells, const int *widths, int columns)
{
    for (int i = 0; i < columns; i++) {
        const char *cell = cells[i] ? cells[i] : "-";
        fputs(cell, stdout);
        if (i + 1 < columns)
            printf("%*s", widths[i] - width_of(cell) + 2, "");
    }
    putchar('\n');
}

bool ctl_table_print(const struct ctl_table *table)
{
    int widths[CTL_COLUMNS] = {0};
    for (int i = 0; i < table->columns; i++) {
        widths[i] = width_of(table->titles[i]);
        for (size_t row = 0; row < table->rows; row++) {
            const char *cell = table->cells[row * (size_t)table->columns + (size_t)i];
            int width = cell ? width_of(cell) : 1;
            if (width > widths[i])
                widths[i] = width;
        }
    }
    print_row(table->titles, widths, table->columns);
    for (size_t row = 0; row < table->rows; row++)
        print_row((const char *const *)table->cells + row * (size_t)table->columns, widths, table->columns);
    return !table->failed;
}
