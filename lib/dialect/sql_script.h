/* SPDX-License-Identifier: Apache-2.0
 *
 * A script for psql or mysql taken apart into statements, as those clients do it (quotes, dollar quotes, comments,
 * DELIMITER, COPY data, Drizzle's breakpoints), and judged: which of them make a schema, which only fill or protect it
 * and are passed over, and which would reach beyond the one database that the script is loaded into, which is an error.
 * Borrows the text. Pure; one thread.
 */
#ifndef MIGRATIOND_DIALECT_SQL_SCRIPT_H
#define MIGRATIOND_DIALECT_SQL_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { SCRIPT_DELIMITER = 16 };

enum statement_action {
    STATEMENT_RUN,
    STATEMENT_SETTING, /* to be run; that the server refuses it does not matter */
    STATEMENT_SKIP,    /* data, owners, grants, upkeep */
};

struct sql_statement {
    const char *text; /* without the delimiter */
    size_t length;
    unsigned line; /* where it begins */
    enum statement_action action;
};

struct sql_script {
    const char *next;
    const char *end;
    const char *name;     /* of the file, for messages */
    const char *database; /* MySQL: the one database that a name may be qualified with */
    unsigned line;        /* of `next` */
    bool mysql;           /* or MariaDB; else PostgreSQL */
    char delimiter[SCRIPT_DELIMITER];
};

/* `mysql`: MySQL's or MariaDB's client, else psql. */
void sql_script_init(struct sql_script *script, bool mysql, const char *text, size_t length, const char *name);

/* The next statement: 1; 0 at the end; -1 with ERROR_INVALID and "name:line: what". */
int sql_script_next(struct sql_script *script, struct sql_statement *ret_statement, struct error *reterr);

#endif
