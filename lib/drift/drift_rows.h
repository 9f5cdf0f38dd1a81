/* SPDX-License-Identifier: Apache-2.0
 *
 * What can differ between two things of one kind: one row per attribute, in the names that items have. A row's value is
 * what `print` writes (fields of the model) and every attribute of the thing's run that is reported under the name.
 * Values that print alike, raw or canonical, are equal. Static tables; pure.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_ROWS_H
#define MIGRATIOND_DRIFT_DRIFT_ROWS_H

#include "drift/drift_print.h"

/* One pair while its rows are compared, in order. work->printed holds the values of the row at hand. */
struct drift_step {
    struct drift_work *work;
    const struct drift_pair *pair;
    const struct drift_table *table;
    uint32_t differing; /* bit per row that came before */
};

struct drift_row {
    const char *name;
    void (*print)(struct drift_printer *printer, uint32_t at); /* NULL: the run says it all */
    bool (*explained)(const struct drift_step *step);          /* differs in print, but is no difference of its own */
    unsigned (*facts)(const struct drift_step *step);          /* for the severity: enum drift_fact */
    bool is_flag;                                              /* "false" where nothing is printed */
};

struct drift_table {
    const struct drift_row *rows;
    size_t count;
    uint32_t (*run)(const struct schema *schema, uint32_t at);  /* its attributes; NULL: of an object */
    uint32_t (*type)(const struct schema *schema, uint32_t at); /* for defaults and bounds; NULL: has none */
};

extern const struct drift_table drift_relation_table;
extern const struct drift_table drift_view_table;
extern const struct drift_table drift_column_table;
extern const struct drift_table drift_constraint_table;
extern const struct drift_table drift_index_table;

/* The table for a kind. */
const struct drift_table *drift_table_of(enum drift_kind kind);

/* Whether an earlier row of the pair differs. */
bool drift_step_differs(const struct drift_step *step, const char *row);

/* Whether one side of the row at hand is absent. */
bool drift_step_is_onesided(const struct drift_step *step);

/* Whether an insert that does not name the column fails. */
bool drift_is_required(const struct schema_column *column);

/* The index that says more of a constraint than the constraint can: it has its name. NULL: there is none. */
const struct schema_index *drift_index_behind(const struct schema *schema, const struct schema_constraint *constraint);

/* The columns of a primary key, unique constraint or foreign key: "a, b". */
void drift_print_key_columns(struct drift_printer *printer, uint32_t at);

/* The table that a foreign key references, as a path: "public.t". */
void drift_print_referenced_table(struct drift_printer *printer, uint32_t at);

/* All of an index but its name: "UNIQUE btree (a, lower(b) DESC) INCLUDE (c) WHERE d". */
void drift_print_index(struct drift_printer *printer, uint32_t at);

/* Whether an expression differs only in casts of columns whose type changed (drift_casts.c). */
bool drift_follows_type_change(const struct drift_step *step);

/* "true" or "false". */
void drift_print_bool(struct drift_printer *printer, bool value);

#endif
