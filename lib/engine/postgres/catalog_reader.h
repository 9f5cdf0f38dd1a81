/* SPDX-License-Identifier: Apache-2.0
 *
 * One reading of the catalogues: what later rows need to know of earlier ones, and the functions that take rows. What
 * they find goes straight into the builder; the reader and its lookups are gone when the schema is. Internal to the
 * engine; one thread.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_CATALOG_READER_H
#define MIGRATIOND_ENGINE_POSTGRES_CATALOG_READER_H

#include "base/arena.h"
#include "engine/postgres/number_map.h"
#include "engine/postgres/postgres_copy.h"
#include "engine/postgres/postgres_session.h"

#define CATALOG_NONE UINT32_MAX

/* The server's INDEX_MAX_KEYS is 32 unless somebody rebuilt it. */
enum { CATALOG_KEYS = 128 };

/* Object identifiers that are the same on every server. */
enum {
    OID_TYPE_CATALOG = 1247,
    OID_CLASS_CATALOG = 1259,
    OID_NAMESPACE_CATALOG = 2615,
    OID_TRIGGER_CATALOG = 2620,
    OID_POLICY_CATALOG = 3256,
    OID_DEFAULT_COLLATION = 100,
    OID_PG_CATALOG = 11,
};

struct catalog_relation {
    uint32_t space;  /* oid of its namespace */
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

/* A type as columns of one namespace have it: how it is written depends on where it is written. */
struct catalog_type {
    uint32_t oid;
    int32_t modifier;
    uint32_t space; /* only where several namespaces are read as if each were the only one; else 0 */
    uint32_t text;  /* how the server writes it; 0 until asked */
    uint32_t collation;
    bool is_domain;
};

/* The quoted name of what is written without its namespace in that namespace. */
struct catalog_name {
    const char *qualified; /* in the arena */
    uint32_t bare;         /* where the name itself begins */
    uint32_t space;        /* oid of its namespace */
};

struct operator_class {
    struct catalog_name name;
    uint32_t method;
    uint32_t input_type;
    bool is_default;
};

struct catalog_array {
    void *items;
    size_t count;
    size_t capacity;
};

/* What the whole database has of things that few databases have: queries for none are not sent. */
struct catalog_counts {
    int64_t sequences;
    int64_t unusual_sequences; /* that a plain `serial` or identity column would not have made */
    int64_t routines;
    int64_t policies;
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
    struct number_map collations;          /* oid: index into collation_list */
    struct number_map relations;           /* oid: index into relation_list */
    struct number_map domains;             /* oid: 1 */
    struct number_map composites;          /* oid of their pg_class row: 1 */
    struct number_map generated;           /* relation's oid and attribute number of generated columns: 1 */
    struct number_map local_types;         /* oid and namespace: a number from 1 on */
    struct number_map types;               /* oid, or that number, and modifier: index into type_list */
    struct number_map backing;             /* oid of indexes that are a constraint's */
    struct catalog_array operator_classes; /* struct operator_class */
    struct catalog_array collation_list;   /* struct catalog_name */
    struct catalog_array relation_list;    /* struct catalog_relation */
    struct catalog_array column_list;      /* struct catalog_column; by relation and number once all are there */
    struct catalog_array type_list;        /* struct catalog_type */
    struct catalog_array run;              /* struct schema_attribute: of what is being read */
    struct schema_object draft;            /* an object of which several rows tell */
    uint32_t draft_oid;                    /* 0: none */
    struct catalog_counts counts;
    int64_t identity_columns; /* of those that were read and have a sequence of their own */
    struct strbuf uncompared; /* "2 rules, 1 publication" */
    bool no_memory;           /* of `run`; told at the end */
};

void catalog_reader_done(struct catalog_reader *reader);

/* Room for one more item, which is zeroed; NULL when memory is out. */
void *catalog_array_add(struct catalog_array *array, size_t size);

/* A field as a text of the builder. */
uint32_t catalog_text(struct catalog_reader *reader, const struct copy_row *row, size_t field);

/* Likewise, of an expression: without blanks and parentheses around all of it. */
uint32_t catalog_expression(struct catalog_reader *reader, const struct copy_row *row, size_t field);

/* What dropping an object while it is read looks like. */
int catalog_changed(struct catalog_reader *reader, struct error *reterr);

/* Adds to the attributes of what is being read; with catalog_note, a text of 0 adds none. */
void catalog_note_text(struct catalog_reader *reader, enum attribute_key key, uint32_t text);
void catalog_note(struct catalog_reader *reader, enum attribute_key key, uint32_t text);
void catalog_note_word(struct catalog_reader *reader, enum attribute_key key, const char *word); /* NULL: none */
void catalog_note_flag(struct catalog_reader *reader, enum attribute_key key, bool is_set);
void catalog_note_array(struct catalog_reader *reader, enum attribute_key key, const char *array);
void catalog_note_options(struct catalog_reader *reader, const char *array); /* as one text of storage options */

/* The attributes noted so far as the builder's run; the next note begins another. */
uint32_t catalog_take_run(struct catalog_reader *reader);

/* Adds the object with the attributes noted so far. */
void catalog_add_object(struct catalog_reader *reader, const struct schema_object *object);

/* Begins the object of which several rows tell, after finishing the one before; false if it was begun already. */
bool catalog_begin_draft(struct catalog_reader *reader, uint32_t oid, const struct schema_object *object);

/* Whether objects of the namespace are to be read; its text. */
bool catalog_in_scope(const struct catalog_reader *reader, uint32_t space, uint32_t *ret_schema);
bool catalog_is_member(const struct catalog_reader *reader, uint32_t catalog, uint32_t oid);

/* NULL if it is not known here. */
const struct catalog_relation *catalog_find_relation(const struct catalog_reader *reader, uint32_t oid);

/* The same, but only if its objects belong into the model. */
const struct catalog_relation *catalog_find_modelled(const struct catalog_reader *reader, uint32_t oid);
const struct catalog_column *catalog_find_column(const struct catalog_reader *reader, uint32_t relation_oid,
                                                 int64_t number);

/* "unlogged", or NULL. */
const char *catalog_persistence(const struct copy_row *row, size_t field);

/* The names of a relation's columns by their numbers; at most CATALOG_KEYS. Fails where one is not known. */
int catalog_name_columns(struct catalog_reader *reader, const struct copy_row *row, size_t field, uint32_t relation_oid,
                         uint32_t *ret_names, size_t *ret_count, struct error *reterr);

/* Whether only what stands in some namespaces is read, each as if it had no name. */
bool catalog_reads_own(const struct catalog_reader *reader);

/* How the name is written in the namespace. */
const char *catalog_name_in(const struct catalog_reader *reader, const struct catalog_name *name, uint32_t space);

/* Likewise, of a collation; "" if it is not known. */
const char *catalog_collation(const struct catalog_reader *reader, uint32_t oid, uint32_t space);

/* Takers of rows; each returns -1 with `reterr` filled to end the reading. */
typedef int catalog_taker(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr);
catalog_taker catalog_take_member;
catalog_taker catalog_take_namespace;
catalog_taker catalog_take_counts;
catalog_taker catalog_take_uncompared;
catalog_taker catalog_take_extension;
catalog_taker catalog_take_method;
catalog_taker catalog_take_operator_class;
catalog_taker catalog_take_collation;
catalog_taker catalog_take_relation;
catalog_taker catalog_take_parent;
catalog_taker catalog_take_column;
catalog_taker catalog_take_default;
catalog_taker catalog_take_comment;
catalog_taker catalog_take_constraint;
catalog_taker catalog_take_index;
catalog_taker catalog_take_type;
catalog_taker catalog_take_domain;
catalog_taker catalog_take_composite;
catalog_taker catalog_take_sequence;
catalog_taker catalog_take_type_text;
catalog_taker catalog_take_routine;
catalog_taker catalog_take_trigger;
catalog_taker catalog_take_policy;
catalog_taker catalog_take_view;

/* What is to be done after a query's last row. */
typedef void catalog_finisher(struct catalog_reader *reader);

/* Makes columns findable. */
catalog_finisher catalog_finish_columns;

/* Adds the object whose rows were the last to be read. */
catalog_finisher catalog_finish_draft;

/* Gives every column its type's text and, where it is not the type's own, its collation. */
catalog_finisher catalog_finish_types;

DEFINE_CLEANUP_VALUE(catalog_reader, struct catalog_reader, catalog_reader_done);

#endif
