/* SPDX-License-Identifier: Apache-2.0
 *
 * A declared schema on its way into the model. Each thing is held against its counterpart in the live schema, if there
 * is one: what the source cannot declare, and how the server spells what it does declare, is taken from there. Internal
 * to the declared_*.c files.
 */
#ifndef MIGRATIOND_REFERENCE_DECLARED_WORK_H
#define MIGRATIOND_REFERENCE_DECLARED_WORK_H

#include "model/schema_builder.h"
#include "reference/declared.h"

enum { WORK_PARTS = 128, WORK_ATTRIBUTES = 64 };

struct declared_work {
    struct declared *declared;
    const struct reference_request *request;
    struct schema_builder *builder;
    const struct schema *live; /* NULL: nothing to hold it against */
    const struct dialect *dialect;
    const char *own_schema;  /* that stands for the one without a name; NULL: every schema has its name */
    bool postgres;           /* else MySQL or MariaDB */
    size_t unknown;          /* texts that could not be compared */
    char first_unknown[128]; /* where the first of them stands */
};

/* One relation on its way. */
struct declared_draft {
    const struct declared_table *table;
    const struct schema_relation *live; /* NULL */
    uint32_t handle;
    char path[160]; /* for remarks */
};

/* An empty list of keys, for declared_adopt. */
extern const enum attribute_key declared_no_keys[];

/* A text of the live schema; NULL for 0. */
const char *declared_live_text(const struct declared_work *work, uint32_t text);

/* Appends an attribute if `text` is not NULL; returns how many there are then. */
size_t declared_attribute(struct declared_work *work, struct schema_attribute *attributes, size_t count,
                          enum attribute_key key, const char *text);

/* The parts of a relation. */
void declared_put_column(struct declared_work *work, const struct declared_draft *draft,
                         const struct declared_column *column, uint16_t position);
void declared_put_keys(struct declared_work *work, const struct declared_draft *draft);
void declared_put_key(struct declared_work *work, const struct declared_draft *draft, const struct declared_key *key);
void declared_put_indexes(struct declared_work *work, const struct declared_draft *draft);

/* Likewise, as the live relation has them. */
void declared_copy_constraint(struct declared_work *work, const struct declared_draft *draft,
                              const struct schema_constraint *live);
void declared_copy_index(struct declared_work *work, uint32_t handle, const struct schema_index *live);

/* Cuts all names as PostgreSQL does. */
int declared_clip_names(struct declared *declared, struct error *reterr);

/* Relations with all that is part of them. */
int declared_put_relations(struct declared_work *work, struct error *reterr);

/* Types, sequences, policies, schemas, extensions, and what is covered. */
int declared_put_objects(struct declared_work *work, struct error *reterr);

/* The schema that stands for the one that `scope` reads as if it had no name: its own, or the one that a source without
 * tenants is written for. NULL if it reads none so. */
const char *declared_own_schema(const struct declared *declared, const struct engine_scope *scope);

uint32_t declared_intern(struct declared_work *work, const char *text);

/* The schema's name as the model has it, and whether the request's scope has it at all. */
const char *declared_schema_name(const struct declared_work *work, const char *schema);
bool declared_in_scope(const struct declared_work *work, const char *schema);

/* The text to put for `declared` (NULL: none), whose live counterpart is `live` (NULL: there is none). */
const char *declared_choose(struct declared_work *work, enum text_form form, const char *type, const char *declared,
                            const char *live, const char *where);

/* The attributes of the live thing, whose run is `run`, but for those whose keys are in `keys` (ended by
 * ATTRIBUTE_END). Appends to `attributes`, which holds `count`; returns how many it holds then. */
size_t declared_adopt(struct declared_work *work, uint32_t run, const enum attribute_key *keys,
                      struct schema_attribute *attributes, size_t count);

/* Appends how the server writes a type. */
void declared_type_text(const struct declared_work *work, const struct declared_column *column, struct strbuf *out);

/* Whether two types, both as a server may write them, are one. */
bool declared_same_type(const struct declared_work *work, const char *declared, const char *live);

/* The name without the schema before it. */
const char *declared_last_part(const char *name);

#endif
