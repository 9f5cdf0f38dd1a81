/* SPDX-License-Identifier: Apache-2.0
 *
 * One change set of a Liquibase changelog, whatever the changelog is written in, and its checksum of version 9. The
 * readers fill it, one at a time; texts are the reader's. One thread.
 */
#ifndef MIGRATIOND_JOURNAL_LIQUIBASE_CHANGES_H
#define MIGRATIOND_JOURNAL_LIQUIBASE_CHANGES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "journal/markup.h"

struct change_set {
    const char *id;
    const char *author;
    const char *path;    /* logicalFilePath; NULL: the changelog's */
    const char *context; /* and what follows: as written; NULL */
    const char *labels;
    const char *engines; /* dbms */
    size_t line;
    bool run_on_change;
    bool run_always;
    bool ignored;
    bool optional;         /* a precondition may pass it over, to be tried again */
    bool any_checksum;     /* it says itself which other checksums are right */
    bool checksum_unknown; /* not all of its changes are SQL */
    bool checksum_uncertain;
    struct strbuf checksums; /* of its changes, one after the other */
};

/* What takes the change sets of a changelog, and the changelogs that it includes, in their order. */
struct change_sink {
    int (*add)(void *payload, const struct change_set *change_set, struct error *reterr);
    int (*include)(void *payload, const struct markup_node *node, struct error *reterr);

    /* Appends the file that a change names; ERROR_NOT_FOUND where it is not. */
    int (*read_file)(void *payload, const char *path, bool relative, struct strbuf *text, struct error *reterr);
    void *payload;
};

/* Notes one SQL change. */
void change_set_add_sql(struct change_set *change_set, const char *sql, size_t length);

/* The MD5SUM that Liquibase records; NULL: no memory. */
const char *change_set_checksum(const struct change_set *change_set, struct arena *arena);

/* Formatted SQL: whether its head says so, and what stands in it. */
bool liquibase_is_formatted_sql(const char *text, size_t length);
int liquibase_read_sql(const char *text, size_t length, const char *file, const struct change_sink *sink,
                       struct arena *arena, struct error *reterr);

/* A databaseChangeLog in XML, YAML or JSON. */
int liquibase_read_markup(const struct markup_node *changelog, const char *file, const struct change_sink *sink,
                          struct error *reterr);

#endif
