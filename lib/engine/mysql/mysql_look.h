/* SPDX-License-Identifier: Apache-2.0
 *
 * The slots of the engine's operations that read: declared here for the table in mysql_engine.c, documented in
 * engine.h.
 */
#ifndef MIGRATIOND_ENGINE_MYSQL_MYSQL_LOOK_H
#define MIGRATIOND_ENGINE_MYSQL_MYSQL_LOOK_H

#include "engine/mysql/mysql_session.h"

int mysql_probe(struct engine_connection *base, struct deadline deadline, struct engine_probe *ret_probe,
                struct error *reterr);

int mysql_read_schema(struct engine_connection *base, const struct engine_scope *scope, struct deadline deadline,
                      struct schema_builder *builder, struct error *reterr);

int mysql_begin_look(struct engine_connection *base, struct deadline deadline, struct error *reterr);
int mysql_end_look(struct engine_connection *base, struct deadline deadline, struct error *reterr);

int mysql_find_tables(struct engine_connection *base, const struct engine_scope *scope, const char *const *names,
                      size_t count, struct deadline deadline, const struct sighting_sink *sink, struct error *reterr);

int mysql_read_table(struct engine_connection *base, const struct table_request *request, struct deadline deadline,
                     const struct row_sink *sink, bool *ret_more, struct error *reterr);

int mysql_read_tables(struct engine_connection *base, const struct table_request *request,
                      const struct table_place *places, size_t count, struct deadline deadline,
                      const struct tables_sink *sink, bool *ret_more, struct error *reterr);

int mysql_ask(struct engine_connection *base, const struct query_request *request, struct deadline deadline,
              const struct query_sink *sink, bool *ret_more, struct error *reterr);

int mysql_read_lock(struct engine_connection *base, const struct lock_request *request, struct deadline deadline,
                    struct lock_report *ret_report, struct error *reterr);

#endif
