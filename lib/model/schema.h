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
#include "model/dialect.h"

/* Version of the JSON form. 1 had no attributes and no objects but enums and sequences. */
enum { SCHEMA_FORM_VERSION = 2 };

/* Keys of attributes; model/schema_attributes.h is their table. 0 ends a run. */
enum attribute_key {
    ATTRIBUTE_END,
#define SCHEMA_ATTRIBUTE(name, key, form, item) ATTRIBUTE_##name,
#include "model/schema_attributes.h"
#undef SCHEMA_ATTRIBUTE
    ATTRIBUTE_KEYS
};

/* One attribute; a run of them, sorted by key and ended by ATTRIBUTE_END, belongs to everything that names the index of
 * its first. Equal runs stand once in a schema, and the run at 0 is empty. */
struct schema_attribute {
    uint32_t text; /* 0 for flags */
    uint32_t key;  /* enum attribute_key */
};

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
    uint32_t attributes;
    uint16_t position; /* 1-based, without gaps after sealing */
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
    uint32_t attributes;
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
    uint32_t attributes;
    uint32_t first_part;
    uint16_t part_count;
    uint16_t flags;
};

struct schema_relation {
    uint32_t schema; /* 0 where the engine has no schemas */
    uint32_t name;
    uint32_t definition; /* view's query; virtual table's module call; 0 for tables */
    uint32_t attributes;
    uint32_t first_column;
    uint32_t first_constraint;
    uint32_t first_index;
    uint32_t constraint_count;
    uint32_t index_count;
    uint16_t column_count;
    uint8_t kind; /* enum relation_kind */
    uint8_t reserved;
    struct digest digest; /* over everything above and all its columns, constraints and indexes, in canonical form */
};

/* Everything that is neither relation nor part of one but for its triggers and policies. */
enum object_kind {
    OBJECT_SCHEMA, /* its `schema` is 0 and `name` the schema's */
    OBJECT_EXTENSION,
    OBJECT_ENUM,
    OBJECT_DOMAIN,
    OBJECT_COMPOSITE,
    OBJECT_SEQUENCE, /* not those behind identity columns */
    OBJECT_ROUTINE,
    OBJECT_TRIGGER,
    OBJECT_POLICY,
    OBJECT_EVENT,
    OBJECT_KINDS
};

struct schema_object {
    uint32_t schema;        /* 0 where the engine has no schemas, and for schemas and extensions */
    uint32_t relation_name; /* trigger, policy: the table's or view's, in the same schema; else 0 */
    uint32_t name;
    uint32_t arguments; /* routine on PostgreSQL: types of the input arguments, which are part of its identity */
    uint32_t attributes;
    uint32_t kind; /* enum object_kind */
    struct digest digest;
};

/* The kinds for which coverage is told: what a role cannot see is partial or unread, never absent. */
enum schema_kind {
    SCHEMA_TABLES,
    SCHEMA_COLUMNS,
    SCHEMA_CONSTRAINTS,
    SCHEMA_INDEXES,
    SCHEMA_VIEWS,
    SCHEMA_SCHEMAS,
    SCHEMA_EXTENSIONS,
    SCHEMA_ENUMS,
    SCHEMA_DOMAINS,
    SCHEMA_COMPOSITES,
    SCHEMA_SEQUENCES,
    SCHEMA_ROUTINES,
    SCHEMA_TRIGGERS,
    SCHEMA_POLICIES,
    SCHEMA_EVENTS,
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
    uint32_t not_compared;   /* "2 rules, 1 publication": there, but no part of the model; nor of the digest */
    bool truncated;          /* a limit was reached: never compare, never trust an absence */
    bool folds_names;        /* the server takes names of relations for equal that differ in case only (MySQL) */
    const char *pool;        /* texts, each with its NUL; offset 0 is the absent text */
    size_t pool_size;
    const struct schema_relation *relations;     /* sorted by schema, name (bytes) */
    const struct schema_column *columns;         /* by relation, position */
    const struct schema_constraint *constraints; /* by relation, kind, name, columns */
    const struct schema_index *indexes;          /* by relation, name */
    const struct schema_index_part *parts;
    const uint32_t *lists;
    const struct schema_object *objects; /* by kind, schema, relation_name, name, arguments, variant */
    const struct schema_attribute *attributes;
    size_t relation_count;
    size_t column_count;
    size_t constraint_count;
    size_t index_count;
    size_t part_count;
    size_t list_count;
    size_t object_count;
    size_t object_starts[OBJECT_KINDS + 1]; /* where the objects of a kind begin; the last is object_count */
    size_t attribute_count;
    const struct dialect *dialect; /* static */
    struct schema_coverage coverage[SCHEMA_KINDS];
    uint64_t undeclared[(ATTRIBUTE_KEYS + 63) / 64]; /* bit per key that the source cannot declare: out of scope */
    struct digest digest; /* fingerprint: canonical forms of all that is there, and SCHEMA_CANONICAL_VERSION */
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

/* The object of that kind and name (`relation_name` and `arguments` NULL or "" where they are absent), or NULL. */
const struct schema_object *schema_find_object(const struct schema *schema, enum object_kind kind,
                                               const char *schema_name, const char *relation_name, const char *name,
                                               const char *arguments);

/* Text of the first attribute with that key in the run at `attributes`: "" for a flag, NULL if it is not there. */
const char *schema_attribute_text(const struct schema *schema, uint32_t attributes, enum attribute_key key);
bool schema_has_attribute(const struct schema *schema, uint32_t attributes, enum attribute_key key);

/* The run of that key: its first element, and how many there are. NULL and 0 if it is not there. */
const struct schema_attribute *schema_attribute_list(const struct schema *schema, uint32_t attributes,
                                                     enum attribute_key key, size_t *ret_count);

/* Whether the source of the schema cannot say the attribute, so that its absence means nothing. */
bool schema_is_undeclared(const struct schema *schema, enum attribute_key key);

/* "collation", …; how its text is compared; under which name a difference is reported (NULL: never). */
const char *attribute_key_name(enum attribute_key key);
enum text_form attribute_form(enum attribute_key key);
const char *attribute_item_name(enum attribute_key key);

/* Whether the key may stand several times in a run. */
bool attribute_is_list(enum attribute_key key);

/* Whether it holds rows of its own: not a view of any kind. */
bool relation_is_table(const struct schema_relation *relation);

/* Number of relations that are tables. */
size_t schema_table_count(const struct schema *schema);

/* Bytes of memory that the schema takes. */
size_t schema_memory(const struct schema *schema);

/* Over all that it holds, texts as the server printed them, server version and coverage too: differs wherever the JSON
 * form does. Equal schemas that were read in another order may differ. Takes a millisecond per 10,000 tables. */
uint64_t schema_content_hash(const struct schema *schema);

/* "table", "view", …: the words of the JSON form. */
const char *relation_kind_name(enum relation_kind kind);
const char *constraint_kind_name(enum constraint_kind kind);
const char *object_kind_name(enum object_kind kind); /* "enum", …: also the words of items */
const char *foreign_key_action_name(enum foreign_key_action action);
const char *schema_kind_name(enum schema_kind kind);

/* The kind under which the coverage of such objects is told. */
enum schema_kind object_schema_kind(enum object_kind kind);
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
