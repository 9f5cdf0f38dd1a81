/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ALGORITHM and LOCK a statement asks for: the best that servers were seen to accept for what it does to a plain
 * table, and what to ask for instead where the table has something that stands in the way. Asking for less than is
 * possible costs time; asking for more is refused.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/mysql_canonical.h"
#include "drift/plan_mysql.h"

enum {
    TRAIT_OTHER_ENGINE = 1 << 0,
    TRAIT_FULLTEXT = 1 << 1,
    TRAIT_SPATIAL = 1 << 2,
    TRAIT_COMPRESSED = 1 << 3,
    TRAIT_VIRTUAL = 1 << 4, /* a virtual column, or the hidden one behind an index over an expression */
    TRAIT_STORED = 1 << 5,
    TRAIT_PARTITIONED = 1 << 6,
    TRAIT_VERSIONED = 1 << 7,
};

#define I ALGORITHM_INSTANT
#define N ALGORITHM_INPLACE
#define S ALGORITHM_INPLACE_SHARED
#define C ALGORITHM_COPY

/* By flavour: MySQL, MariaDB. */
static const enum mysql_algorithm best[MYSQL_OPERATIONS][2] = {
    [OPERATION_ADD_COLUMN] = {I, I},
    [OPERATION_APPEND_COLUMN] = {I, I},
    [OPERATION_ADD_VIRTUAL_COLUMN] = {I, I},
    [OPERATION_DROP_COLUMN] = {I, I},
    [OPERATION_DROP_INDEXED_COLUMN] = {N, N},
    [OPERATION_SET_DEFAULT] = {I, I},
    [OPERATION_NULLABLE] = {N, N},
    [OPERATION_WIDEN] = {N, I},
    [OPERATION_APPEND_VALUES] = {I, I},
    [OPERATION_COLLATION] = {N, I},
    [OPERATION_MOVE_COLUMN] = {N, I},
    [OPERATION_RENAME_COLUMN] = {I, I},
    [OPERATION_VIRTUAL_EXPRESSION] = {C, I},
    [OPERATION_ADD_INDEX] = {N, N},
    [OPERATION_ADD_FULLTEXT] = {S, S},
    [OPERATION_ADD_EXPRESSION_INDEX] = {S, C},
    [OPERATION_DROP_INDEX] = {N, N},
    [OPERATION_RENAME_INDEX] = {N, I},
    [OPERATION_HIDE_INDEX] = {N, I},
    [OPERATION_REPLACE_PRIMARY_KEY] = {N, N},
    [OPERATION_DROP_CHECK] = {I, I},
    [OPERATION_ENFORCE_LESS] = {I, I},
    [OPERATION_DROP_FOREIGN_KEY] = {N, I},
    [OPERATION_TABLE_COLLATION] = {N, I},
    [OPERATION_COPY] = {C, C},
};

/* At least that much where the table has one of the traits. */
static const struct {
    enum mysql_operation operation;
    unsigned traits;
    enum mysql_algorithm least[2];
} obstacles[] = {
    {OPERATION_ADD_COLUMN, TRAIT_VIRTUAL, {C, C}},
    {OPERATION_ADD_COLUMN, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_ADD_COLUMN, TRAIT_COMPRESSED, {N, N}},
    {OPERATION_APPEND_COLUMN, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_APPEND_COLUMN, TRAIT_COMPRESSED, {N, N}},
    {OPERATION_ADD_VIRTUAL_COLUMN, TRAIT_VIRTUAL | TRAIT_STORED | TRAIT_PARTITIONED | TRAIT_COMPRESSED, {C, C}},
    {OPERATION_DROP_COLUMN, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_DROP_COLUMN, TRAIT_COMPRESSED, {N, N}},
    {OPERATION_DROP_COLUMN, TRAIT_VIRTUAL, {I, C}},
    {OPERATION_DROP_INDEXED_COLUMN, TRAIT_VIRTUAL, {N, C}},
    {OPERATION_REPLACE_PRIMARY_KEY, TRAIT_VIRTUAL, {N, C}},
    {OPERATION_DROP_INDEXED_COLUMN, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_DROP_INDEXED_COLUMN, TRAIT_SPATIAL, {S, S}},
    {OPERATION_NULLABLE, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_NULLABLE, TRAIT_SPATIAL, {S, S}},
    {OPERATION_NULLABLE, TRAIT_VIRTUAL | TRAIT_STORED, {C, C}},
    {OPERATION_COLLATION, TRAIT_VIRTUAL | TRAIT_STORED, {C, C}},
    {OPERATION_MOVE_COLUMN, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_MOVE_COLUMN, TRAIT_SPATIAL, {S, S}},
    {OPERATION_MOVE_COLUMN, TRAIT_COMPRESSED, {N, N}},
    {OPERATION_MOVE_COLUMN, TRAIT_VIRTUAL | TRAIT_STORED, {C, C}},
    {OPERATION_VIRTUAL_EXPRESSION, TRAIT_PARTITIONED | TRAIT_VIRTUAL, {C, C}},
    {OPERATION_ADD_FULLTEXT, TRAIT_VERSIONED | TRAIT_PARTITIONED, {C, C}},
    {OPERATION_REPLACE_PRIMARY_KEY, TRAIT_FULLTEXT, {C, S}},
    {OPERATION_REPLACE_PRIMARY_KEY, TRAIT_SPATIAL, {S, S}},
    {OPERATION_REPLACE_PRIMARY_KEY, TRAIT_PARTITIONED, {C, C}},
};

