/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of a schema as people read them, or in the form in which they are compared. Failure (memory) is the buffer's.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_PRINT_H
#define MIGRATIOND_DRIFT_DRIFT_PRINT_H

#include "drift/drift_work.h"

struct drift_printer {
    struct drift_work *work;
    const struct drift_side *side;
    struct strbuf *out;
    bool canonical;
    bool is_constraint; /* an index's attributes are printed of a unique constraint */
    uint32_t type;      /* of the column, domain or sequence; 0: none */
};

/* A text of the schema; `type` is that of the column for TEXT_DEFAULT, else 0. */
void drift_print_text(struct drift_printer *printer, enum text_form form, uint32_t text, uint32_t type);

/* A name of a column, constraint or index; to be compared without case where the engine does. */
void drift_print_name(struct drift_printer *printer, uint32_t name);

/* "a, b" */
void drift_print_names(struct drift_printer *printer, struct text_list names);

/* 'a', with quotes doubled. */
void drift_print_quoted(struct drift_printer *printer, uint32_t text);

/* All attributes of the run that are reported as `item` of `kind`, in their order. */
void drift_print_run(struct drift_printer *printer, enum drift_kind kind, uint32_t run, const char *item);

/* Under which name a difference in that attribute of a thing of that kind is reported; NULL: not at all. */
const char *drift_attribute_item(const struct drift_work *work, enum drift_kind kind, enum attribute_key key);

/* Whether the source of either side cannot declare the attribute. */
bool drift_is_undeclared(const struct drift_work *work, enum attribute_key key);

/* Appends the dotted path of what stands at `at` of a side; `ret_last` (may be NULL) is where its last part begins. */
void drift_path(struct drift_work *work, enum drift_end end, enum drift_kind kind, uint32_t at, bool is_constraint,
                struct strbuf *out, uint32_t *ret_last);

#endif
