/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/stamp.h"

#include <string.h>

#include "base/cleanup.h"
#include "engine/stamp_engine.h"

int stamp_run(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
              struct error *reterr)
{
    static const struct {
        const char *engine;
        int (*run)(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                   struct error *reterr);
    } writers[] = {
        {"postgres", postgres_stamp}, {"mysql", mysql_stamp}, {"mariadb", mysql_stamp}, {"sqlite", sqlite_stamp}};
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++)
        if (strcmp(writers[i].engine, target->ops->name) == 0)
            return writers[i].run(target, script, deadline, reterr);
    return error_set(reterr, ERROR_UNSUPPORTED, "nothing can be recorded in a database of %s", target->ops->name);
}
