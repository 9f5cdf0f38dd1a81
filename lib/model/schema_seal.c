/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "model/schema_storage.h"

enum { LARGEST_ELEMENT = 72 };

_Static_assert(sizeof(struct schema_relation) <= LARGEST_ELEMENT, "fits the spare element");
_Static_assert(sizeof(struct schema_column) <= LARGEST_ELEMENT && offsetof(struct schema_column, relation) == 0,
               "fits, and begins with its relation");
_Static_assert(sizeof(struct schema_constraint) <= LARGEST_ELEMENT && offsetof(struct schema_constraint, relation) == 0,
               "fits, and begins with its relation");
_Static_assert(sizeof(struct schema_index) <= LARGEST_ELEMENT && offsetof(struct schema_index, relation) == 0,
               "fits, and begins with its relation");

typedef int compare_function(const void *a, const void *b, void *storage);

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* By bytes, so that the order is the same everywhere. */
static int compare_texts(const struct schema_storage *storage, uint32_t a, uint32_t b)
{
    return a == b ? 0 : strcmp(storage->pool + a, storage->pool + b);
}

static int compare_lists(const struct schema_storage *storage, struct text_list a, struct text_list b)
{
    for (uint32_t i = 0; i < a.count && i < b.count; i++) {
        int order = compare_texts(storage, storage->lists[a.first + i], storage->lists[b.first + i]);
        if (order != 0)
            return order;
    }
    return compare_numbers(a.count, b.count);
}

static int compare_runs(const struct schema_storage *storage, uint32_t a, uint32_t b)
{
    for (; a != b; a++, b++) {
        const struct schema_attribute *left = &storage->attributes[a];
        const struct schema_attribute *right = &storage->attributes[b];
        int order = compare_numbers(left->key, right->key);
        if (order == 0)
            order = compare_texts(storage, left->text, right->text);
        if (order != 0 || left->key == ATTRIBUTE_END)
            return order;
    }
    return 0;
}

static int compare_columns(const void *left, const void *right, void *storage)
{
    const struct schema_column *a = left;
    const struct schema_column *b = right;
    int order = compare_numbers(a->position, b->position);
    return order ? order : compare_texts(storage, a->name, b->name);
}

static int compare_references(const struct schema_storage *storage, const struct schema_constraint *a,
                              const struct schema_constraint *b)
{
    int order = compare_texts(storage, a->referenced_schema, b->referenced_schema);
    if (order == 0)
        order = compare_texts(storage, a->referenced_table, b->referenced_table);
    if (order == 0)
        order = compare_lists(storage, a->referenced_columns, b->referenced_columns);
    if (order == 0)
        order = compare_numbers(a->on_delete, b->on_delete);
    return order ? order : compare_numbers(a->on_update, b->on_update);
}

/* Down to the last attribute: unnamed constraints of one kind over the same columns exist, and the order must not
 * depend on the order in which they were found. */
static int compare_constraints(const void *left, const void *right, void *storage)
{
    const struct schema_constraint *a = left;
    const struct schema_constraint *b = right;
    int order = compare_numbers(a->kind, b->kind);
    if (order == 0)
        order = compare_texts(storage, a->name, b->name);
    if (order == 0)
        order = compare_lists(storage, a->columns, b->columns);
    if (order == 0)
        order = compare_texts(storage, a->expression, b->expression);
    if (order == 0)
        order = compare_references(storage, a, b);
    if (order == 0)
        order = compare_numbers(a->flags, b->flags);
    return order ? order : compare_runs(storage, a->attributes, b->attributes);
}

static int compare_indexes(const void *left, const void *right, void *storage)
{
    const struct schema_index *a = left;
    const struct schema_index *b = right;
    return compare_texts(storage, a->name, b->name);
}

static int compare_relations(const void *left, const void *right, void *payload)
{
    const struct schema_storage *storage = payload;
    const struct schema_relation *a = &storage->relations[*(const uint32_t *)left];
    const struct schema_relation *b = &storage->relations[*(const uint32_t *)right];
    int order = compare_texts(storage, a->schema, b->schema);
    return order ? order : compare_texts(storage, a->name, b->name);
}

