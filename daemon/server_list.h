/* SPDX-License-Identifier: Apache-2.0
 *
 * The servers that databases stand on, each with its budget of working connections. Owned and locked by the scheduler.
 */
#ifndef MIGRATIOND_DAEMON_SERVER_LIST_H
#define MIGRATIOND_DAEMON_SERVER_LIST_H

#include <stddef.h>

struct look_task;
struct subject;

/* Shared by the subjects that stand on it, old and new. */
struct server {
    struct server *next;
    unsigned references; /* subjects */
    char *name;
    size_t databases; /* in the current configuration */
    unsigned looks;
    unsigned heavy_looks;       /* of these: deep looks and checks */
    struct subject *keeper;     /* whose checks have left a connection open; NULL: nobody's */
    struct look_task *deferred; /* due, but over the budget */
};

/* The server of that name, with one more reference; made when it is new, NULL when memory is out. */
struct server *server_list_take(struct server **list, const char *name);

/* Accepts NULL. */
void server_list_drop(struct server **list, struct server *server);

#endif
