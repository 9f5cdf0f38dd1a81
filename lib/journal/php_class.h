/* SPDX-License-Identifier: Apache-2.0
 *
 * The first class that a PHP file declares, with its namespace: read without running it, past comments and strings.
 * Pure.
 */
#ifndef MIGRATIOND_JOURNAL_PHP_CLASS_H
#define MIGRATIOND_JOURNAL_PHP_CLASS_H

#include <stdbool.h>
#include <stddef.h>

/* Texts of the source, which is borrowed; lengths 0 where there is none. */
struct php_class {
    const char *space; /* namespace */
    size_t space_length;
    const char *name;
    size_t name_length;
};

/* False: no class is declared. */
bool php_read_class(const char *text, size_t length, struct php_class *ret_class);

#endif
