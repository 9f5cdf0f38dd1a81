/* SPDX-License-Identifier: Apache-2.0
 *
 * Parsed JSON, read only. Duplicate keys, text after the value, depth over LIMIT_JSON_DEPTH, documents over the given
 * size, and strings with NUL are errors that name line and column. One owner; values borrowed from a document live as
 * long as it does. Single-threaded.
 */
#ifndef MIGRATIOND_JSON_READER_H
#define MIGRATIOND_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct json_document;
struct json_value; /* borrowed from its document */

/* Parses `length` bytes. `name` is the file's name or what the text is, for messages: "name:line:column: …". Fails with
 * ERROR_INVALID, ERROR_TRUNCATED (larger than `limit`) or ERROR_NO_MEMORY; jansson calls some of its failed allocations
 * invalid text. */
int json_parse(const char *text, size_t length, size_t limit, const char *name, struct json_document **ret_document,
               struct error *reterr);
void json_document_free(struct json_document *document);
const struct json_value *json_root(const struct json_document *document);

bool json_is_object(const struct json_value *value);
bool json_is_array(const struct json_value *value);
bool json_is_null(const struct json_value *value);

/* Members and elements; NULL when absent, when the value is of another kind, or when `value` is NULL. */
const struct json_value *json_member(const struct json_value *value, const char *key);
const struct json_value *json_element(const struct json_value *value, size_t index);
size_t json_length(const struct json_value *value); /* array elements or object members; else 0 */

/* NULL (or false) when the value is NULL or of another kind. */
const char *json_text(const struct json_value *value);
bool json_get_integer(const struct json_value *value, int64_t *ret_integer); /* also a real without fraction */
bool json_get_number(const struct json_value *value, double *ret_number);    /* integer or real */
bool json_get_boolean(const struct json_value *value, bool *ret_boolean);

/* Calls `member` for each member of an object in the order of the text; stops when it returns false. */
void json_each_member(const struct json_value *value,
                      bool (*member)(void *payload, const char *key, const struct json_value *value), void *payload);

DEFINE_CLEANUP(json_document, struct json_document *, json_document_free);

#endif
