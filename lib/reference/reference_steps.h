/* SPDX-License-Identifier: Apache-2.0
 *
 * The schema after each migration of a directory, one after another: Drizzle's snapshots, or a scratch database into
 * which the files are loaded. As reference.h says, nothing else is touched. One thread per walk; blocks.
 */
#ifndef MIGRATIOND_REFERENCE_REFERENCE_STEPS_H
#define MIGRATIOND_REFERENCE_REFERENCE_STEPS_H

#include "model/migration_set.h"
#include "reference/reference.h"

/* How the schemas can be had. */
enum steps_source {
    STEPS_NONE,      /* the migrations are programs: only the tool can tell what they do */
    STEPS_SNAPSHOTS, /* Drizzle's meta/ */
    STEPS_SCRATCH,   /* SQL files */
};

enum steps_source reference_steps_source(const struct migration_set *set, const char *directory);

/* Called with the schema as it is once the migration with the index `last`, and all before it, are applied. Any other
 * return than 0 ends the walk. */
struct steps_sink {
    int (*step)(void *payload, size_t last, struct schema *schema, struct error *reterr);
    void *payload;
};

/* `request` as for reference_load: path, live, scratch, scope, deadline and stop count. The steps before a failure
 * stand. Of lists only; repeatable migrations come with the last version. `ret_remark` (size 512) says what a reader
 * should know, "" if nothing. */
enum { STEPS_REMARK = 512 };
int reference_steps(const struct reference_request *request, const struct migration_set *set, enum steps_source source,
                    const struct steps_sink *sink, char ret_remark[static STEPS_REMARK], struct error *reterr);

#endif
