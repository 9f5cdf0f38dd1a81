/* SPDX-License-Identifier: Apache-2.0
 *
 * The SQLite engine: files that an application writes, read without creating, locking longer than a look, or leaving
 * anything. See engine.h for what each slot does, sqlite_disk.h for how a file is read without disturbing its owner.
 */
#ifndef MIGRATIOND_ENGINE_SQLITE_SQLITE_ENGINE_H
#define MIGRATIOND_ENGINE_SQLITE_SQLITE_ENGINE_H

#include "engine/engine.h"

extern const struct engine_ops sqlite_ops;

#endif
