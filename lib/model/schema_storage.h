/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema together with the blocks it owns, as its builder, its sealing and its destructor see it. Not for anybody
 * else. While it is built, the arrays have room to spare and only the counts of `schema` hold.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_STORAGE_H
#define MIGRATIOND_MODEL_SCHEMA_STORAGE_H

#include "base/error.h"
#include "model/schema.h"

struct schema_storage {
    struct schema schema; /* first, so that a schema's address is its storage's */
    char *pool;
    struct schema_relation *relations;
    struct schema_column *columns;
    struct schema_constraint *constraints;
    struct schema_index *indexes;
    struct schema_index_part *parts;
    uint32_t *lists;
    struct schema_object *objects;
    struct schema_attribute *attributes;
};

/* Accepts NULL. */
void schema_storage_free(struct schema_storage *storage);

/* Sorts everything, numbers and digests it and lets `schema` point to it; the arrays lose their spare room. Fails with
 * ERROR_NO_MEMORY or ERROR_INVALID; the storage may then only be freed. */
int schema_storage_seal(struct schema_storage *storage, struct error *reterr);

/* Fills the digest of each relation, of each object and of the schema. The arrays must be sorted. */
int schema_storage_digest(struct schema_storage *storage, struct error *reterr);

DEFINE_CLEANUP(schema_storage, struct schema_storage *, schema_storage_free);

#endif
