/* SPDX-License-Identifier: Apache-2.0
 *
 * Which versions will do: "*", "1.6", "= 1.6", "!= 1.6", "< 2", "<= 2", "> 1", ">= 1.6", or several of them joined by
 * commas, all of which must hold. Numbers are compared part by part, and parts that are missing are zero; words such as
 * beta and rc come before the release, others behind it. Pure; any thread.
 */
#ifndef MIGRATIOND_CHECK_VERSION_TEST_H
#define MIGRATIOND_CHECK_VERSION_TEST_H

#include <stdbool.h>

#include "base/error.h"

/* ERROR_INVALID: `wanted` is no test, or asks for an order of what has none, such as "unpackaged". */
int version_test(const char *wanted, const char *version, bool *ret_holds, struct error *reterr);

/* Whether `wanted` can be tested at all: for configurations. ERROR_INVALID says what is wrong. */
int version_test_check(const char *wanted, struct error *reterr);

/* -1, 0 or 1; false for what does not begin with a number. */
bool version_compare(const char *a, const char *b, int *ret_order);

#endif
