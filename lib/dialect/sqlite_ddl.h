/* SPDX-License-Identifier: Apache-2.0
 *
 * What SQLite's CREATE texts say. The PRAGMAs do not show CHECK, AUTOINCREMENT, generated expressions, deferrability,
 * partial or expression indexes, so the text itself is read: by a tokeniser and a descent of fixed depth (expressions
 * are skipped by counting parentheses, never by recursion). Results are plain data whose texts are offsets into one
 * buffer, reused from statement to statement; no value survives the next parse. Any bytes are accepted; a statement
 * that is not understood fails with ERROR_INVALID and a message that says what stands where. One thread.
 */
#ifndef MIGRATIOND_DIALECT_SQLITE_DDL_H
#define MIGRATIOND_DIALECT_SQLITE_DDL_H

#include <stdint.h>

#include "base/error.h"
#include "base/strbuf.h"
#include "model/schema_builder.h"

/* Offsets into `texts`; 0 is absent. Flags are those of model/schema.h. */
struct sqlite_column {
    uint32_t name;
    uint32_t type; /* upper case, blanks collapsed: "VARCHAR(20)", "UNSIGNED BIG INT"; 0: none */
    uint32_t default_expression;
    uint32_t generated;
    uint32_t collation;         /* upper case; 0: BINARY */
    uint32_t not_null_conflict; /* "REPLACE", … of NOT NULL ON CONFLICT; 0: ABORT */
    uint32_t offset;            /* of its name in the source */
    uint16_t flags;
};

struct sqlite_name_list {
    uint32_t first; /* index into `names` */
    uint32_t count;
};

struct sqlite_constraint {
    uint32_t name;
    uint32_t expression;
    uint32_t referenced_table;
    uint32_t on_conflict; /* "REPLACE", …; 0: ABORT */
    struct sqlite_name_list columns;
    struct sqlite_name_list referenced_columns; /* empty: the parent's primary key */
    uint32_t first_part; /* primary key, unique: index into `parts`, which run parallel to `columns` */
    uint8_t kind;
    uint8_t on_delete;
    uint8_t on_update;
    uint8_t flags;
    bool rowid; /* a table's PRIMARY KEY over one INTEGER column: without WITHOUT ROWID, the rowid's other name */
};

/* Of an index, or of a primary key or unique constraint. */
struct sqlite_index_part {
    uint32_t text; /* a column's name, or an expression */
    uint32_t collation;
    uint16_t flags;
};

/* The result of one parse, and the memory of the next ones. */
struct sqlite_statement {
    struct strbuf texts;
    struct sqlite_column *columns;
    struct sqlite_constraint *constraints;
    struct sqlite_index_part *parts;
    uint32_t *names;
    size_t column_count;
    size_t constraint_count;
    size_t part_count;
    size_t name_count;
    size_t column_capacity;
    size_t constraint_capacity;
    size_t part_capacity;
    size_t name_capacity;
    uint32_t predicate;  /* partial index */
    uint32_t definition; /* view: its query; virtual table: its module and arguments; trigger: its statements */
    uint32_t module;     /* virtual table: the module's name in lower case */
    uint32_t timing;     /* trigger: "BEFORE", "AFTER", "INSTEAD OF" */
    uint32_t events;     /* trigger: "INSERT", "UPDATE OF a, b" */
    uint32_t condition;  /* trigger: WHEN */
    size_t columns_end;  /* table: offset in the source of what follows the last column: a comma or the parenthesis */
    bool unique;         /* index */
    bool strict;
    bool without_rowid;
    bool out_of_memory;
};

void sqlite_statement_init(struct sqlite_statement *statement);
void sqlite_statement_done(struct sqlite_statement *statement);

/* "" for 0. */
const char *sqlite_statement_text(const struct sqlite_statement *statement, uint32_t text);

/* Each fails with ERROR_INVALID or ERROR_NO_MEMORY. */
int sqlite_parse_table(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr);
int sqlite_parse_index(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr);
int sqlite_parse_view(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr);
int sqlite_parse_virtual_table(const char *sql, size_t length, struct sqlite_statement *statement,
                               struct error *reterr);
int sqlite_parse_trigger(const char *sql, size_t length, struct sqlite_statement *statement, struct error *reterr);

/* Adds what was parsed to the relation with handle `relation`. `source` is the text itself, which is kept; or NULL. */
void sqlite_statement_emit_table(const struct sqlite_statement *statement, uint32_t relation,
                                 struct schema_builder *builder);
void sqlite_statement_emit_index(const struct sqlite_statement *statement, uint32_t relation, const char *name,
                                 const char *source, struct schema_builder *builder);
/* `table` is a text of the builder. */
void sqlite_statement_emit_trigger(const struct sqlite_statement *statement, uint32_t table, const char *name,
                                   const char *source, struct schema_builder *builder);

/* What a table says of itself: STRICT, WITHOUT ROWID, and its text (0: none) of the builder. */
uint32_t sqlite_statement_table_attributes(const struct sqlite_statement *statement, uint32_t source,
                                           struct schema_builder *builder);

/* Whether `table` is one that the virtual table `virtual_table` of `module` keeps its data in. */
bool sqlite_is_shadow_table(const char *module, const char *virtual_table, const char *table);

DEFINE_CLEANUP_VALUE(sqlite_statement, struct sqlite_statement, sqlite_statement_done);

#endif
