/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_builder.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "model/schema_pool.h"
#include "model/schema_runs.h"
#include "model/schema_storage.h"

/* What is kept of a text over LIMIT_DEFINITION_BYTES: enough to recognise it. */
enum { KEPT_BYTES = 4096 };

enum { NO_HANDLE = UINT32_MAX };

/* Room in each of the storage's arrays. */
struct capacities {
    size_t relations;
    size_t columns;
    size_t constraints;
    size_t indexes;
    size_t parts;
    size_t lists;
    size_t objects;
};

struct schema_builder {
    struct schema_storage *storage; /* NULL once it is handed over */
    struct capacities capacities;
    struct schema_pool pool;
    struct schema_runs runs;
    struct strbuf scratch; /* a text that has to be changed before it is interned */
    bool no_memory;
};

struct schema_builder *schema_builder_new(void)
{
    cleanup(schema_builder) struct schema_builder *builder = mem_calloc(1, sizeof *builder);
    if (!builder)
        return NULL;
    /* Every byte of a text can become four. */
    builder->scratch = (struct strbuf)STRBUF(4 * (size_t)LIMIT_DEFINITION_BYTES);
    builder->storage = mem_calloc(1, sizeof *builder->storage);
    return builder->storage ? take(builder) : NULL;
}

void schema_builder_free(struct schema_builder *builder)
{
    if (!builder)
        return;
    schema_storage_free(builder->storage);
    schema_pool_done(&builder->pool);
    schema_runs_done(&builder->runs);
    strbuf_done(&builder->scratch);
    mem_free(builder);
}

bool schema_builder_ok(const struct schema_builder *builder)
{
    return !builder->no_memory;
}

/* Whether one more element fits into the array at `array_pointer`. */
static bool has_room(struct schema_builder *builder, void *array_pointer, size_t *capacity, size_t count, size_t size,
                     size_t limit)
{
    if (count >= limit) {
        builder->storage->schema.truncated = true;
        return false;
    }
    if (mem_grow(array_pointer, capacity, count, size, limit))
        return true;
    builder->no_memory = true;
    return false;
}

/* Spells bytes that are no UTF-8, and NUL, as \xHH. */
static void make_valid(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t width = text[i] == '\0' ? 0 : utf8_decode(text + i, length - i, NULL);
        if (width > 0)
            strbuf_add(out, text + i, width);
        else
            strbuf_printf(out, "\\x%02x", (unsigned char)text[i]);
        i += width > 0 ? width : 1;
    }
}

/* The beginning of an overlong text, cut between characters, and what tells it from others with the same beginning. */
static void abridge(struct strbuf *out, const char *text, size_t length)
{
    size_t kept = KEPT_BYTES;
    while (kept > KEPT_BYTES - 3 && ((unsigned char)text[kept] & 0xC0) == 0x80)
        kept--;
    make_valid(out, text, kept);
    char hex[DIGEST_HEX_SIZE] = "";
    digest_to_hex(digest_of(text, length), hex);
    strbuf_printf(out, "… (%zu bytes, %s)", length, hex);
}

uint32_t schema_builder_text_n(struct schema_builder *builder, const char *text, size_t length)
{
    if (!text || builder->no_memory)
        return 0;
    if (length > LIMIT_DEFINITION_BYTES || memchr(text, '\0', length) || !utf8_is_valid(text, length)) {
        strbuf_clear(&builder->scratch);
        if (length > LIMIT_DEFINITION_BYTES)
            abridge(&builder->scratch, text, length);
        else
            make_valid(&builder->scratch, text, length);
        text = strbuf_text(&builder->scratch);
        length = builder->scratch.length;
    }
    uint32_t offset = 0;
    enum schema_pool_result result =
        strbuf_ok(&builder->scratch) ? schema_pool_add(&builder->pool, text, length, &offset) : POOL_NO_MEMORY;
    if (result == POOL_NO_MEMORY)
        builder->no_memory = true;
    if (result == POOL_FULL)
        builder->storage->schema.truncated = true;
    return offset;
}

uint32_t schema_builder_text(struct schema_builder *builder, const char *text)
{
    return text ? schema_builder_text_n(builder, text, strlen(text)) : 0;
}

const char *schema_builder_get_text(const struct schema_builder *builder, uint32_t text)
{
    return text < builder->pool.size ? builder->pool.bytes + text : "";
}