#undef I
#undef N
#undef S
#undef C

static const struct {
    const char *clause;
    unsigned hazards;
} algorithms[MYSQL_ALGORITHMS] = {
    [ALGORITHM_INSTANT] = {"ALGORITHM=INSTANT", 0},
    [ALGORITHM_INPLACE] = {"ALGORITHM=INPLACE, LOCK=NONE", 0},
    [ALGORITHM_INPLACE_SHARED] = {"ALGORITHM=INPLACE, LOCK=SHARED", HAZARD(BLOCKS_WRITES)},
    [ALGORITHM_COPY] = {"ALGORITHM=COPY, LOCK=SHARED", HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_WRITES)},
    [ALGORITHM_NONE] = {"metadata", 0},
};

const char *mysql_algorithm_clause(enum mysql_algorithm algorithm)
{
    return algorithms[algorithm].clause;
}

unsigned mysql_algorithm_hazards(enum mysql_algorithm algorithm)
{
    return algorithms[algorithm].hazards;
}

static unsigned index_traits(const struct schema *schema, const struct schema_relation *table)
{
    unsigned traits = 0;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct schema_index *index = &schema->indexes[table->first_index + i];
        const char *method = schema_text(schema, index->method);
        traits |= strcmp(method, "fulltext") == 0 ? TRAIT_FULLTEXT : 0;
        traits |= strcmp(method, "spatial") == 0 || strcmp(method, "vector") == 0 ? TRAIT_SPATIAL : 0;
        for (size_t k = 0; k < index->part_count; k++)
            traits |= schema->parts[index->first_part + k].flags & PART_EXPRESSION ? TRAIT_VIRTUAL : 0;
    }
    return traits;
}

static unsigned table_traits(const struct schema *schema, const struct schema_relation *table)
{
    const char *engine = schema_attribute_text(schema, table->attributes, ATTRIBUTE_ENGINE);
    const char *storage = schema_attribute_text(schema, table->attributes, ATTRIBUTE_STORAGE_OPTIONS);
    unsigned traits = index_traits(schema, table);
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned flags = schema->columns[table->first_column + i].flags;
        traits |= flags & COLUMN_GENERATED_VIRTUAL ? TRAIT_VIRTUAL : 0;
        traits |= flags & COLUMN_GENERATED_STORED ? TRAIT_STORED : 0;
    }
    traits |= engine && strcasecmp(engine, "InnoDB") != 0 ? TRAIT_OTHER_ENGINE : 0;
    traits |= storage && strcasestr(storage, "COMPRESS") ? TRAIT_COMPRESSED : 0;
    traits |= schema_has_attribute(schema, table->attributes, ATTRIBUTE_PARTITION_KEY) ? TRAIT_PARTITIONED : 0;
    traits |= schema_has_attribute(schema, table->attributes, ATTRIBUTE_SYSTEM_VERSIONING) ? TRAIT_VERSIONED : 0;
    return traits;
}

/* What the table has before the plan, and what it may get in the meantime. */
static unsigned traits_of(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    int64_t other = mysql_counterpart(maker, side, relation);
    unsigned traits = table_traits(schema, &schema->relations[relation]);
    if (other >= 0) {
        const struct schema *second = mysql_side(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT);
        traits |= table_traits(second, &second->relations[other]);
    }
    return traits;
}

