/* SPDX-License-Identifier: Apache-2.0
 *
 * The classes in a JavaScript or TypeScript file, read without running it: comments, texts, templates and regular
 * expressions are passed over, everything else is words and marks. What compilers make of classes for old engines is
 * read, too. Pure; any bytes will do.
 */
#ifndef MIGRATIOND_JOURNAL_SCRIPT_CLASSES_H
#define MIGRATIOND_JOURNAL_SCRIPT_CLASSES_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed from the text; not NUL-terminated. */
struct script_text {
    const char *start; /* NULL: there is none */
    size_t length;
};

struct script_class {
    struct script_text name;     /* as declared */
    struct script_text property; /* what `name = '…'` in its body says */
    bool assigned;               /* no class, but `exports.NAME = …`: what compilers make of one for old engines */
};

struct script_scanner {
    const char *at;
    const char *end;
    unsigned braces;
    bool operand_ended; /* a "/" divides; otherwise it begins a regular expression */
};

void script_scanner_init(struct script_scanner *scanner, const char *text, size_t length);

/* The next class or assignment to exports; false at the end. */
bool script_next_class(struct script_scanner *scanner, struct script_class *ret_class);

#endif
