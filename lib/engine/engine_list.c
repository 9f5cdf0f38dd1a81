/* SPDX-License-Identifier: Apache-2.0
 *
 * The engines there are, and what is the same for all of them.
 */
#include <string.h>

#include "engine/engine.h"
#include "engine/mysql/mysql_engine.h"
#include "engine/postgres/postgres_engine.h"
#include "engine/sqlite/sqlite_engine.h"

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
