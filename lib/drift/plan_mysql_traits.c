/* SPDX-License-Identifier: Apache-2.0
 *
 * What a table is like, as far as it decides what servers can do to it in place: what it has before the plan, and what
 * it may get in the meantime.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

static const struct {
    const char *charset;
    unsigned bytes;
} widths[] = {
    {"utf8mb4", 4}, {"utf8mb3", 3}, {"utf8", 3},    {"latin1", 1}, {"latin2", 1}, {"ascii", 1},
    {"binary", 1},  {"utf16", 4},   {"utf16le", 4}, {"utf32", 4},  {"ucs2", 2},
};

unsigned mysql_character_bytes(const char *charset)
{
    for (size_t i = 0; charset && i < ARRAY_LENGTH(widths); i++)
        if (strcmp(charset, widths[i].charset) == 0)
            return widths[i].bytes;
    return 0;
}

unsigned long mysql_column_bytes(const struct mysql_column *column)
{
    enum { MOST_CHARACTER_BYTES = 4, MOST_NUMBER_BYTES = 32 };
    const char *type = column->type;
    const char *length = strchr(type, '(');
    unsigned width = mysql_character_bytes(column->charset);
    if (strstr(type, "text") || strstr(type, "blob") || strcmp(type, "json") == 0)
        return UINT32_MAX;
    if (length && strstr(type, "char"))
        return strtoul(length + 1, NULL, 10) * (width ? width : MOST_CHARACTER_BYTES);
    return length && strstr(type, "binary") ? strtoul(length + 1, NULL, 10) : MOST_NUMBER_BYTES;
}

static unsigned long named_bytes(const struct schema *schema, size_t relation, const char *name)
{
    int64_t found = mysql_find_column(schema, relation, name);
    if (found < 0)
        return 0;
    struct mysql_column column = mysql_column_of(schema, &schema->columns[found]);
    return mysql_column_bytes(&column);
}

/* A prefix's characters count as the widest. */
static unsigned long index_bytes(const struct schema *schema, const struct schema_index *index)
{
    unsigned long bytes = 0;
    for (size_t i = 0; i < index->part_count; i++) {
        const struct schema_index_part *part = &schema->parts[index->first_part + i];
        unsigned long whole = named_bytes(schema, index->relation, schema_text(schema, part->text));
        unsigned long prefix = part->prefix * 4ul;
        bytes += prefix > 0 && prefix < whole ? prefix : whole;
    }
    return bytes;
}

bool mysql_is_long_key(const struct schema *schema, const struct mysql_key *key)
{
    unsigned long bytes = 0;
    if (key->index)
        return key->index->flags & INDEX_UNIQUE && index_bytes(schema, key->index) > MYSQL_SHORT_KEY_BYTES;
    if (key->constraint->kind != CONSTRAINT_UNIQUE)
        return false;
    for (uint32_t i = 0; i < key->constraint->columns.count; i++)
        bytes +=
            named_bytes(schema, key->relation, schema_text(schema, schema->lists[key->constraint->columns.first + i]));
    return bytes > MYSQL_SHORT_KEY_BYTES;
}

/* The server says of a key that it has that it is hashed; one that comes may be, where it is long. */
static bool is_hashed(const struct plan_maker *maker, enum plan_side side, const struct mysql_key *key)
{
    const struct schema *schema = mysql_side(maker, side);
    uint32_t attributes = key->index ? key->index->attributes : key->constraint->attributes;
    enum plan_array array = key->index ? ARRAY_INDEXES : ARRAY_CONSTRAINTS;
    size_t at = key->index ? (size_t)(key->index - schema->indexes) : (size_t)(key->constraint - schema->constraints);
    if (mysql_plan_of(maker)->flavour != MYSQL_FLAVOUR_MARIADB)
        return false;
    if (schema_has_attribute(schema, attributes, ATTRIBUTE_STORAGE_OPTIONS))
        return true;
    return side == SIDE_TARGET && plan_find_task(maker, array, side, at) && mysql_is_long_key(schema, key);
}

static unsigned key_traits(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    bool oracle = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_ORACLE;
    unsigned traits = 0;
    bool keyless = true;
    for (size_t i = 0; i < table->constraint_count; i++) {
        struct mysql_key key = mysql_key_of_constraint(maker, side, table->first_constraint + i);
        traits |= oracle && key.constraint->kind == CONSTRAINT_CHECK ? TRAIT_CHECKED : 0;
        keyless &= key.constraint->kind != CONSTRAINT_PRIMARY_KEY;
        traits |= is_hashed(maker, side, &key) ? TRAIT_HASHED : 0;
    }
    for (size_t i = 0; i < table->index_count; i++) {
        struct mysql_key key = mysql_key_of_index(maker, side, table->first_index + i);
        const char *method = schema_text(schema, key.index->method);
        traits |= is_hashed(maker, side, &key) ? TRAIT_HASHED : 0;
        traits |= strcmp(method, "fulltext") == 0 ? TRAIT_FULLTEXT : 0;
        traits |= strcmp(method, "spatial") == 0 ? TRAIT_SPATIAL : 0;
        traits |= strcmp(method, "vector") == 0 ? TRAIT_VECTOR : 0;
        for (size_t k = 0; k < key.index->part_count; k++)
            traits |= schema->parts[key.index->first_part + k].flags & PART_EXPRESSION ? TRAIT_EXPRESSION : 0;
    }
    return traits | (keyless ? TRAIT_KEYLESS : 0);
}

static unsigned table_traits(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    const struct schema *schema = mysql_side(maker, side);
    const struct schema_relation *table = &schema->relations[relation];
    const char *engine = schema_attribute_text(schema, table->attributes, ATTRIBUTE_ENGINE);
    const char *storage = schema_attribute_text(schema, table->attributes, ATTRIBUTE_STORAGE_OPTIONS);
    unsigned traits = key_traits(maker, side, relation);
    for (size_t i = 0; i < table->column_count; i++)
        traits |= schema->columns[table->first_column + i].generated ? TRAIT_GENERATED : 0;
    traits |= engine && strcasecmp(engine, "InnoDB") != 0 ? TRAIT_OTHER_ENGINE : 0;
    traits |= storage && (strcasestr(storage, "COMPRESS") || strcasestr(storage, "KEY_BLOCK")) ? TRAIT_COMPRESSED : 0;
    traits |= schema_has_attribute(schema, table->attributes, ATTRIBUTE_PARTITION_KEY) ? TRAIT_PARTITIONED : 0;
    traits |= schema_has_attribute(schema, table->attributes, ATTRIBUTE_SYSTEM_VERSIONING) ? TRAIT_VERSIONED : 0;
    return traits;
}

unsigned mysql_traits(const struct plan_maker *maker, enum plan_side side, size_t relation)
{
    int64_t other = mysql_counterpart(maker, side, relation);
    unsigned traits = table_traits(maker, side, relation);
    if (other >= 0)
        traits |= table_traits(maker, side == SIDE_CURRENT ? SIDE_TARGET : SIDE_CURRENT, (size_t)other);
    return traits;
}
