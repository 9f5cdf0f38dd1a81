/* SPDX-License-Identifier: Apache-2.0
 *
 * What a database's schema is, in canonical form: immutable after schema_builder_seal, reference-counted, readable by
 * any number of threads. Arrays of small structs sorted by name; texts are 32-bit offsets into one pool in which each
 * text stands once, so equality inside one schema is equality of numbers. 0 is "absent", and so is an empty text. A
 * schema with ten thousand tables and 150,000 columns takes some 8 MiB: keep the structs small.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_H
#define MIGRATIOND_MODEL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/digest.h"

/* Version of the canonical form: texts of different versions must not be compared with each other. */
enum { SCHEMA_FORM_VERSION = 1 };

enum relation_kind {
    RELATION_TABLE,
    RELATION_PARTITIONED,
    RELATION_PARTITION,
    RELATION_FOREIGN,
    RELATION_VIRTUAL, /* SQLite virtual table */
    RELATION_VIEW,
    RELATION_MATERIALIZED_VIEW,
    RELATION_KINDS
};

/* Flags of a column. */
enum {
    COLUMN_NULLABLE = 1 << 0,
    COLUMN_IDENTITY_ALWAYS = 1 << 1,
    COLUMN_IDENTITY_BY_DEFAULT = 1 << 2,
    COLUMN_AUTO_INCREMENT = 1 << 3, /* MySQL AUTO_INCREMENT, SQLite AUTOINCREMENT */
    COLUMN_GENERATED_STORED = 1 << 4,
    COLUMN_GENERATED_VIRTUAL = 1 << 5,
    COLUMN_HIDDEN = 1 << 6, /* INVISIBLE; hidden column of a virtual table */
};

struct schema_column {
    uint32_t relation; /* index into relations */
    uint32_t name;
    uint32_t type;               /* canonical spelling with arguments: "character varying(20)", "int unsigned" */
    uint32_t default_expression; /* 0: none */
    uint32_t generated;          /* expression; 0: not generated */
    uint16_t position;           /* 1-based, without gaps after sealing */
    uint16_t flags;
};

enum constraint_kind {
    CONSTRAINT_PRIMARY_KEY,
    CONSTRAINT_UNIQUE,
    CONSTRAINT_FOREIGN_KEY,
    CONSTRAINT_CHECK,
    CONSTRAINT_EXCLUSION,
    CONSTRAINT_KINDS
};

enum foreign_key_action {
    ACTION_NO_ACTION,
    ACTION_RESTRICT,
    ACTION_CASCADE,
    ACTION_SET_NULL,
    ACTION_SET_DEFAULT,
    FOREIGN_KEY_ACTIONS
};

/* Flags of a constraint. */
enum {
    CONSTRAINT_DEFERRABLE = 1 << 0,
    CONSTRAINT_DEFERRED = 1 << 1,
    CONSTRAINT_NOT_VALID = 1 << 2,
    CONSTRAINT_NOT_ENFORCED = 1 << 3,
    CONSTRAINT_NULLS_NOT_DISTINCT = 1 << 4,
    CONSTRAINT_AUTOMATIC_NAME = 1 << 5, /* the engine chose the name, or there is none */
};

/* Names a run of `count` texts in schema.lists, in order. */
struct text_list {
    uint32_t first;
    uint32_t count;
};

struct schema_constraint {
    uint32_t relation;
    uint32_t name; /* 0: unnamed (SQLite) */
    struct text_list columns;
    uint32_t expression;        /* check; definition of an exclusion */
    uint32_t referenced_schema; /* foreign key */
    uint32_t referenced_table;
    struct text_list referenced_columns;
    uint8_t kind; /* enum constraint_kind */
    uint8_t on_delete;
    uint8_t on_update;
    uint8_t flags;
};

/* Flags of an index. */
enum {
    INDEX_UNIQUE = 1 << 0,
    INDEX_INVALID = 1 << 1,
    INDEX_HIDDEN = 1 << 2, /* INVISIBLE, IGNORED */
    INDEX_NULLS_NOT_DISTINCT = 1 << 3,
};

/* Flags of an index part. */
enum {
    PART_EXPRESSION = 1 << 0, /* `text` is an expression, not a column */
    PART_DESCENDING = 1 << 1,
    PART_NULLS_FIRST = 1 << 2, /* set only where it differs from the order's default */
    PART_NULLS_LAST = 1 << 3,
    PART_INCLUDED = 1 << 4, /* INCLUDE column */
};

struct schema_index_part {
    uint32_t text;
    uint32_t operator_class; /* 0: the default of the type */
    uint32_t collation;      /* 0: the column's */
    uint16_t prefix;         /* MySQL: first characters only; 0: whole */
    uint16_t flags;
};

