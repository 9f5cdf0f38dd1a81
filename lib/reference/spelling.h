/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a text in a tool's spelling means what a server printed: an expression as somebody wrote it in a schema file
 * against the one that the server made of it. Answers only what can be known; pure.
 */
#ifndef MIGRATIOND_REFERENCE_SPELLING_H
#define MIGRATIOND_REFERENCE_SPELLING_H

#include "model/dialect.h"

enum spelling {
    SPELLING_SAME,
    SPELLING_DIFFERENT,
    SPELLING_UNKNOWN, /* the two cannot be compared, or memory is out */
};

/* `form` is TEXT_DEFAULT (with the column's type), TEXT_EXPRESSION or TEXT_QUERY. Neither text is NULL. */
enum spelling spelling_compare(const struct dialect *dialect, enum text_form form, const char *type,
                               const char *declared, const char *live);

#endif
