/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/answer/query_row.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"

int query_row_init(struct query_row *row, size_t count, size_t cell_bytes, struct error *reterr)
{
    *row = (struct query_row){.count = count, .cell_bytes = cell_bytes};
    if (cell_bytes == 0 || cell_bytes > LIMIT_ANSWER_CELL)
        return error_set(reterr, ERROR_INTERNAL, "cells are cut at 1 to %u bytes", LIMIT_ANSWER_CELL);
    row->cells = mem_calloc(count + 1, sizeof *row->cells);
    row->lengths = mem_calloc(count + 1, sizeof *row->lengths);
    row->texts = mem_calloc(count + 1, cell_bytes + 1);
    return row->cells && row->lengths && row->texts ? 0 : error_no_memory(reterr);
}

void query_row_done(struct query_row *row)
{
    mem_free(row->cells);
    mem_free(row->lengths);
    mem_free(row->texts);
    *row = (struct query_row){0};
}

/* Where at most `limit` bytes end between characters. */
static size_t cut(const char *bytes, size_t length, size_t limit)
{
    if (length <= limit)
        return length;
    size_t end = limit;
    while (end > 0 && limit - end < 4 && ((unsigned char)bytes[end] & 0xC0) == 0x80)
        end--;
    return limit - end < 4 ? end : limit;
}

static size_t write_hex(char *text, const char *bytes, size_t length, size_t limit)
{
    static const char digits[] = "0123456789abcdef";
    size_t used = 0;
    if (limit >= 2) {
        text[used++] = '0';
        text[used++] = 'x';
    }
    for (size_t i = 0; i < length && used + 2 <= limit; i++) {
        text[used++] = digits[(unsigned char)bytes[i] >> 4];
        text[used++] = digits[(unsigned char)bytes[i] & 15];
    }
    return used;
}

void query_row_set(struct query_row *row, size_t cell, const char *bytes, size_t length)
{
    row->cells[cell] = NULL;
    row->lengths[cell] = 0;
    if (!bytes)
        return;
    char *text = row->texts + cell * (row->cell_bytes + 1);
    size_t kept = cut(bytes, length, row->cell_bytes);
    if (utf8_is_valid(bytes, kept) && !memchr(bytes, '\0', kept))
        memcpy(text, bytes, kept);
    else
        kept = write_hex(text, bytes, length, row->cell_bytes);
    text[kept] = '\0';
    row->cells[cell] = text;
    row->lengths[cell] = kept;
}

int query_row_send(const struct query_row *row, const struct query_sink *sink, struct error *reterr)
{
    return sink->row(sink->payload, row->cells, row->lengths, row->count, reterr) == 0 ? 0 : -1;
}
