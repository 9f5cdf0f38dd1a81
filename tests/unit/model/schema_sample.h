/* SPDX-License-Identifier: Apache-2.0
 *
 * Schemas for tests: one small schema in which every attribute can be varied alone, and random ones whose objects can
 * be added in any order. Functions fail the running cmocka test on any trouble.
 */
#ifndef MIGRATIOND_TESTS_SCHEMA_SAMPLE_H
#define MIGRATIOND_TESTS_SCHEMA_SAMPLE_H

#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "model/schema_builder.h"

enum { SAMPLE_LAST_VARIATION = 79 };

/* The run of one attribute, or of none where `text` is NULL. */
static inline uint32_t sample_attribute(struct schema_builder *builder, enum attribute_key key, const char *text)
{
    struct schema_attribute attribute = {.key = key, .text = schema_builder_text(builder, text)};
    return schema_builder_attributes(builder, &attribute, text ? 1 : 0);
}

/* Adds the objects of a schema as an engine would; seals nothing. Variation 0 is the schema itself, each of the others
 * up to SAMPLE_LAST_VARIATION differs from it in one attribute. */
static inline void sample_build(struct schema_builder *builder, unsigned variation)
{
#define V(number, value, other) (variation == (number) ? (other) : (value))
#define T(text) schema_builder_text(builder, (text))
    schema_builder_server(builder, V(1, "postgres", "mysql"), "15.18");
    schema_builder_coverage(builder, SCHEMA_VIEWS, COVERAGE_PARTIAL, "GRANT SELECT");
    uint32_t users = schema_builder_relation(
        builder,
        &(struct schema_relation){.schema = T(V(2, "public", "app")),
                                  .name = T(V(3, "users", "Users")),
                                  .kind = V(4, RELATION_TABLE, RELATION_FOREIGN),
                                  .attributes = sample_attribute(builder, ATTRIBUTE_ROW_SECURITY, V(68, NULL, "")),
                                  .definition = T(V(5, NULL, "x"))});
    uint32_t orders = schema_builder_relation(
        builder, &(struct schema_relation){.schema = T("public"), .name = T("orders"), .kind = RELATION_PARTITIONED});
    uint32_t view = schema_builder_relation(
        builder, &(struct schema_relation){.schema = T("public"),
                                           .name = T("active"),
                                           .kind = V(6, RELATION_VIEW, RELATION_MATERIALIZED_VIEW),
                                           .definition = T(V(7, "SELECT 1", "SELECT 2"))});
    schema_builder_column(
        builder,
        &(struct schema_column){.relation = users,
                                .name = T(V(8, "id", "key")),
                                .type = T(V(9, "bigint", "integer")),
                                .default_expression = T(V(10, NULL, "0")),
                                .generated = T(V(11, NULL, "1 + 1")),
                                .attributes = sample_attribute(builder, ATTRIBUTE_COLLATION, V(69, "C", "POSIX")),
                                .flags = V(12, COLUMN_IDENTITY_ALWAYS, COLUMN_IDENTITY_BY_DEFAULT),
                                .position = 3});
    schema_builder_column(builder, &(struct schema_column){.relation = users,
                                                           .name = T("email"),
                                                           .type = T("text"),
                                                           .flags = V(13, 0, COLUMN_NULLABLE),
                                                           .position = V(14, 7, 1)});
    schema_builder_column(builder, &(struct schema_column){.relation = users,
                                                           .name = T("total"),
                                                           .type = T("numeric"),
                                                           .generated = T(V(15, "a * b", "a + b")),
                                                           .flags = V(16, COLUMN_GENERATED_STORED, 0),
                                                           .position = 9});
    schema_builder_column(builder,
                          &(struct schema_column){.relation = V(17, users, orders),
                                                  .name = T("last"),
                                                  .type = T("text"),
                                                  .flags = V(18, 0, COLUMN_AUTO_INCREMENT) | V(19, 0, COLUMN_HIDDEN),
                                                  .position = 10});
    schema_builder_column(
        builder, &(struct schema_column){.relation = orders, .name = T("user_id"), .type = T("bigint"), .position = 1});
    schema_builder_column(
        builder, &(struct schema_column){.relation = view, .name = T("id"), .type = T("bigint"), .position = 1});
    if (variation != 20)
        schema_builder_column(
            builder, &(struct schema_column){.relation = view, .name = T("email"), .type = T("text"), .position = 2});

    uint32_t key[] = {T(V(8, "id", "key")), T("email")};
    uint32_t reversed[] = {key[1], key[0]};
    uint32_t user_id = T("user_id");
    schema_builder_constraint(
        builder, &(struct schema_constraint){
                     .relation = users,
                     .kind = V(21, CONSTRAINT_PRIMARY_KEY, CONSTRAINT_UNIQUE),
                     .name = T(V(22, "users_pkey", NULL)),
                     .columns = schema_builder_list(builder, V(23, key, reversed), V(24, 2, 1)),
                     .attributes = sample_attribute(builder, ATTRIBUTE_INCLUDE, V(70, NULL, "total")),
                     .flags = V(25, 0, CONSTRAINT_DEFERRABLE) | V(26, 0, CONSTRAINT_DEFERRED) |
                              V(27, 0, CONSTRAINT_NOT_VALID) | V(28, 0, CONSTRAINT_NOT_ENFORCED) |
                              V(29, 0, CONSTRAINT_NULLS_NOT_DISTINCT) | V(30, 0, CONSTRAINT_AUTOMATIC_NAME)});
    schema_builder_constraint(builder,
                              &(struct schema_constraint){.relation = users,
                                                          .kind = V(31, CONSTRAINT_CHECK, CONSTRAINT_EXCLUSION),
                                                          .expression = T(V(32, "total > 0", "total >= 0"))});
    if (variation != 33)
        schema_builder_constraint(
            builder,
            &(struct schema_constraint){.relation = users, .kind = CONSTRAINT_CHECK, .expression = T("total < 9")});
    schema_builder_constraint(builder,
                              &(struct schema_constraint){
                                  .relation = orders,
                                  .kind = CONSTRAINT_FOREIGN_KEY,
                                  .name = T("orders_user_fk"),
                                  .columns = schema_builder_list(builder, &user_id, 1),
                                  .referenced_schema = T(V(34, "public", NULL)),
                                  .referenced_table = T(V(35, "users", "people")),
                                  .referenced_columns = schema_builder_list(builder, V(36, key, reversed), V(37, 1, 0)),
                                  .on_delete = V(38, ACTION_CASCADE, ACTION_SET_NULL),
                                  .on_update = V(39, ACTION_NO_ACTION, ACTION_RESTRICT)});

    struct schema_index_part parts[] = {
        {.text = T(V(40, "email", "total")),
         .operator_class = T(V(41, NULL, "text_pattern_ops")),
         .collation = T(V(42, NULL, "C")),
         .prefix = V(43, 0, 10),
         .flags = V(44, 0, PART_DESCENDING) | V(45, 0, PART_NULLS_FIRST) | V(46, 0, PART_NULLS_LAST) |
                  V(47, 0, PART_INCLUDED) | V(48, 0, PART_EXPRESSION)},
        {.text = T("lower(email)"), .flags = PART_EXPRESSION},
    };
    schema_builder_index(
        builder,
        &(struct schema_index){.relation = users,
                               .name = T(V(49, "ix_email", "ix_mail")),
                               .method = T(V(50, NULL, "hash")),
                               .predicate = T(V(51, NULL, "total > 0")),
                               .attributes = sample_attribute(builder, ATTRIBUTE_PARSER, V(71, NULL, "ngram")),
                               .flags = V(52, 0, INDEX_UNIQUE) | V(53, 0, INDEX_INVALID) | V(54, 0, INDEX_HIDDEN) |
                                        V(55, 0, INDEX_NULLS_NOT_DISTINCT)},
        parts, V(56, 2, 1));
    if (variation != 57)
        schema_builder_index(builder, &(struct schema_index){.relation = users, .name = T("ix_other")}, parts, 1);

    struct schema_attribute labels[] = {{.key = ATTRIBUTE_VALUES, .text = T(V(59, "low", "high"))},
                                        {.key = ATTRIBUTE_VALUES, .text = T("")},
                                        {.key = ATTRIBUTE_VALUES, .text = T(V(59, "high", "low"))},
                                        {.key = ATTRIBUTE_COMMENT, .text = T(V(72, "words", "other words"))}};
    schema_builder_object(builder, &(struct schema_object){.kind = OBJECT_ENUM,
                                                           .schema = T("public"),
                                                           .name = T(V(58, "level", "levels")),
                                                           .attributes = schema_builder_attributes(
                                                               builder, labels + V(60, 0, 1), V(60, 4, 3))});
    struct schema_attribute numbers[] = {{.key = ATTRIBUTE_TYPE, .text = T(V(61, "bigint", "integer"))},
                                         {.key = ATTRIBUTE_START, .text = T(V(62, "1", "-9223372036854775808"))},
                                         {.key = ATTRIBUTE_INCREMENT, .text = T(V(63, "1", "-1"))},
                                         {.key = ATTRIBUTE_MIN, .text = T(V(64, "1", "0"))},
                                         {.key = ATTRIBUTE_MAX, .text = T(V(65, "9223372036854775807", "9"))},
                                         {.key = ATTRIBUTE_CACHE, .text = T(V(66, "1", "20"))},
                                         {.key = ATTRIBUTE_OWNER, .text = T("users.id")},
                                         {.key = ATTRIBUTE_CYCLE}};
    schema_builder_object(
        builder, &(struct schema_object){.kind = V(73, OBJECT_SEQUENCE, OBJECT_DOMAIN),
                                         .schema = T(V(74, "public", NULL)),
                                         .name = T("users_id_seq"),
                                         .attributes = schema_builder_attributes(builder, numbers, V(67, 7, 8))});
    struct schema_attribute trigger[] = {{.key = ATTRIBUTE_ROLES, .text = T(V(75, "app", "ops"))},
                                         {.key = ATTRIBUTE_ROLES, .text = T(V(75, "ops", "app"))},
                                         {.key = ATTRIBUTE_BODY, .text = T(V(76, "BEGIN END", "BEGIN  END"))}};
    schema_builder_object(
        builder, &(struct schema_object){.kind = OBJECT_TRIGGER,
                                         .schema = T("public"),
                                         .relation_name = T(V(77, "users", "orders")),
                                         .name = T("watch"),
                                         .arguments = T(V(78, NULL, "integer")),
                                         .attributes = schema_builder_attributes(builder, trigger, V(79, 3, 2))});
#undef T
#undef V
}