static uint32_t variant_of(const struct schema_storage *storage, const struct schema_object *object)
{
    const struct schema_attribute *attribute = &storage->attributes[object->attributes];
    while (attribute->key != ATTRIBUTE_END && attribute->key < ATTRIBUTE_VARIANT)
        attribute++;
    return attribute->key == ATTRIBUTE_VARIANT ? attribute->text : 0;
}

static int compare_objects(const void *left, const void *right, void *payload)
{
    const struct schema_storage *storage = payload;
    const struct schema_object *a = left;
    const struct schema_object *b = right;
    int order = compare_numbers(a->kind, b->kind);
    if (order == 0)
        order = compare_texts(storage, a->schema, b->schema);
    if (order == 0)
        order = compare_texts(storage, a->relation_name, b->relation_name);
    if (order == 0)
        order = compare_texts(storage, a->name, b->name);
    if (order == 0)
        order = compare_texts(storage, a->arguments, b->arguments);
    return order ? order : compare_texts(storage, variant_of(storage, a), variant_of(storage, b));
}

/* Engines mostly read in order, so looking first is cheaper than sorting. */
static void sort_run(void *array, size_t count, size_t size, compare_function *compare, struct schema_storage *storage)
{
    const char *bytes = array;
    for (size_t i = 1; bytes && i < count; i++) {
        if (compare(bytes + (i - 1) * size, bytes + i * size, storage) > 0) {
            qsort_r(array, count, size, compare, storage);
            return;
        }
    }
}

/* Moves element i to place[i] along the cycles, so that no second array is needed; `place` is used up. */
static void permute(void *array, size_t count, size_t size, uint32_t *place)
{
    char spare[LARGEST_ELEMENT] = "";
    char *bytes = array;
    for (uint32_t i = 0; i < count; i++) {
        while (place[i] != i) {
            uint32_t target = place[i];
            memcpy(spare, bytes + target * size, size);
            memcpy(bytes + target * size, bytes + i * size, size);
            memcpy(bytes + i * size, spare, size);
            place[i] = place[target];
            place[target] = target;
        }
    }
}

/* What sealing needs while it runs. */
struct seal {
    struct schema_storage *storage;
    uint32_t *renumbered; /* by handle: the relation's place in order */
    uint32_t *starts;     /* by relation: its first element in the array at hand; one more at the end */
    struct error *reterr;
};

static void seal_done(struct seal *seal)
{
    mem_free(seal->renumbered);
    mem_free(seal->starts);
}

DEFINE_CLEANUP_VALUE(seal, struct seal, seal_done);

static int refuse_twice(const struct seal *seal, const char *what, uint32_t schema, uint32_t name)
{
    const char *pool = seal->storage->pool;
    return error_set(seal->reterr, ERROR_INVALID, "two %s are named %s%s%s", what, pool + schema, schema ? "." : "",
                     pool + name);
}

static int order_relations(struct seal *seal)
{
    struct schema_storage *storage = seal->storage;
    size_t count = storage->schema.relation_count;
    cleanup(free) uint32_t *order = mem_calloc(count, sizeof *order);
    cleanup(free) uint32_t *places = mem_calloc(count, sizeof *places);
    seal->renumbered = mem_calloc(count, sizeof *seal->renumbered);
    seal->starts = mem_calloc(count + 1, sizeof *seal->starts);
    if (!order || !places || !seal->renumbered || !seal->starts)
        return error_no_memory(seal->reterr);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    sort_run(order, count, sizeof *order, compare_relations, storage);
    for (uint32_t i = 0; i < count; i++) {
        const struct schema_relation *relation = &storage->relations[order[i]];
        if (i > 0 && compare_relations(&order[i - 1], &order[i], storage) == 0)
            return refuse_twice(seal, "relations", relation->schema, relation->name);
        seal->renumbered[order[i]] = i;
        places[order[i]] = i;
    }
    permute(storage->relations, count, sizeof *storage->relations, places);
    return 0;
}

/* An array whose elements begin with the number of their relation. */
struct grouped_array {
    void *elements;
    size_t count;
    size_t size;
    compare_function *compare; /* within one relation */
    const char *what;
};

