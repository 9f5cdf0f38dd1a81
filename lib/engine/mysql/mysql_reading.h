/* SPDX-License-Identifier: Apache-2.0
 *
 * One deep look, shared by its files (mysql_schema.c, mysql_programs.c, mysql_coverage.c) and by nobody else.
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_READING_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_READING_H

#include "base/arena.h"
#include "engine/mysql/mysql_session.h"

struct mysql_object;

struct mysql_reading {
    struct mysql_connection *connection;
    struct schema_builder *builder;
    struct deadline deadline;
    struct arena *arena;          /* names */
    struct mysql_object *objects; /* what SHOW FULL TABLES lists, by name */
    size_t count;
    size_t capacity;
    bool hidden_bodies;              /* a routine is listed without its body */
    char partial[SCHEMA_KINDS][400]; /* why; "" while everything is seen */
};

/* Why something of that kind is not seen, about the object of that name or, NULL, in general; the first reason is kept.
 */
void mysql_mark_partial(struct mysql_reading *reading, enum schema_kind kind, const char *name, const char *why);

/* The same with the statement that would help: `privileges` on `level`, to whoever reads. The view's are known. */
void mysql_mark_denied(struct mysql_reading *reading, enum schema_kind kind, const char *why, const char *privileges,
                       const char *level);

void mysql_mark_unreadable_view(struct mysql_reading *reading, const char *name);

/* What is seen of every kind, from the role's grants and the marks. */
void mysql_tell_coverage(struct mysql_reading *reading);

/* Triggers, routines and events. */
int mysql_read_programs(struct mysql_reading *reading, struct error *reterr);

/* What is done with a row; -1 ends the reading with the error in `reterr`. */
typedef int mysql_row_function(struct mysql_reading *reading, void *payload, MYSQL_ROW row,
                               const unsigned long *lengths, struct error *reterr);

/* Runs a query and hands each row to `taker`. */
int mysql_for_each_row(struct mysql_reading *reading, const char *text, mysql_row_function *taker, void *payload,
                       struct error *reterr);

/* Whether a table of that name was listed. */
bool mysql_has_table(const struct mysql_reading *reading, const char *name);

#endif