static inline struct schema *sample_seal(struct schema_builder *builder)
{
    struct error error = {0};
    struct schema *schema = NULL;
    if (schema_builder_seal(builder, &schema, &error))
        fail_msg("%s", error.message);
    return schema;
}

static inline struct schema *sample_new(unsigned variation)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    sample_build(builder, variation);
    return sample_seal(builder);
}

enum { RANDOM_RELATIONS = 12, RANDOM_CHILDREN = 120, RANDOM_TEXTS = 12, RANDOM_ATTRIBUTES = 6 };

static inline uint32_t sample_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* A few texts, hostile ones among them, so that names and expressions repeat across objects. */
static inline uint32_t sample_text(struct schema_builder *builder, uint32_t number)
{
    static const char *const texts[RANDOM_TEXTS] = {NULL,
                                                    "a",
                                                    "b\"",
                                                    "line\nfeed",
                                                    "\xe2\x80\xae rtl \xe2\x80\xac",
                                                    "\xff\xfe",
                                                    "\\xff",
                                                    "public",
                                                    "\xc3\xa4\xc3",
                                                    "a.b",
                                                    "long name with blanks and more than eight bytes",
                                                    "\x7f\x01"};
    return schema_builder_text(builder, texts[number % RANDOM_TEXTS]);
}

