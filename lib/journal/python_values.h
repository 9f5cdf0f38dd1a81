/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads module-level assignments of literals from Python source, without running it: `name = 'x'`, `name: T = None`,
 * `name = ('a', "b",)` over any number of lines. Docstrings, comments and indented code are passed over by Python's own
 * rules for tokens. A value that is not a literal is an error, since its meaning cannot be known. The same in the body
 * of a class. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_PYTHON_VALUES_H
#define MIGRATIOND_JOURNAL_PYTHON_VALUES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum python_kind {
    PYTHON_ABSENT,
    PYTHON_NONE,
    PYTHON_TEXT,
    PYTHON_LIST,
    PYTHON_PAIRS, /* a list of pairs of texts; calls among them are passed over */
};

struct python_value {
    enum python_kind kind;
    const char *const *texts; /* one for a text, any number for a list, two for a pair; in the arena */
    size_t count;             /* of texts */
    size_t line;              /* of the assignment; 0 if absent */
};

/* ret_values[i] is what was assigned last to names[i]. `file` stands in messages: "file:line: what". ERROR_INVALID or
 * ERROR_NO_MEMORY. */
int python_read_values(const char *text, size_t length, const char *file, const char *const *names, size_t name_count,
                       struct arena *arena, struct python_value *ret_values, struct error *reterr);

/* The same of what stands in the body of module-level classes of that name, or, with NULL, of any name; not in their
 * methods or in classes within. `*ret_line` is the class's, 0 if there is none. */
int python_read_class(const char *text, size_t length, const char *file, const char *class_name,
                      const char *const *names, size_t name_count, struct arena *arena, struct python_value *ret_values,
                      size_t *ret_line, struct error *reterr);

#endif