static uint32_t *relation_of(const struct grouped_array *array, size_t i)
{
    return (uint32_t *)((char *)array->elements + i * array->size);
}

/* Renumbers the relations of the elements and counts the elements of each in the slot after its own. */
static int count_by_relation(struct seal *seal, const struct grouped_array *array)
{
    size_t relation_count = seal->storage->schema.relation_count;
    memset(seal->starts, 0, (relation_count + 1) * sizeof *seal->starts);
    for (size_t i = 0; i < array->count; i++) {
        uint32_t *relation = relation_of(array, i);
        if (*relation >= relation_count)
            return error_set(seal->reterr, ERROR_INVALID, "%s of a relation that does not exist", array->what);
        *relation = seal->renumbered[*relation];
        seal->starts[*relation + 1]++;
    }
    return 0;
}

/* Counting sort by relation, then by `compare` within each. Leaves each relation's beginning in seal->starts. */
static int group(struct seal *seal, const struct grouped_array *array)
{
    struct schema_storage *storage = seal->storage;
    size_t relation_count = storage->schema.relation_count;
    cleanup(free) uint32_t *places = mem_calloc(array->count, sizeof *places);
    if (!places)
        return error_no_memory(seal->reterr);
    if (count_by_relation(seal, array))
        return -1;
    for (size_t i = 0; i < relation_count; i++)
        seal->starts[i + 1] += seal->starts[i];
    /* Handing out places moves each start to the next one's; they are moved back below. */
    for (size_t i = 0; i < array->count; i++)
        places[i] = seal->starts[*relation_of(array, i)]++;
    memmove(seal->starts + 1, seal->starts, relation_count * sizeof *seal->starts);
    seal->starts[0] = 0;
    permute(array->elements, array->count, array->size, places);
    for (size_t i = 0; i < relation_count; i++) {
        uint32_t first = seal->starts[i];
        sort_run(array->elements ? relation_of(array, first) : NULL, seal->starts[i + 1] - first, array->size,
                 array->compare, storage);
    }
    return 0;
}

/* What a column says twice is said once, so that equal columns are equal in memory, digest and JSON. */
static void normalise_column(struct schema_column *column)
{
    if (column->flags & COLUMN_IDENTITY_ALWAYS)
        column->flags &= (uint16_t)~COLUMN_IDENTITY_BY_DEFAULT;
    if (column->flags & COLUMN_GENERATED_STORED)
        column->flags &= (uint16_t)~COLUMN_GENERATED_VIRTUAL;
    else if (column->generated)
        column->flags |= COLUMN_GENERATED_VIRTUAL;
}

static int group_columns(struct seal *seal)
{
    struct schema_storage *storage = seal->storage;
    struct schema *schema = &storage->schema;
    if (group(seal, &(struct grouped_array){storage->columns, schema->column_count, sizeof *storage->columns,
                                            compare_columns, "column"}))
        return -1;
    for (size_t i = 0; i < schema->relation_count; i++) {
        struct schema_relation *relation = &storage->relations[i];
        uint32_t count = seal->starts[i + 1] - seal->starts[i];
        if (count > UINT16_MAX)
            return error_set(seal->reterr, ERROR_INVALID, "%s has more than %u columns", storage->pool + relation->name,
                             UINT16_MAX);
        relation->first_column = seal->starts[i];
        relation->column_count = (uint16_t)count;
        for (uint32_t j = 0; j < count; j++) {
            struct schema_column *column = &storage->columns[relation->first_column + j];
            column->position = (uint16_t)(j + 1);
            normalise_column(column);
        }
    }
    return 0;
}

static int group_constraints(struct seal *seal)
{
    struct schema_storage *storage = seal->storage;
    struct schema *schema = &storage->schema;
    if (group(seal, &(struct grouped_array){storage->constraints, schema->constraint_count,
                                            sizeof *storage->constraints, compare_constraints, "constraint"}))
        return -1;
    for (size_t i = 0; i < schema->relation_count; i++) {
        storage->relations[i].first_constraint = seal->starts[i];
        storage->relations[i].constraint_count = seal->starts[i + 1] - seal->starts[i];
    }
    return 0;
}

