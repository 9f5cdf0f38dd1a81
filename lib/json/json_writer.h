/* SPDX-License-Identifier: Apache-2.0
 *
 * Streaming JSON writer into a strbuf: no tree, no allocation of its own. Commas and nesting are kept by the writer;
 * a call that would make invalid JSON (a value without a key inside an object, a close that does not match) is a
 * programming error and marks the writer failed. Strings are written as valid UTF-8: a byte that belongs to no
 * well-formed sequence becomes the text \xHH, control and direction-changing characters become \uXXXX, or \n, \t and
 * the like where JSON has a short form. Keys follow the same rule. Output is compact unless `indent` is set. Owned by
 * one thread. (Nothing here may be named json_string, json_integer or json_null: a program's own function of such a
 * name would take the place of jansson's inside jansson.)
 */
#ifndef MIGRATIOND_JSON_WRITER_H
#define MIGRATIOND_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/strbuf.h"

enum { JSON_WRITER_DEPTH = 32 };

struct json_writer {
    struct strbuf *out;
    unsigned depth;
    unsigned indent;                        /* blanks per level; 0 writes compact; may be changed between two values */
    unsigned char kinds[JSON_WRITER_DEPTH]; /* per level: object or array, and whether something was written */
    bool key_pending;
    bool failed;
};

void json_writer_init(struct json_writer *writer, struct strbuf *out, unsigned indent);

void json_open_object(struct json_writer *writer);
void json_close_object(struct json_writer *writer);
void json_open_array(struct json_writer *writer);
void json_close_array(struct json_writer *writer);

/* The key of the next value inside an object. */
void json_key_n(struct json_writer *writer, const char *key, size_t length);

/* The next value, after a key or in an array. `text` NULL writes null. */
void json_add_string(struct json_writer *writer, const char *text);
void json_add_string_n(struct json_writer *writer, const char *text, size_t length);
void json_add_integer(struct json_writer *writer, int64_t value);
void json_add_boolean(struct json_writer *writer, bool value);
void json_add_null(struct json_writer *writer);

/* A value that was written before, whole and as it should be: nothing of it is looked at. */
void json_add_document(struct json_writer *writer, const char *json, size_t length);

/* Milliseconds as seconds with at most three decimals and no trailing zeros: 800 → 0.8, 2000 → 2. */
void json_add_seconds(struct json_writer *writer, int64_t milliseconds);

/* Unix time in milliseconds as RFC 3339 UTC: "2026-11-20T10:00:00Z", with ".123" only when not whole seconds. What
 * that form cannot express (years outside 1 to 9999; INT64_MIN is "unknown") writes null. */
void json_add_time(struct json_writer *writer, int64_t unix_ms);

/* Inline, because keys are literals and so their length is known. */
static inline void json_key(struct json_writer *writer, const char *key)
{
    json_key_n(writer, key, strlen(key));
}

/* json_key, then the value. */
static inline void json_key_string(struct json_writer *writer, const char *key, const char *text)
{
    json_key(writer, key);
    json_add_string(writer, text);
}

static inline void json_key_integer(struct json_writer *writer, const char *key, int64_t value)
{
    json_key(writer, key);
    json_add_integer(writer, value);
}

static inline void json_key_boolean(struct json_writer *writer, const char *key, bool value)
{
    json_key(writer, key);
    json_add_boolean(writer, value);
}

static inline void json_key_null(struct json_writer *writer, const char *key)
{
    json_key(writer, key);
    json_add_null(writer);
}

static inline void json_key_seconds(struct json_writer *writer, const char *key, int64_t milliseconds)
{
    json_key(writer, key);
    json_add_seconds(writer, milliseconds);
}

static inline void json_key_time(struct json_writer *writer, const char *key, int64_t unix_ms)
{
    json_key(writer, key);
    json_add_time(writer, unix_ms);
}

static inline void json_key_object(struct json_writer *writer, const char *key)
{
    json_key(writer, key);
    json_open_object(writer);
}

static inline void json_key_array(struct json_writer *writer, const char *key)
{
    json_key(writer, key);
    json_open_array(writer);
}

/* True when one complete value was written, every level is closed and the buffer took it all. */
bool json_writer_ok(const struct json_writer *writer);

#endif
