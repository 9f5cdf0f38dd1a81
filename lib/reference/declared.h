/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema as a tool's own file declares it, before any engine's spelling: what Drizzle's snapshots and schema.rb are
 * read into, and what becomes a schema of the model (declared_model.c) or, for SQLite, SQL (declared_sqlite.c). Plain
 * lists in one arena; one thread. Texts are SQL of the engine, or names without quotes. Appending gives NULL when
 * memory is out.
 */
#ifndef MIGRATIOND_REFERENCE_DECLARED_H
#define MIGRATIOND_REFERENCE_DECLARED_H

#include "base/arena.h"
#include "base/error.h"
#include "model/schema.h"
#include "reference/reference.h"

/* Names in their order. */
struct declared_names {
    const char **items;
    size_t count;
    size_t capacity;
};

/* Options of a sequence, as texts; NULL: the engine's default. */
struct declared_sequence {
    struct declared_sequence *next;
    const char *schema;
    const char *name;
    const char *start;
    const char *increment;
    const char *min;
    const char *max;
    const char *cache;
    bool cycle;
};

struct declared_column {
    struct declared_column *next;
    const char *name;
    const char *type;                   /* as in DDL: "varchar(80)", "serial" */
    const char *type_schema;            /* of a type that is the user's own; then `type` is its name, "[]" behind it */
    const char *default_sql;            /* NULL: none */
    const char *generated;              /* NULL: not generated */
    const char *on_update;              /* MySQL; NULL */
    const char *charset;                /* NULL: not declared */
    const char *collation;              /* likewise */
    struct declared_sequence *identity; /* its sequence; NULL: none, or default options */
    unsigned flags;                     /* of schema_column, but for COLUMN_NULLABLE */
    bool not_null;
    bool primary_key; /* declared with the column */
};

struct declared_key {
    struct declared_key *next;
    enum constraint_kind kind;
    const char *name; /* NULL: the engine chooses */
    struct declared_names columns;
    const char *expression; /* check; definition of an exclusion */
    const char *ref_schema; /* NULL: that of the table */
    const char *ref_table;
    struct declared_names ref_columns; /* empty: its primary key */
    uint8_t on_delete;                 /* enum foreign_key_action */
    uint8_t on_update;
    uint8_t flags;       /* of schema_constraint */
    bool automatic_name; /* the tool made the name up */
};

struct declared_part {
    struct declared_part *next;
    const char *text;
    const char *operator_class; /* NULL */
    uint16_t prefix;
    uint16_t flags; /* of schema_index_part */
};

struct declared_index {
    struct declared_index *next;
    const char *name;
    struct declared_part *parts;
    const char *method; /* NULL: the engine's default */
    const char *predicate;
    uint16_t flags; /* of schema_index */
};

struct declared_policy {
    struct declared_policy *next;
    const char *schema;
    const char *table;
    const char *name;
    const char *command;
    struct declared_names roles;
    const char *using;
    const char *check;
    bool restrictive;
};

struct declared_table {
    struct declared_table *next;
    const char *schema; /* "" where there are none */
    const char *name;
    enum relation_kind kind;
    const char *definition; /* of a view */
    struct declared_column *columns;
    struct declared_key *keys;
    struct declared_index *indexes;
    struct declared_names view_options; /* "security_invoker=true" */
    const char *check_option;           /* view; NULL */
    const char *security;               /* view; NULL */
    const char *engine;                 /* MySQL; NULL: not declared */
    const char *charset;
    const char *collation;
    bool row_security;
};

struct declared_enum {
    struct declared_enum *next;
    const char *schema;
    const char *name;
    struct declared_names values;
};

struct declared {
    struct arena *arena;
    const char *source; /* "Drizzle": who cannot declare what */
    const char *engine; /* "postgres", … */
    struct declared_names schemas;
    struct declared_names extensions;
    struct declared_enum *enums;
    struct declared_sequence *sequences;
    struct declared_table *tables;
    struct declared_policy *policies;
    struct declared_table *last_table;
    bool kinds[SCHEMA_KINDS];           /* what the source can declare */
    bool constraints[CONSTRAINT_KINDS]; /* likewise */
    unsigned constraint_flags;          /* CONSTRAINT_… that it can declare */
    bool row_security;                  /* whether it declares that */
    bool include;                       /* whether it declares INCLUDE columns of indexes */
    bool no_identity;                   /* identity columns look like any other to it */
    struct declared_names undeclared;   /* tables that it says it could not declare: taken as they are */
};

/* NULL when memory is out. */
struct declared *declared_new(const char *source, const char *engine) __attribute__((warn_unused_result));
void declared_free(struct declared *declared);

bool declared_add_name(struct declared *declared, struct declared_names *names, const char *name)
    __attribute__((warn_unused_result));

/* Appends a zeroed element to a list. */
struct declared_table *declared_add_table(struct declared *declared) __attribute__((warn_unused_result));
struct declared_column *declared_add_column(struct declared *declared, struct declared_table *table)
    __attribute__((warn_unused_result));
struct declared_key *declared_add_key(struct declared *declared, struct declared_table *table,
                                      enum constraint_kind kind) __attribute__((warn_unused_result));
struct declared_index *declared_add_index(struct declared *declared, struct declared_table *table)
    __attribute__((warn_unused_result));
struct declared_part *declared_add_part(struct declared *declared, struct declared_index *index, const char *text)
    __attribute__((warn_unused_result));
struct declared_policy *declared_add_policy(struct declared *declared) __attribute__((warn_unused_result));
struct declared_enum *declared_add_enum(struct declared *declared) __attribute__((warn_unused_result));
struct declared_sequence *declared_add_sequence(struct declared *declared) __attribute__((warn_unused_result));

/* NULL if there is none. */
struct declared_table *declared_find_table(const struct declared *declared, const char *schema, const char *name);
struct declared_column *declared_find_column(const struct declared_table *table, const char *name);
const struct declared_key *declared_primary_key(const struct declared_table *table);

/* The schema, for the live one that the request names; what could not be compared is told in `remark`. */
int declared_to_schema(struct declared *declared, const struct reference_request *request,
                       struct reference *ret_reference, struct error *reterr);

DEFINE_CLEANUP(declared, struct declared *, declared_free);

#endif
