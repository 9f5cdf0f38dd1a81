/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine for PostgreSQL 13 and later, directly or through a pooler in transaction mode: nothing is ever set for the
 * session, every look is one transaction with SET LOCAL.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_POSTGRES_ENGINE_H
#define MIGRATIOND_ENGINE_POSTGRES_POSTGRES_ENGINE_H

#include "engine/engine.h"

extern const struct engine_ops postgres_ops;

#endif
