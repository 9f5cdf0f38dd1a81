/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds that read a server's own catalogue share: which SQL a server takes, whose schemas are looked at, and
 * how findings are named in a sentence. As check.h.
 */
#ifndef MIGRATIOND_CHECK_CHECK_CATALOGUE_H
#define MIGRATIOND_CHECK_CHECK_CATALOGUE_H

#include "check/check.h"

enum check_engine { CHECK_POSTGRES, CHECK_MYSQL, CHECK_MARIADB, CHECK_SQLITE, CHECK_ENGINES };

/* Of the server that is asked; CHECK_ENGINES for one that is not known. */
enum check_engine check_engine_of(const struct check_run *run);

/* Asks for rows: as check_ask, but that all of them are wanted: ERROR_TRUNCATED beyond LIMIT_CHECK_ROWS. On PostgreSQL
 * @schemas@ in `sql` stands for the condition that a row `n` of pg_namespace is one of the schemas to look at. */
int check_read(struct check_run *run, const char *sql,
               int (*row)(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                          struct error *reterr),
               void *payload, struct error *reterr);

/* A question whose answer is one whole number. */
int check_read_number(struct check_run *run, const char *sql, int64_t *ret_number, struct error *reterr);

/* ERROR_FORBIDDEN with the grant that helps where the server hides from the role what it may not use: then "there is
 * none" proves nothing, and `*ret_told` is true. */
int check_tell_hidden(struct check_run *run, bool *ret_told, struct error *reterr);

/* The first items and how many there are besides, in the result's arena: "a, b, c and 7 more". */
int check_name_items(struct check_run *run, const struct check_items *items, const char **ret_names,
                     struct error *reterr);

/* Keeps a text in the result's arena; NULL in gives "" out. */
int check_keep(struct check_run *run, const char *text, const char **ret_text, struct error *reterr);

#endif
