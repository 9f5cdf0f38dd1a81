/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for a gate: what migration-wait and `migrationctl wait` have in common. The daemon is asked once at once, so
 * that the reason can be said, then held requests follow each other, longer and longer while the reason stays, until
 * the gate opens, has been blocked for its grace, or time is up. A daemon that is down, restarts, hangs or answers
 * nonsense is asked again, after pauses that double and are random, so that many who lost the same daemon do not come
 * back together. Each new reason is said once, on one line of standard error. Only an answer of the gate itself that
 * says `open` is one. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_H
#define MIGRATIOND_DAEMON_WAIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/wait_transport.h"

/* Of the programs, too; 124 is what timeout(1) says, 126 and 127 what shells do. */
enum wait_exit {
    WAIT_OPEN = 0,
    WAIT_CLOSED = 1,  /* of one look */
    WAIT_USAGE = 2,   /* and requests that the daemon refuses: no such gate, no such token */
    WAIT_UNKNOWN = 3, /* or unreachable, of one look; or what waiting does not change, such as a redirect */
    WAIT_BLOCKED = 4,
    WAIT_TIMED_OUT = 124,
    WAIT_NOT_RUN = 126,
    WAIT_NOT_FOUND = 127,
};

/* All borrowed; what is absent is NULL. */
struct wait_question {
    const char *program;          /* stands before each line */
    const char *target;           /* "/v1/gates/orders-api" */
    const char *const *revisions; /* "R" or "DATABASE:R" */
    size_t revision_count;
    const char *match;
    const char *const *supports; /* "A..B" or "DATABASE:A..B" */
    size_t support_count;
    const char *application; /* sends its startup signal once the gate is open */
    const char *instance;
    const char *token_file;         /* read anew for each request: tokens are rotated */
    int64_t timeout_ms;             /* 0: one look */
    bool quiet;                     /* say how it ended, and nothing before */
    void (*show)(const char *body); /* of each answer of the gate */
};

/* WAIT_OPEN to WAIT_TIMED_OUT. */
int wait_for_gate(const struct wait_question *question, const struct wait_transport *transport);

/* "program: message" on standard error, made printable; returns `code`. */
int wait_fail(const char *program, enum wait_exit code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
