/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimal numbers as text, of any length, compared exactly: no floating point, and nothing is made as long as an
 * exponent says. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_DECIMAL_H
#define MIGRATIOND_CHECK_DECIMAL_H

#include <stdbool.h>

/* Whether it is one: "12", "-12.50", "+.5", "1e3". Exponents have at most 18 digits. */
bool decimal_is(const char *text);

/* -1, 0 or 1; false if one of them is none. */
bool decimal_compare(const char *a, const char *b, int *ret_order);

#endif
