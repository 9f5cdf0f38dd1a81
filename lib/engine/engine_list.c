/* SPDX-License-Identifier: Apache-2.0
 *
 * The engines there are, and what is the same for all of them.
 */
#include <string.h>

#include "engine/engine.h"
#include "engine/mysql/mysql_engine.h"
#include "engine/postgres/postgres_engine.h"
#include "engine/sqlite/sqlite_engine.h"
#include "model/schema_extract.h"

const struct engine_ops *const engines[] = {&postgres_ops, &mysql_ops, &sqlite_ops, NULL};

const struct engine_ops *engine_for_scheme(const char *scheme)
{
    for (size_t i = 0; engines[i]; i++)
        for (const char *const *known = engines[i]->schemes; *known; known++)
            if (strcmp(*known, scheme) == 0)
                return engines[i];
    return NULL;
}

void engine_close(struct engine_connection *connection)
{
    if (connection)
        connection->ops->close(connection);
}

/* One connection, one reading; only a whole schema is handed over. */
static int read_once(struct engine_connection *connection, const struct engine_scope *scope, struct deadline deadline,
                     struct schema **ret_schema, struct error *reterr)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    if (!builder)
        return error_no_memory(reterr);
    if (connection->ops->read_schema(connection, scope, deadline, builder, reterr) < 0)
        return -1;
    return schema_builder_seal(builder, ret_schema, reterr);
}

int engine_read(struct engine_connection *connection, const struct engine_scope *scope, struct deadline deadline,
                struct schema **ret_schema, struct error *reterr)
{
    struct error error = {.code = ERROR_OK};
    int status = read_once(connection, scope, deadline, ret_schema, &error);
    if (status < 0 && error.code == ERROR_CHANGED)
        status = read_once(connection, scope, deadline, ret_schema, &error);
    if (status < 0 && reterr)
        *reterr = error;
    return status;
}

int engine_read_each(struct engine_connection *connection, const char *const *names, size_t count,
                     struct deadline deadline, struct schema **ret_schemas, struct error *reterr)
{
    cleanup(schema) struct schema *whole = NULL;
    const struct engine_scope scope = {.own_schemas = names, .own_schema_count = count};
    if (engine_read(connection, &scope, deadline, &whole, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (schema_extract(whole, names[i], &ret_schemas[i], reterr) == 0)
            continue;
        while (i > 0) {
            schema_unref(ret_schemas[--i]);
            ret_schemas[i] = NULL;
        }
        return -1;
    }
    return 0;
}
