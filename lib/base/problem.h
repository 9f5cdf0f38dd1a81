/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong, as one sentence in the caller's buffer: for readers of small things that only succeed or not, and that
 * programs without our errors use, too (error.h is for all else). Pure; nothing but libc.
 */
#ifndef MIGRATIOND_BASE_PROBLEM_H
#define MIGRATIOND_BASE_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>

/* Fills `problem`, cut to `size` and made printable. Returns false, so that a reader can return what it returns. */
bool problem_set(char *problem, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