struct schema_index {
    uint32_t relation;
    uint32_t name;
    uint32_t method;    /* "btree", … ; 0: the engine's default */
    uint32_t predicate; /* partial index; 0: none */
    uint32_t first_part;
    uint16_t part_count;
    uint16_t flags;
};

struct schema_relation {
    uint32_t schema; /* 0 where the engine has no schemas */
    uint32_t name;
    uint32_t definition; /* view's query; virtual table's module call; 0 for tables */
    uint32_t first_column;
    uint32_t first_constraint;
    uint32_t first_index;
    uint32_t constraint_count;
    uint32_t index_count;
    uint16_t column_count;
    uint8_t kind; /* enum relation_kind */
    uint8_t reserved;
    struct digest digest; /* over everything above and all its columns, constraints and indexes, by their texts */
};

struct schema_enum {
    uint32_t schema;
    uint32_t name;
    struct text_list labels; /* in the type's order */
};

struct schema_sequence {
    uint32_t schema;
    uint32_t name;
    uint32_t type;
    uint32_t owner_table; /* 0: not owned */
    uint32_t owner_column;
    uint32_t cycles; /* 0 or 1 */
    int64_t start;
    int64_t increment;
    int64_t minimum;
    int64_t maximum;
    int64_t cache;
};

/* The kinds for which coverage is told: what a role cannot see is partial or unread, never absent. */
enum schema_kind {
    SCHEMA_TABLES,
    SCHEMA_COLUMNS,
    SCHEMA_CONSTRAINTS,
    SCHEMA_INDEXES,
    SCHEMA_VIEWS,
    SCHEMA_ENUMS,
    SCHEMA_SEQUENCES,
    SCHEMA_KINDS
};
enum coverage { COVERAGE_FULL, COVERAGE_PARTIAL, COVERAGE_NONE, COVERAGE_NOT_APPLICABLE, COVERAGES };

struct schema_coverage {
    enum coverage coverage;
    uint32_t reason; /* text: what is not seen and which grant shows it; 0 when full */
};

struct schema {
    unsigned references;     /* atomic */
    uint32_t engine;         /* "postgres", "mysql", "mariadb", "sqlite" */
    uint32_t server_version; /* "15.18", not part of the digest */
    bool truncated;          /* a limit was reached: never compare, never trust an absence */
    const char *pool;        /* texts, each with its NUL; offset 0 is the absent text */
    size_t pool_size;
    const struct schema_relation *relations;     /* sorted by schema, name (bytes) */
    const struct schema_column *columns;         /* by relation, position */
    const struct schema_constraint *constraints; /* by relation, kind, name, columns */
    const struct schema_index *indexes;          /* by relation, name */
    const struct schema_index_part *parts;
    const uint32_t *lists;
    const struct schema_enum *enums;         /* by schema, name */
    const struct schema_sequence *sequences; /* by schema, name */
    size_t relation_count;
    size_t column_count;
    size_t constraint_count;
    size_t index_count;
    size_t part_count;
    size_t list_count;
    size_t enum_count;
    size_t sequence_count;
    struct schema_coverage coverage[SCHEMA_KINDS];
    struct digest digest; /* fingerprint of all objects and of SCHEMA_FORM_VERSION */
};

/* "" for 0. Valid as long as the schema. */
const char *schema_text(const struct schema *schema, uint32_t text);

/* NULL for 0. */
const char *schema_text_or_null(const struct schema *schema, uint32_t text);

/* The relation of that name, or NULL. `schema_name` NULL or "" stands for engines without schemas. */
const struct schema_relation *schema_find_relation(const struct schema *schema, const char *schema_name,
                                                   const char *name);

const struct schema_column *schema_find_column(const struct schema *schema, const struct schema_relation *relation,
                                               const char *name);

/* Whether it holds rows of its own: not a view of any kind. */
bool relation_is_table(const struct schema_relation *relation);

/* Number of relations that are tables. */
size_t schema_table_count(const struct schema *schema);

/* Bytes of memory that the schema takes. */
size_t schema_memory(const struct schema *schema);

/* "table", "view", …: the words of the JSON form. */
const char *relation_kind_name(enum relation_kind kind);
const char *constraint_kind_name(enum constraint_kind kind);
const char *foreign_key_action_name(enum foreign_key_action action);
const char *schema_kind_name(enum schema_kind kind);
const char *coverage_name(enum coverage coverage);

/* The number that has the name, or -1. */
int relation_kind_from_name(const char *text);
int constraint_kind_from_name(const char *text);
int foreign_key_action_from_name(const char *text);
int coverage_from_name(const char *text);

/* Thread-safe. schema_unref accepts NULL. */
struct schema *schema_ref(struct schema *schema);
void schema_unref(struct schema *schema);

DEFINE_CLEANUP(schema, struct schema *, schema_unref);

#endif
