/* SPDX-License-Identifier: Apache-2.0
 *
 * One deep look, shared by its files (mysql_schema.c, mysql_programs.c, mysql_coverage.c) and by nobody else.
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_READING_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_READING_H

#include "base/arena.h"
#include "engine/mysql/mysql_session.h"

/* What a statement of its own is sent for. A view stands in the list twice: for its query and for its columns. */
enum mysql_listed {
    LISTED_TABLE,
    LISTED_VIEW,
    LISTED_VIEW_COLUMNS,
    LISTED_SEQUENCE,
    LISTED_PROCEDURE,
    LISTED_FUNCTION,
    LISTED_TRIGGER,
    LISTED_EVENT,
    LISTED_KINDS
};

struct mysql_object {
    const char *name;  /* in the arena */
    uint32_t relation; /* handle of a table or view */
    uint32_t body;     /* of a program: what information_schema shows, in case that SHOW CREATE is not understood */
    size_t program;    /* its place among the builder's objects */
    enum mysql_listed kind;
    bool plain; /* the name may stand among other statements */
};

struct mysql_reading {
    struct mysql_connection *connection;
    struct schema_builder *builder;
    struct deadline deadline;
    struct arena *arena;          /* names */
    struct mysql_object *objects; /* tables, views and sequences by name, then programs */
    size_t count;
    size_t table_count; /* of those before the programs */
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

/* Triggers, routines and events: all but their bodies, for which they are added to the list. */
int mysql_read_programs(struct mysql_reading *reading, struct error *reterr);

/* What is done with a row; -1 ends the reading with the error in `reterr`. */
typedef int mysql_row_function(struct mysql_reading *reading, void *payload, MYSQL_ROW row,
                               const unsigned long *lengths, struct error *reterr);

/* Runs a query and hands each row to `taker`. */
int mysql_for_each_row(struct mysql_reading *reading, const char *text, mysql_row_function *taker, void *payload,
                       struct error *reterr);

/* Adds to the list. The name is copied. */
int mysql_list_object(struct mysql_reading *reading, const struct mysql_object *object, struct error *reterr);

/* Whether a table of that name was listed. */
bool mysql_has_table(const struct mysql_reading *reading, const char *name);

#endif
