/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing byte buffer with a stated maximum. Failure (memory or maximum) is sticky: appends after it do nothing, and
 * strbuf_ok() tells at the end. Always NUL-terminated. Owned by one thread.
 */
#ifndef MIGRATIOND_BASE_STRBUF_H
#define MIGRATIOND_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strbuf {
    char *bytes; /* NULL until the first append */
    size_t length;
    size_t capacity;
    size_t maximum; /* greatest length */
    bool failed;
};

/* `struct strbuf text = STRBUF(limit)`: nothing is allocated yet. (Versions of clang-format fold its braces each in its
 * own way.) */
/* clang-format off */
#define STRBUF(limit) {.maximum = (limit)}
/* clang-format on */

/* Frees the bytes; the buffer is empty and usable again. */
void strbuf_done(struct strbuf *buffer);

/* Empties, keeping the memory; clears a failure. */
void strbuf_clear(struct strbuf *buffer);

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length);
void strbuf_add_string(struct strbuf *buffer, const char *text);
void strbuf_add_char(struct strbuf *buffer, char byte);
void strbuf_printf(struct strbuf *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes sure `extra` more bytes fit and returns where they go, NULL on failure; strbuf_commit says how many were
 * written. */
char *strbuf_reserve(struct strbuf *buffer, size_t extra);
void strbuf_commit(struct strbuf *buffer, size_t written);

/* False if an append failed. */
bool strbuf_ok(const struct strbuf *buffer);

/* The text, "" while nothing was added; valid until the next change. */
const char *strbuf_text(const struct strbuf *buffer);

/* Hands the bytes to the caller (mem_free); NULL if an append failed or memory is out. The buffer becomes empty. */
char *strbuf_steal(struct strbuf *buffer) __attribute__((warn_unused_result));

DEFINE_CLEANUP_VALUE(strbuf, struct strbuf, strbuf_done);

#endif
