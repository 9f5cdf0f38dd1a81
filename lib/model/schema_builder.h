/* SPDX-License-Identifier: Apache-2.0
 *
 * The only writer of a schema. Objects come in any order; relations are named by the handle that adding one returned.
 * Failure (memory) is sticky and is told by schema_builder_seal; reaching a limit sets `truncated`. Texts are made
 * valid UTF-8: a byte that belongs to no well-formed sequence becomes \xHH, so that names stay distinct and printable.
 * One thread.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_BUILDER_H
#define MIGRATIOND_MODEL_SCHEMA_BUILDER_H

#include "base/error.h"
#include "model/schema.h"

struct schema_builder;

struct schema_builder *schema_builder_new(void) __attribute__((warn_unused_result));
void schema_builder_free(struct schema_builder *builder);

/* False once memory ran out: nothing that is added any more matters, and reading on is a waste. */
bool schema_builder_ok(const struct schema_builder *builder);

/* Interns; 0 for NULL and for an empty text. A text over LIMIT_DEFINITION_BYTES is replaced by its beginning, its size
 * and its hash. */
uint32_t schema_builder_text(struct schema_builder *builder, const char *text);
uint32_t schema_builder_text_n(struct schema_builder *builder, const char *text, size_t length);

/* What was interned; valid until the next text is added. */
const char *schema_builder_get_text(const struct schema_builder *builder, uint32_t text);

/* Appends a list of texts. */
struct text_list schema_builder_list(struct schema_builder *builder, const uint32_t *texts, size_t count);

/* Returns the handle for `relation` fields; only schema, name, definition and kind of `relation` are read. A relation
 * that a limit refuses gets a handle too: what is added to it is dropped. */
uint32_t schema_builder_relation(struct schema_builder *builder, const struct schema_relation *relation);

/* Changes the kind or definition of a relation that was added. */
void schema_builder_set_kind(struct schema_builder *builder, uint32_t handle, enum relation_kind kind);
void schema_builder_set_definition(struct schema_builder *builder, uint32_t handle, uint32_t definition);

/* `position` orders the columns of a relation; it need not be dense. */
void schema_builder_column(struct schema_builder *builder, const struct schema_column *column);

/* The columns added so far, in order of adding, for engines whose later queries amend them (defaults, identity). The
 * array moves when columns are added. */
struct schema_column *schema_builder_columns(struct schema_builder *builder, size_t *ret_count);

/* Of a constraint that is no foreign key, the references and actions are not read. */
void schema_builder_constraint(struct schema_builder *builder, const struct schema_constraint *constraint);

/* first_part and part_count of `index` are set from `parts`. */
void schema_builder_index(struct schema_builder *builder, const struct schema_index *index,
                          const struct schema_index_part *parts, size_t part_count);

/* `attributes` of `object` come from schema_builder_attributes. */
void schema_builder_object(struct schema_builder *builder, const struct schema_object *object);

/* Interns a run; order does not matter but among equal keys. A text of 0 leaves the attribute out, except for flags,
 * whose text is not read, and in lists that keep their order (an enum may have an empty label). Of a key that is no
 * list the last one counts. What it returns goes into an `attributes` field. */
uint32_t schema_builder_attributes(struct schema_builder *builder, const struct schema_attribute *attributes,
                                   size_t count);

/* The run `attributes` with one more element, for engines whose later queries amend what they added. */
uint32_t schema_builder_add_attribute(struct schema_builder *builder, uint32_t attributes, enum attribute_key key,
                                      uint32_t text);

/* The relations and objects added so far, in order of adding (a relation's index is its handle), to be amended. The
 * arrays move when more are added. */
struct schema_relation *schema_builder_relations(struct schema_builder *builder, size_t *ret_count);
struct schema_object *schema_builder_objects(struct schema_builder *builder, size_t *ret_count);

/* Must be called before sealing; `dialect` is static. */
void schema_builder_dialect(struct schema_builder *builder, const struct dialect *dialect);
void schema_builder_server(struct schema_builder *builder, const char *engine, const char *version);

/* Every kind is COVERAGE_FULL until this says otherwise. */
void schema_builder_coverage(struct schema_builder *builder, enum schema_kind kind, enum coverage coverage,
                             const char *reason);

/* Objects of kinds that the model does not know, counted in words; NULL or "": none. */
void schema_builder_not_compared(struct schema_builder *builder, const char *words);
void schema_builder_truncated(struct schema_builder *builder);

/* Names of relations that differ in case only are one name on that server. */
void schema_builder_folds_names(struct schema_builder *builder);

/* The source cannot declare that attribute: its absence is no statement. */
void schema_builder_undeclared(struct schema_builder *builder, enum attribute_key key);

/* Sorts, numbers, digests and hands over. The builder is empty afterwards and may only be freed. Fails with
 * ERROR_NO_MEMORY, or ERROR_INVALID for an object whose relation does not exist, two objects of one name or a relation
 * with more columns than 16 bits count. */
int schema_builder_seal(struct schema_builder *builder, struct schema **ret_schema, struct error *reterr);

DEFINE_CLEANUP(schema_builder, struct schema_builder *, schema_builder_free);

#endif
