/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot of Drizzle's while it is read. Failure is sticky: after the first, everything else does nothing. Internal
 * to drizzle_snapshot.c and drizzle_table.c.
 */
#ifndef MIGRATIOND_REFERENCE_DRIZZLE_READER_H
#define MIGRATIOND_REFERENCE_DRIZZLE_READER_H

#include "reference/declared.h"
#include "json/json_reader.h"

struct drizzle_reader {
    struct declared *declared;
    const char *name;
    const struct json_value *internal; /* indexes by name: which of their columns are expressions; NULL */
    struct error *reterr;
    char place[320]; /* "tables.public.users.columns.id" */
    bool postgres;
    bool sqlite; /* neither: MySQL */
    bool failed;
};

typedef void (*drizzle_member)(struct drizzle_reader *reader, void *payload, const char *key,
                               const struct json_value *value);

int drizzle_fail(struct drizzle_reader *reader, const char *what);
int drizzle_no_memory(struct drizzle_reader *reader);

/* A copy in the declared schema's arena; NULL for NULL. */
const char *drizzle_copy(struct drizzle_reader *reader, const char *text);

/* A member that is a text, or NULL; one that must be there and not empty. */
const char *drizzle_text(struct drizzle_reader *reader, const struct json_value *object, const char *key);
const char *drizzle_name(struct drizzle_reader *reader, const struct json_value *object, const char *key);
bool drizzle_flag(const struct json_value *object, const char *key);

/* An array of texts with at least one element. */
bool drizzle_names(struct drizzle_reader *reader, const struct json_value *list, struct declared_names *names);

void drizzle_sequence_options(struct drizzle_reader *reader, const struct json_value *value,
                              struct declared_sequence *sequence);

/* Calls `each` for the members of the member `key`, each of which must be an object; nothing where it is missing. */
bool drizzle_each(struct drizzle_reader *reader, const struct json_value *object, const char *key, drizzle_member each,
                  void *payload);

/* Elements of "tables", "views" and "policies". */
void drizzle_read_table(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value);
void drizzle_read_view(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value);
void drizzle_read_policy(struct drizzle_reader *reader, void *payload, const char *key, const struct json_value *value);

#endif
