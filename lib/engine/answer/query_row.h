/* SPDX-License-Identifier: Apache-2.0
 *
 * A row of an answer (engine_ops.query) on its way to whoever asked: what servers and files send becomes text, cut.
 * Cells are UTF-8 without NUL; bytes that are not are told in hexadecimal, "0x00ff". One thread at a time.
 */
#ifndef MIGRATIOND_ENGINE_ANSWER_QUERY_ROW_H
#define MIGRATIOND_ENGINE_ANSWER_QUERY_ROW_H

#include "engine/engine.h"

struct query_row {
    const char **cells; /* NULL: SQL's NULL; else into `texts` */
    size_t *lengths;
    size_t count;
    char *texts; /* owned: count × (cell_bytes + 1) */
    size_t cell_bytes;
};

/* Room for `count` cells; to be released with query_row_done, after a failure too. */
int query_row_init(struct query_row *row, size_t count, size_t cell_bytes, struct error *reterr);
void query_row_done(struct query_row *row);

/* Copies a cell; NULL bytes: SQL's NULL. */
void query_row_set(struct query_row *row, size_t cell, const char *bytes, size_t length);

/* Passes the row on. */
int query_row_send(const struct query_row *row, const struct query_sink *sink, struct error *reterr);

DEFINE_CLEANUP_VALUE(query_row, struct query_row, query_row_done);

#endif
