/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check's query is expected to answer: one value, compared, or no rows. Written "0", "= 0", "!= 0", "< 5",
 * "<= 5", "> 5", ">= 5", "in (a, b)", "not in (a, b)", "matches REGEX" (POSIX extended, anywhere in the value), "null",
 * "not null", "no rows"; a list is "in". A value in quotes is what stands between them, whatever it looks like. Numbers
 * are compared as decimals of any length (decimal.h); where one side of = and != is no number, bytes are compared, and
 * true, t and 1 are one value, as are false, f and 0. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_EXPECT_H
#define MIGRATIOND_CHECK_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

enum expect_form {
    EXPECT_NOTHING, /* not given */
    EXPECT_EQUAL,
    EXPECT_UNEQUAL,
    EXPECT_LESS,
    EXPECT_AT_MOST,
    EXPECT_GREATER,
    EXPECT_AT_LEAST,
    EXPECT_IN,
    EXPECT_NOT_IN,
    EXPECT_MATCHES,
    EXPECT_NULL,
    EXPECT_NOT_NULL,
    EXPECT_NO_ROWS,
    EXPECT_FORMS
};

struct expect {
    enum expect_form form;
    const char *const *values; /* one, or several of EXPECT_IN and EXPECT_NOT_IN; none where the form says all */
    size_t value_count;
};

/* Parses a text; copies into `arena`. ERROR_INVALID says what is wrong: an order of what is no number, an empty set, a
 * regular expression that does not compile, is longer than 256 bytes or refers back; ERROR_NO_MEMORY. */
int expect_parse(const char *text, struct arena *arena, struct expect *ret_expect, struct error *reterr);

/* The same from a list: EXPECT_IN. */
int expect_parse_list(const char *const *values, size_t count, struct arena *arena, struct expect *ret_expect,
                      struct error *reterr);

/* As it would be written: "= 0", "in (a, b)". */
void expect_print(const struct expect *expect, struct strbuf *out);

/* Whether `value` (NULL: SQL's NULL) is what is expected, for all forms but EXPECT_NO_ROWS. NULL is unequal to
 * everything and in no order. ERROR_INVALID: it cannot be told, since an order is asked of what is no number. */
int expect_compare(const struct expect *expect, const char *value, bool *ret_holds, struct error *reterr);

#endif
