/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds of references share. Internal to lib/reference.
 */
#ifndef MIGRATIOND_REFERENCE_REFERENCE_SOURCE_H
#define MIGRATIOND_REFERENCE_REFERENCE_SOURCE_H

#include "base/strbuf.h"
#include "model/migration_set.h"
#include "reference/reference.h"

/* The load functions of the kinds, one file each. On failure `*ret_reference` is released by the caller. */
int reference_load_baseline(const struct reference_request *request, struct reference *ret_reference,
                            struct error *reterr);
int reference_load_drizzle(const struct reference_request *request, struct reference *ret_reference,
                           struct error *reterr);
int reference_load_rails(const struct reference_request *request, struct reference *ret_reference,
                         struct error *reterr);
int reference_load_sql(const struct reference_request *request, struct reference *ret_reference, struct error *reterr);

/* Loads a migration's file, or with `tool` NULL a schema's, into a scratch database; `tool` says what besides SQL may
 * stand in it. */
struct scratch;
int reference_run_file(struct scratch *scratch, const struct reference_request *request, const char *path,
                       const char *tool, struct error *reterr);

/* Reads what the scratch database holds by now. */
int reference_read_back(const struct scratch *scratch, const struct reference_request *request,
                        struct reference *ret_reference, struct server_facts *ret_facts, struct error *reterr);

/* Says so if the scratch server is not of the live one's release; leaves `ret_remark` as it is otherwise. */
void reference_remark_on_server(const struct reference_request *request, const struct server_facts *facts,
                                char *ret_remark, size_t size);

/* The collation that most tables have: what the live database's default is likely to be. NULL: none. */
const char *reference_usual_collation(const struct schema *live);

/* Appends a regular file of at most `limit` bytes. ERROR_NOT_FOUND, ERROR_TRUNCATED, ERROR_IO. */
int reference_read_file(const char *path, size_t limit, struct strbuf *out, struct error *reterr);

/* The engine to read for: of the live schema, of the scratch server, else SQLite. */
const char *reference_engine(const struct reference_request *request);

/* Says that the source cannot be had at the applied revision: "the … stands at X, the database at Y". */
void reference_set_ahead(struct reference *reference, const struct reference_request *request, const char *what,
                         const char *revision);

/* Whether `revision` is the one applied head. */
bool reference_is_applied_head(const struct reference_request *request, const char *revision);

/* How many migrations of `set` (a list, in its order) are applied, by the head; all of them where that is not known.
 * False if the head is in none of the files; `*ret_reference` is then `ahead`. */
bool reference_count_applied(const struct reference_request *request, const struct migration_set *set,
                             size_t *ret_count, struct reference *ret_reference);

#endif
