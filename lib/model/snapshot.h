/* SPDX-License-Identifier: Apache-2.0
 *
 * What looks found in one database: schema, journals, locks, provenance. Immutable, reference-counted; a look that
 * changes one part shares the others with its predecessor. Any thread may read.
 */
#ifndef MIGRATIOND_MODEL_SNAPSHOT_H
#define MIGRATIOND_MODEL_SNAPSHOT_H

#include "model/journal.h"
#include "model/schema.h"

/* What the engine says about itself. */
struct server_facts {
    char engine[16]; /* "postgres", "mysql", "mariadb", "sqlite": as found, whatever the URL said */
    char version[48];
    char database[128];
    char role[128];
    bool tls;
    bool replica;           /* the server follows another one */
    bool absence_proven;    /* what the role does not see is not there */
    char grant_needed[256]; /* the statement that would make absence provable; "" if it is */
};

/* A journal table that exists and cannot be read is a finding of its own, never "no journal". */
struct journal_reading {
    struct journal *journal;        /* one reference; NULL if it could not be read */
    struct journal_address address; /* texts in the snapshot's arena */
    struct lock_report lock;
    bool locked;               /* DDL, or the tool itself, holds the journal's table locked */
    int error;                 /* enum error_code; 0 when read */
    const char *error_message; /* in the snapshot's arena; NULL */
    const char *error_grant;   /* the statement that would help; NULL */
};

struct snapshot {
    unsigned references; /* atomic */
    struct arena *arena;
    struct schema *schema; /* one reference; NULL before the first deep look */
    struct server_facts server;
    const struct journal_reading *readings;
    size_t reading_count;
    const struct journal_address *detected; /* journals that the schema shows; texts in the schema, tools static */
    size_t detected_count;
    bool has_tables;            /* relations other than journals exist (views count) */
    bool unread;                /* the schema has come to show a journal that no journal look has met yet */
    int64_t taken_at_ms;        /* unix time of the journal look; of the deep look before there was one */
    int64_t schema_taken_at_ms; /* unix time of the deep look; TIME_UNKNOWN */
};

/* An empty snapshot with one reference, or NULL. Whoever builds it fills the fields, then shares it. */
struct snapshot *snapshot_new(void) __attribute__((warn_unused_result));
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

DEFINE_CLEANUP(snapshot, struct snapshot *, snapshot_unref);

#endif