struct text_list schema_builder_list(struct schema_builder *builder, const uint32_t *texts, size_t count)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.list_count;
    struct text_list list = {.first = (uint32_t)*used};
    for (size_t i = 0; i < count; i++) {
        if (!has_room(builder, &storage->lists, &builder->capacities.lists, *used, sizeof *texts, LIMIT_COLUMNS))
            break;
        storage->lists[(*used)++] = texts[i];
        list.count++;
    }
    return list;
}

uint32_t schema_builder_relation(struct schema_builder *builder, const struct schema_relation *relation)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.relation_count;
    if (!has_room(builder, &storage->relations, &builder->capacities.relations, *used, sizeof *relation, LIMIT_TABLES))
        return NO_HANDLE;
    storage->relations[*used] = (struct schema_relation){.schema = relation->schema,
                                                         .name = relation->name,
                                                         .definition = relation->definition,
                                                         .attributes = relation->attributes,
                                                         .kind = relation->kind};
    return (uint32_t)(*used)++;
}

void schema_builder_set_kind(struct schema_builder *builder, uint32_t handle, enum relation_kind kind)
{
    if (handle < builder->storage->schema.relation_count)
        builder->storage->relations[handle].kind = (uint8_t)kind;
}

void schema_builder_set_definition(struct schema_builder *builder, uint32_t handle, uint32_t definition)
{
    if (handle < builder->storage->schema.relation_count)
        builder->storage->relations[handle].definition = definition;
}

/* What belongs to a relation that was refused is dropped with it. Any other wrong handle is told when sealing. */
static bool is_dropped(const struct schema_builder *builder, uint32_t relation)
{
    return relation == NO_HANDLE && (builder->storage->schema.truncated || builder->no_memory);
}

void schema_builder_column(struct schema_builder *builder, const struct schema_column *column)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.column_count;
    if (is_dropped(builder, column->relation) ||
        !has_room(builder, &storage->columns, &builder->capacities.columns, *used, sizeof *column, LIMIT_COLUMNS))
        return;
    storage->columns[(*used)++] = *column;
}

struct schema_column *schema_builder_columns(struct schema_builder *builder, size_t *ret_count)
{
    *ret_count = builder->storage->schema.column_count;
    return builder->storage->columns;
}

void schema_builder_constraint(struct schema_builder *builder, const struct schema_constraint *constraint)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.constraint_count;
    if (is_dropped(builder, constraint->relation) ||
        !has_room(builder, &storage->constraints, &builder->capacities.constraints, *used, sizeof *constraint,
                  LIMIT_CONSTRAINTS))
        return;
    struct schema_constraint *added = &storage->constraints[(*used)++];
    *added = *constraint;
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
        return;
    added->referenced_schema = 0;
    added->referenced_table = 0;
    added->referenced_columns = (struct text_list){0};
    added->on_delete = ACTION_NO_ACTION;
    added->on_update = ACTION_NO_ACTION;
}

/* A part cannot sort nulls first and last: saying both must not make two equal indexes look different. */
static struct schema_index_part normalised_part(struct schema_index_part part)
{
    if (part.flags & PART_NULLS_FIRST)
        part.flags &= (uint16_t)~PART_NULLS_LAST;
    return part;
}

/* Appends the parts and returns how many there was room for. */
static uint16_t add_parts(struct schema_builder *builder, const struct schema_index_part *parts, size_t count)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.part_count;
    if (count > UINT16_MAX) {
        count = UINT16_MAX;
        storage->schema.truncated = true;
    }
    uint16_t added = 0;
    while (added < count &&
           has_room(builder, &storage->parts, &builder->capacities.parts, *used, sizeof *parts, LIMIT_COLUMNS))
        storage->parts[(*used)++] = normalised_part(parts[added++]);
    return added;
}

void schema_builder_index(struct schema_builder *builder, const struct schema_index *index,
                          const struct schema_index_part *parts, size_t part_count)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.index_count;
    if (is_dropped(builder, index->relation) ||
        !has_room(builder, &storage->indexes, &builder->capacities.indexes, *used, sizeof *index, LIMIT_INDEXES))
        return;
    struct schema_index *added = &storage->indexes[(*used)++];
    *added = *index;
    added->first_part = (uint32_t)storage->schema.part_count;
    added->part_count = add_parts(builder, parts, part_count);
}

