/* SPDX-License-Identifier: Apache-2.0
 *
 * What each engine does for stamp.c. Internal to the library of stamp.h.
 */
#ifndef MIGRATIOND_ENGINE_STAMP_ENGINE_H
#define MIGRATIOND_ENGINE_STAMP_ENGINE_H

#include "engine/stamp.h"

int postgres_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                   struct error *reterr);
int mysql_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                struct error *reterr);
int sqlite_stamp(const struct engine_target *target, const struct stamp_script *script, struct deadline deadline,
                 struct error *reterr);

#endif
