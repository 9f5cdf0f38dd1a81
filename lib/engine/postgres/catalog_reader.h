/* SPDX-License-Identifier: Apache-2.0
 *
 * One reading of the catalogues: a table of queries, each with the function that takes its rows, and what later rows
 * need to know of earlier ones. Everything goes straight into the builder; the reader and its lookups are gone when the
 * schema is. Internal to the engine; one thread.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_CATALOG_READER_H
#define MIGRATIOND_ENGINE_POSTGRES_CATALOG_READER_H

#include "base/arena.h"
#include "engine/postgres/number_map.h"
#include "engine/postgres/postgres_copy.h"
#include "engine/postgres/postgres_session.h"

#define CATALOG_NONE UINT32_MAX

/* Object identifiers that are the same on every server. */
enum { OID_CLASS_CATALOG = 1259, OID_TYPE_CATALOG = 1247 };

struct catalog_relation {
    uint32_t schema; /* text */
    uint32_t name;   /* text */
    uint32_t handle; /* of the builder; CATALOG_NONE: known only as a foreign key's target */
    uint32_t first_column;
    uint32_t column_count;
    bool is_partition;
};

struct catalog_column {
    uint32_t relation; /* index into relation_list */
    uint32_t number;
    uint32_t name;  /* text */
    uint32_t type;  /* index into type_list */
    uint32_t place; /* in the builder's columns; CATALOG_NONE */
    uint32_t collation;
};

struct catalog_type {
    uint32_t oid;
    int32_t modifier;
    uint32_t text; /* how the server writes it; 0 until asked */
};

struct operator_class {
    const char *name; /* in the arena */
    uint32_t method;
    uint32_t input_type;
    bool is_default;
};

struct catalog_array {
    void *items;
    size_t count;
    size_t capacity;
};

struct catalog_reader {
    struct postgres_session *session;
    struct schema_builder *builder;
    const struct engine_scope *scope;
    struct arena *arena;                   /* names of which few are used */
    struct number_map namespaces;          /* oid: text; the user's */
    struct number_map scoped;              /* oid of namespaces that are to be read */
    struct number_map members;             /* catalogue and oid of what extensions own */
    struct number_map methods;             /* oid: text */
    struct number_map classes;             /* oid: index into operator_classes */
    struct number_map defaults;            /* method and type that has a default class of its own: 1 */
    struct number_map collations;          /* oid: index into collation_names */
    struct number_map relations;           /* oid: index into relation_list */
    struct number_map generated;           /* relation's oid and attribute number of generated columns: 1 */
    struct number_map types;               /* oid and modifier: index into type_list */
    struct number_map backing;             /* oid of indexes that are a constraint's */
    struct catalog_array operator_classes; /* struct operator_class */
    struct catalog_array collation_names;  /* const char * */
    struct catalog_array relation_list;    /* struct catalog_relation */
    struct catalog_array column_list;      /* struct catalog_column; by relation and number once all are there */
    struct catalog_array type_list;        /* struct catalog_type */
    struct catalog_array labels;           /* struct schema_attribute: of the enum that is being read */
    struct schema_object type;             /* that enum */
    uint32_t type_oid;                     /* 0: none */
    int64_t sequences;                     /* in the whole database */
    int64_t identity_columns;              /* of those that were read and have a sequence of their own */
};

void catalog_reader_done(struct catalog_reader *reader);

/* Room for one more item, which is zeroed; NULL when memory is out. */
void *catalog_array_add(struct catalog_array *array, size_t size);

/* Copies a field into the arena. */
const char *catalog_keep(struct catalog_reader *reader, const struct copy_row *row, size_t field);

/* A field as a text of the builder. */
uint32_t catalog_text(struct catalog_reader *reader, const struct copy_row *row, size_t field);

/* What dropping an object while it is read looks like. */
int catalog_changed(struct catalog_reader *reader, struct error *reterr);

/* NULL if it is not known here. */
const struct catalog_relation *catalog_find_relation(const struct catalog_reader *reader, uint32_t oid);

/* The same, but only if its objects belong into the model. */
const struct catalog_relation *catalog_find_modelled(const struct catalog_reader *reader, uint32_t oid);
const struct catalog_column *catalog_find_column(const struct catalog_reader *reader, uint32_t relation_oid,
                                                 int64_t number);

/* Takers of rows; each returns -1 with `reterr` filled to end the reading. */
typedef int catalog_taker(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr);
catalog_taker catalog_take_namespace;
catalog_taker catalog_take_member;
catalog_taker catalog_take_method;
catalog_taker catalog_take_operator_class;
catalog_taker catalog_take_collation;
catalog_taker catalog_take_relation;
catalog_taker catalog_take_column;
catalog_taker catalog_take_default;
catalog_taker catalog_take_constraint;
catalog_taker catalog_take_index;
catalog_taker catalog_take_enum_label;
catalog_taker catalog_take_sequence;
catalog_taker catalog_take_sequence_count;
catalog_taker catalog_take_type;
catalog_taker catalog_take_view;

/* What is to be done after a query's last row. */
typedef void catalog_finisher(struct catalog_reader *reader);

/* Makes columns findable. */
catalog_finisher catalog_finish_columns;

/* Adds the enum whose labels were the last to be read. */
catalog_finisher catalog_finish_enums;

/* Gives every column its type's text. */
catalog_finisher catalog_finish_types;

DEFINE_CLEANUP_VALUE(catalog_reader, struct catalog_reader, catalog_reader_done);

#endif