static int group_indexes(struct seal *seal)
{
    struct schema_storage *storage = seal->storage;
    struct schema *schema = &storage->schema;
    if (group(seal, &(struct grouped_array){storage->indexes, schema->index_count, sizeof *storage->indexes,
                                            compare_indexes, "index"}))
        return -1;
    for (size_t i = 0; i < schema->relation_count; i++) {
        storage->relations[i].first_index = seal->starts[i];
        storage->relations[i].index_count = seal->starts[i + 1] - seal->starts[i];
    }
    for (size_t i = 1; i < schema->index_count; i++) {
        const struct schema_index *index = &storage->indexes[i];
        if (index->relation == index[-1].relation && index->name == index[-1].name)
            return refuse_twice(seal, "indexes of one relation", 0, index->name);
    }
    return 0;
}

static int refuse_objects(const struct seal *seal, const struct schema_object *object)
{
    const char *pool = seal->storage->pool;
    return error_set(seal->reterr, ERROR_INVALID, "two %s are named %s%s%s%s%s%s%s%s",
                     schema_kind_name(object_schema_kind(object->kind)), pool + object->schema,
                     object->schema ? "." : "", pool + object->relation_name, object->relation_name ? "." : "",
                     pool + object->name, object->arguments ? "(" : "", pool + object->arguments,
                     object->arguments ? ")" : "");
}

static int sort_objects(struct seal *seal)
{
    struct schema_storage *storage = seal->storage;
    struct schema *schema = &storage->schema;
    size_t counts[OBJECT_KINDS] = {0};
    for (size_t i = 0; i < schema->object_count; i++) {
        if (storage->objects[i].kind >= OBJECT_KINDS)
            return error_set(seal->reterr, ERROR_INVALID, "an object of no kind");
        counts[storage->objects[i].kind]++;
    }
    for (size_t kind = 0; kind < OBJECT_KINDS; kind++)
        schema->object_starts[kind + 1] = schema->object_starts[kind] + counts[kind];
    sort_run(storage->objects, schema->object_count, sizeof *storage->objects, compare_objects, storage);
    for (size_t i = 1; i < schema->object_count; i++)
        if (compare_objects(&storage->objects[i - 1], &storage->objects[i], storage) == 0)
            return refuse_objects(seal, &storage->objects[i]);
    return 0;
}

/* Gives spare room back. */
static int shrink(struct schema_storage *storage, struct error *reterr)
{
    const struct schema *schema = &storage->schema;
    const struct {
        void *array; /* address of the pointer */
        size_t count;
        size_t size;
    } arrays[] = {
        {&storage->relations, schema->relation_count, sizeof *storage->relations},
        {&storage->columns, schema->column_count, sizeof *storage->columns},
        {&storage->constraints, schema->constraint_count, sizeof *storage->constraints},
        {&storage->indexes, schema->index_count, sizeof *storage->indexes},
        {&storage->parts, schema->part_count, sizeof *storage->parts},
        {&storage->lists, schema->list_count, sizeof *storage->lists},
        {&storage->objects, schema->object_count, sizeof *storage->objects},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(arrays); i++) {
        void **array = arrays[i].array;
        if (!*array)
            continue;
        void *shrunk = mem_resize(*array, arrays[i].count, arrays[i].size);
        if (!shrunk)
            return error_no_memory(reterr);
        *array = shrunk;
    }
    return 0;
}

static void publish(struct schema_storage *storage)
{
    struct schema *schema = &storage->schema;
    schema->pool = storage->pool;
    schema->relations = storage->relations;
    schema->columns = storage->columns;
    schema->constraints = storage->constraints;
    schema->indexes = storage->indexes;
    schema->parts = storage->parts;
    schema->lists = storage->lists;
    schema->objects = storage->objects;
    schema->attributes = storage->attributes;
}

int schema_storage_seal(struct schema_storage *storage, struct error *reterr)
{
    cleanup(seal) struct seal seal = {.storage = storage, .reterr = reterr};
    if (shrink(storage, reterr) || order_relations(&seal) || group_columns(&seal) || group_constraints(&seal) ||
        group_indexes(&seal) || sort_objects(&seal) || schema_storage_digest(storage, reterr))
        return -1;
    publish(storage);
    return 0;
}