/* A name that no other object of its kind has. */
static inline uint32_t sample_name(struct schema_builder *builder, uint32_t number)
{
    char name[32] = "";
    snprintf(name, sizeof name, "%c%u\xc3\xbc", (int)('A' + number * 7 % 50), number);
    return schema_builder_text(builder, name);
}

static inline struct text_list sample_list(struct schema_builder *builder, uint32_t *seed)
{
    uint32_t texts[3] = {0};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        texts[i] = sample_text(builder, sample_random(seed));
    return schema_builder_list(builder, texts, sample_random(seed) % (ARRAY_LENGTH(texts) + 1));
}

/* Adds the `number`-th object; what it is depends on `seed` and `number` only, not on what was added before. */
static inline void sample_child(struct schema_builder *builder, const uint32_t *handles, uint32_t seed, uint32_t number)
{
    uint32_t random = (seed + number) * 2654435761u | 1;
    sample_random(&random);
    uint32_t relation = handles[sample_random(&random) % RANDOM_RELATIONS];
    uint32_t kind = sample_random(&random) % 12;
    if (kind < 5) {
        schema_builder_column(builder, &(struct schema_column){.relation = relation,
                                                               .name = sample_name(builder, number),
                                                               .type = sample_text(builder, sample_random(&random)),
                                                               .default_expression = sample_text(builder, kind),
                                                               .generated = kind == 1 ? sample_text(builder, 9) : 0,
                                                               .flags = (uint16_t)(sample_random(&random) % 128),
                                                               .position = (uint16_t)(number + 1)});
    } else if (kind < 8) {
        schema_builder_constraint(
            builder, &(struct schema_constraint){.relation = relation,
                                                 .kind = (uint8_t)(sample_random(&random) % CONSTRAINT_KINDS),
                                                 .name = sample_text(builder, sample_random(&random) % 2),
                                                 .columns = {0},
                                                 .expression = sample_text(builder, sample_random(&random)),
                                                 .referenced_table = sample_text(builder, sample_random(&random)),
                                                 .referenced_columns = sample_list(builder, &random),
                                                 .on_delete = (uint8_t)(sample_random(&random) % FOREIGN_KEY_ACTIONS),
                                                 .flags = (uint8_t)(sample_random(&random) % 64)});
    } else if (kind < 10) {
        struct schema_index_part parts[2] = {
            {.text = sample_text(builder, sample_random(&random)), .flags = (uint16_t)(sample_random(&random) % 32)},
            {.text = sample_text(builder, sample_random(&random)), .prefix = (uint16_t)sample_random(&random)}};
        schema_builder_index(builder,
                             &(struct schema_index){.relation = relation, .name = sample_name(builder, number)}, parts,
                             sample_random(&random) % 3);
    } else {
        struct schema_attribute attributes[RANDOM_ATTRIBUTES] = {{0}};
        for (size_t i = 0; i < RANDOM_ATTRIBUTES; i++)
            attributes[i] = (struct schema_attribute){.key = 1 + sample_random(&random) % (ATTRIBUTE_KEYS - 1),
                                                      .text = sample_text(builder, sample_random(&random))};
        schema_builder_object(builder, &(struct schema_object){
                                           .kind = sample_random(&random) % OBJECT_KINDS,
                                           .schema = sample_text(builder, sample_random(&random)),
                                           .relation_name = sample_text(builder, sample_random(&random)),
                                           .name = sample_name(builder, number),
                                           .arguments = sample_text(builder, sample_random(&random)),
                                           .attributes = schema_builder_attributes(
                                               builder, attributes, sample_random(&random) % (RANDOM_ATTRIBUTES + 1))});
    }
}