enum mysql_algorithm mysql_algorithm_for(const struct plan_maker *maker, enum plan_side side, size_t relation,
                                         enum mysql_operation operation)
{
    unsigned traits = traits_of(maker, side, relation);
    size_t flavour = mysql_plan_of(maker)->flavour;
    enum mysql_algorithm algorithm = best[operation][flavour];
    if (traits & TRAIT_OTHER_ENGINE)
        return ALGORITHM_COPY;
    for (size_t i = 0; i < ARRAY_LENGTH(obstacles); i++)
        if (obstacles[i].operation == operation && traits & obstacles[i].traits &&
            obstacles[i].least[flavour] > algorithm)
            algorithm = obstacles[i].least[flavour];
    return algorithm;
}

bool mysql_is_indexed(const struct schema *schema, size_t relation, const char *column)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->index_count; i++)
        if (mysql_index_uses(schema, &schema->indexes[table->first_index + i], column))
            return true;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[table->first_constraint + i];
        if (constraint->kind != CONSTRAINT_CHECK && mysql_list_has(schema, constraint->columns, column))
            return true;
    }
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* "varchar(20)": the number; 0 if it is no varchar. */
static unsigned long varchar_length(const char *type)
{
    static const char head[] = "varchar(";
    return strncmp(type, head, sizeof head - 1) == 0 ? strtoul(type + sizeof head - 1, NULL, 10) : 0;
}

static unsigned bytes_per_character(const char *charset)
{
    if (!charset || strcmp(charset, "utf8mb4") == 0 || strncmp(charset, "utf16", 5) == 0 ||
        strcmp(charset, "utf32") == 0)
        return 4;
    return strcmp(charset, "utf8mb3") == 0                                   ? 3
           : strcmp(charset, "latin1") == 0 || strcmp(charset, "ascii") == 0 ? 1
                                                                             : 2;
}

/* Longer, with as many bytes before each value that tell its length. */
static bool is_longer_varchar(const struct mysql_column *from, const struct mysql_column *to)
{
    unsigned long before = varchar_length(from->type) * bytes_per_character(from->charset);
    unsigned long after = varchar_length(to->type) * bytes_per_character(to->charset);
    return before > 0 && before <= after && (after < 256 || before > 255);
}

/* "enum('a','b')" and "enum('a','b','c')", with no more values than a byte (or what a set has then) can tell. */
static bool appends_values(const char *from, const char *to)
{
    bool values = strncmp(from, "enum(", 5) == 0 || strncmp(from, "set(", 4) == 0;
    size_t length = strlen(from);
    if (!values || strncmp(from, to, length - 1) != 0 || to[length - 1] != ',')
        return false;
    size_t commas = 0;
    for (const char *at = to; *at; at++)
        commas += *at == ',';
    return *from == 'e' ? commas < 200 : commas < 8;
}

static enum mysql_operation type_operation(const struct mysql_column *from, const struct mysql_column *to)
{
    if (is_longer_varchar(from, to))
        return OPERATION_WIDEN;
    return appends_values(from->type, to->type) ? OPERATION_APPEND_VALUES : OPERATION_COPY;
}

enum mysql_algorithm mysql_algorithm_for_column(struct plan_maker *maker, size_t relation,
                                                const struct mysql_column *from, const struct mysql_column *to)
{
    bool mariadb = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    unsigned changed = from->flags ^ to->flags;
    bool indexed = mysql_is_indexed(maker->current, relation, from->name);
    enum mysql_operation operations[6] = {OPERATION_SET_DEFAULT};
    size_t count = 1;
    enum mysql_algorithm worst = ALGORITHM_INSTANT;
    if (strcmp(from->type, to->type) != 0)
        operations[count++] = type_operation(from, to);
    if (changed & COLUMN_NULLABLE)
        operations[count++] = OPERATION_NULLABLE;
    if (!same_text(from->charset, to->charset) || (indexed && !same_text(from->collation, to->collation)))
        operations[count++] = OPERATION_COPY;
    else if (!same_text(from->collation, to->collation))
        operations[count++] = OPERATION_COLLATION;
    bool both_virtual = from->flags & to->flags & COLUMN_GENERATED_VIRTUAL;
    if (!same_text(from->generated, to->generated))
        operations[count++] = both_virtual && !indexed ? OPERATION_VIRTUAL_EXPRESSION : OPERATION_COPY;
    bool checked = to->check && !same_text(from->check, to->check);
    if ((changed & COLUMN_AUTO_INCREMENT) || (mariadb && checked) || !same_text(from->srid, to->srid))
        operations[count++] = OPERATION_COPY;
    for (size_t i = 0; i < count; i++) {
        enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, relation, operations[i]);
        worst = algorithm > worst ? algorithm : worst;
    }
    return worst;
}