void schema_builder_object(struct schema_builder *builder, const struct schema_object *object)
{
    struct schema_storage *storage = builder->storage;
    size_t *used = &storage->schema.object_count;
    if (has_room(builder, &storage->objects, &builder->capacities.objects, *used, sizeof *object, LIMIT_SCHEMA_OBJECTS))
        storage->objects[(*used)++] = *object;
}

struct schema_relation *schema_builder_relations(struct schema_builder *builder, size_t *ret_count)
{
    *ret_count = builder->storage->schema.relation_count;
    return builder->storage->relations;
}

struct schema_object *schema_builder_objects(struct schema_builder *builder, size_t *ret_count)
{
    *ret_count = builder->storage->schema.object_count;
    return builder->storage->objects;
}

/* Notes why a run is not what was asked for; returns whether it is. */
static bool runs_went_well(struct schema_builder *builder, enum schema_runs_result result)
{
    if (result == RUNS_NO_MEMORY)
        builder->no_memory = true;
    if (result == RUNS_FULL)
        builder->storage->schema.truncated = true;
    return result == RUNS_OK;
}

/* The run at `start` with more elements. */
static uint32_t extend_run(struct schema_builder *builder, uint32_t start, const struct schema_attribute *attributes,
                           size_t count)
{
    if (builder->no_memory)
        return 0;
    bool fits = runs_went_well(builder, schema_runs_begin(&builder->runs, start));
    for (size_t i = 0; fits && i < count; i++)
        fits = runs_went_well(builder, schema_runs_add(&builder->runs, attributes[i]));
    uint32_t extended = 0;
    return fits && runs_went_well(builder, schema_runs_end(&builder->runs, builder->pool.bytes, &extended)) ? extended
                                                                                                            : start;
}

uint32_t schema_builder_attributes(struct schema_builder *builder, const struct schema_attribute *attributes,
                                   size_t count)
{
    return extend_run(builder, 0, attributes, count);
}

uint32_t schema_builder_add_attribute(struct schema_builder *builder, uint32_t attributes, enum attribute_key key,
                                      uint32_t text)
{
    return extend_run(builder, attributes, &(struct schema_attribute){.text = text, .key = key}, 1);
}

void schema_builder_dialect(struct schema_builder *builder, const struct dialect *dialect)
{
    builder->storage->schema.dialect = dialect;
}

void schema_builder_server(struct schema_builder *builder, const char *engine, const char *version)
{
    builder->storage->schema.engine = schema_builder_text(builder, engine);
    builder->storage->schema.server_version = schema_builder_text(builder, version);
}

void schema_builder_coverage(struct schema_builder *builder, enum schema_kind kind, enum coverage coverage,
                             const char *reason)
{
    builder->storage->schema.coverage[kind] =
        (struct schema_coverage){.coverage = coverage, .reason = schema_builder_text(builder, reason)};
}

void schema_builder_not_compared(struct schema_builder *builder, const char *words)
{
    builder->storage->schema.not_compared = schema_builder_text(builder, words);
}

void schema_builder_truncated(struct schema_builder *builder)
{
    builder->storage->schema.truncated = true;
}

void schema_builder_folds_names(struct schema_builder *builder)
{
    builder->storage->schema.folds_names = true;
}

void schema_builder_undeclared(struct schema_builder *builder, enum attribute_key key)
{
    builder->storage->schema.undeclared[key / 64] |= UINT64_C(1) << (key % 64);
}

int schema_builder_seal(struct schema_builder *builder, struct schema **ret_schema, struct error *reterr)
{
    *ret_schema = NULL;
    cleanup(schema_storage) struct schema_storage *storage = take(builder->storage);
    if (builder->no_memory)
        return error_no_memory(reterr);
    storage->pool = schema_pool_steal(&builder->pool, &storage->schema.pool_size);
    storage->attributes = schema_runs_steal(&builder->runs, &storage->schema.attribute_count);
    if (!storage->pool || !storage->attributes)
        return error_no_memory(reterr);
    if (schema_storage_seal(storage, reterr))
        return -1;
    storage->schema.references = 1;
    *ret_schema = &take(storage)->schema;
    return 0;
}
