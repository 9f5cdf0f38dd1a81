/* SPDX-License-Identifier: Apache-2.0
 *
 * What the modes of `migrationctl checks` share: running checks from here, and printing what they found, whoever ran
 * them. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_CHECKS_H
#define MIGRATIOND_DAEMON_CTL_CHECKS_H

#include "daemon/ctl_progress.h"
#include "daemon/ctl_side.h"
#include "daemon/view.h"

/* A database and what is asked of it. Everything is borrowed. */
struct ctl_subject {
    const struct config_database *database; /* of it: name, schemas, checks and their addresses */
    const struct check_peer *peers;
    size_t peer_count;
    int (*connect)(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                   struct server_facts *ret_server, struct error *reterr);
    const void *payload;

    /* An open connection that the first check may have, which is taken over, and what its server says; NULL. */
    struct engine_connection *connection;
    const struct server_facts *server;
};

/* How long it may take. */
struct ctl_patience {
    struct deadline all;    /* everything, beyond each check's own time */
    struct deadline second; /* what wants to be looked at again */
};

/* What `--timeout` says: without it, a check has its own time and nothing else. */
struct ctl_patience ctl_checks_patience(const struct ctl_options *options);

/* The checks of one database as one look from here saw them. */
struct ctl_inquiry {
    struct server_facts server; /* empty: no check needed a connection, or none could be had */
    struct arena *arena;        /* owned: texts of `report` */
    struct check_status *runs;  /* owned: of each check */
    size_t count;
    struct database_report report; /* of its checks alone */
};
void ctl_inquiry_done(struct ctl_inquiry *inquiry);

/* Runs the checks one after the other. What could not be asked is a result that says why; fails only for want of
 * memory. */
int ctl_inquire(const struct ctl_subject *subject, const struct ctl_patience *patience, struct ctl_progress *progress,
                struct ctl_inquiry *ret_inquiry, struct error *reterr);

/* What is printed of one database. */
struct ctl_checked {
    const char *database;
    const char *server; /* "postgres 15.18"; NULL: not known */
    const struct judged_check *checks;
    size_t count;
    bool further; /* another database's stand before them */
};

/* The exit code that they stand for, or CTL_TROUBLE after a message. */
int ctl_checks_print(const struct ctl_options *options, const struct ctl_checked *checked);

/* Which of two exit codes stands for both: a failure is certain, what is unknown is not. */
int ctl_checks_worse(int a, int b);

/* The modes; exit codes. */
int ctl_checks_of_config(const struct ctl_options *options);
int ctl_checks_of_url(const struct ctl_options *options);
int ctl_checks_of_daemon(const struct ctl_options *options);
int ctl_checks_suggest(const struct ctl_options *options);

/* Connects to the URL that `payload` is, as struct ctl_subject wants it. */
int ctl_checks_connect_url(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                           struct server_facts *ret_server, struct error *reterr);

DEFINE_CLEANUP_VALUE(ctl_inquiry, struct ctl_inquiry, ctl_inquiry_done);

#endif
