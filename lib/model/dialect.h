/* SPDX-License-Identifier: Apache-2.0
 *
 * How one engine's SQL text is read: which spellings mean the same, and how names are written. The model keeps every
 * text as the server printed it (what people recognise and what a plan can execute); two texts are the same when their
 * canonical forms are, and digests are taken over the canonical forms. So better rules in a later migrationd, or a
 * server that prints differently after an upgrade, change no baseline and make no drift. Implemented in lib/dialect.
 * Pure; any thread.
 */
#ifndef MIGRATIOND_MODEL_DIALECT_H
#define MIGRATIOND_MODEL_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Version of the rules behind canonical forms: fingerprints of different versions must not be compared. */
enum { SCHEMA_CANONICAL_VERSION = 1 };

/* What a text is. */
enum text_form {
    TEXT_PLAIN,      /* compared byte by byte */
    TEXT_TYPE,       /* a data type */
    TEXT_DEFAULT,    /* a column's or domain's whole default: a constant is compared as a value of `type` */
    TEXT_EXPRESSION, /* check, generated column, index expression, predicate, policy */
    TEXT_QUERY,      /* a view's */
    TEXT_BODY,       /* what somebody typed: a routine's or trigger's body; comments and case count */
    TEXT_SET,        /* like TEXT_PLAIN; a list of it has no order */
    TEXT_FLAG,       /* no text: there or not */
    TEXT_INFO,       /* not compared */
    TEXT_FORMS
};

struct dialect {
    const char *const *engines; /* NULL-terminated: "mysql", "mariadb" */

    /* Appends the canonical form of `text`. `type` is the type of the column or domain for TEXT_DEFAULT, else "". An
     * empty result means "absent" (a default of NULL). Text that is not understood is appended as it is: never guess,
     * never merge what could differ. Failure (memory) is `out`'s. */
    void (*canonical)(enum text_form form, const char *text, const char *type, struct strbuf *out);

    /* Appends a name as a part of an item's dotted path: quoted only where the engine's paths need it. */
    void (*path_part)(const char *name, struct strbuf *out);

    /* Appends a name, always quoted, for SQL that is executed. */
    void (*quote_name)(const char *name, struct strbuf *out);

    /* Appends a string literal. */
    void (*quote_text)(const char *text, struct strbuf *out);
};

#endif
