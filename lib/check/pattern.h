/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX extended regular expressions of the configuration, within bounds: the C library's compile
 * `((a{255}){255}){255}` until memory is out, and back-references take exponential time. Memory is the C library's.
 * Characters are those of UTF-8. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_PATTERN_H
#define MIGRATIOND_CHECK_PATTERN_H

#include <stdbool.h>

#include "base/error.h"

/* Patterns, and what they are held against: longer values are ERROR_INVALID. */
enum { PATTERN_BYTES = 256, PATTERN_VALUE_BYTES = 4096 };

/* ERROR_INVALID says why it cannot be used: it is too long, it repeats too much, it refers back, it does not compile.
 */
int pattern_check(const char *pattern, struct error *reterr);

/* Whether it matches anywhere in `value`. */
int pattern_match(const char *pattern, const char *value, bool *ret_matches, struct error *reterr);

#endif
