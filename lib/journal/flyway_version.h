/* SPDX-License-Identifier: Apache-2.0
 *
 * Flyway's own arithmetic: versions, names of files, checksums, the hash in its lock's name. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_FLYWAY_VERSION_H
#define MIGRATIOND_JOURNAL_FLYWAY_VERSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Whether it is dotted (or underscored) decimal numbers. */
bool flyway_version_is_valid(const char *text, size_t length);

/* The form in which equal versions are equal texts: dots, no leading zeros, no zero parts at the end. NULL: no memory.
 */
char *flyway_version_normalise(struct arena *arena, const char *text, size_t length);

/* Orders two normalised versions part by part. */
int flyway_version_order(const char *a, const char *b);

enum flyway_kind { FLYWAY_NONE, FLYWAY_VERSIONED, FLYWAY_REPEATABLE, FLYWAY_BASELINE };

struct flyway_name {
    enum flyway_kind kind; /* FLYWAY_NONE: no migration: a callback, an undo script, anything */
    const char *version;   /* in the name that was parsed */
    size_t version_length;
    const char *description; /* with underscores still */
    size_t description_length;
};

/* Splits a file's name (without folders) by the default prefixes, separator and suffix. */
struct flyway_name flyway_name_parse(const char *name);

/* CRC-32 over the lines without their ends, as Flyway stores it. */
int32_t flyway_checksum(const char *text, size_t length);

/* Java's String.hashCode over the UTF-16 units of valid UTF-8. */
int32_t java_hash(const char *text);

#endif