/* A random permutation of 0 … count-1; `seed` 0 keeps them in order. */
static inline void sample_shuffle(uint32_t *numbers, size_t count, uint32_t seed)
{
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = i;
    for (size_t i = count; seed && i > 1; i--) {
        size_t j = sample_random(&seed) % i;
        uint32_t moved = numbers[i - 1];
        numbers[i - 1] = numbers[j];
        numbers[j] = moved;
    }
}

/* The random schema number `seed`, its objects added in the order number `order`. */
static inline struct schema *sample_random_schema(uint32_t seed, uint32_t order)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    assert_non_null(builder);
    uint32_t numbers[RANDOM_CHILDREN] = {0};
    uint32_t handles[RANDOM_RELATIONS] = {0};
    schema_builder_server(builder, "sqlite", "3.40.1");
    sample_shuffle(numbers, RANDOM_RELATIONS, order);
    for (size_t i = 0; i < RANDOM_RELATIONS; i++)
        handles[numbers[i]] = schema_builder_relation(
            builder, &(struct schema_relation){.schema = sample_text(builder, 7 * (numbers[i] % 2)),
                                               .name = sample_name(builder, numbers[i]),
                                               .kind = (uint8_t)((seed + numbers[i]) % RELATION_KINDS)});
    sample_shuffle(numbers, RANDOM_CHILDREN, order);
    for (size_t i = 0; i < RANDOM_CHILDREN; i++)
        sample_child(builder, handles, seed * 1000, numbers[i]);
    return sample_seal(builder);
}

#endif
