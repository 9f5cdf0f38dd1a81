/* SPDX-License-Identifier: Apache-2.0
 *
 * What a gate's answer says, as far as whoever waits needs it: its state, its code, and the reason and next action of
 * the database, or of the check, that decided. Also reads the answer to a startup signal, which holds the gate's, and
 * problems. Pure.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_VERDICT_H
#define MIGRATIOND_DAEMON_WAIT_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum wait_gate_state { WAIT_GATE_NONE, WAIT_GATE_OPEN, WAIT_GATE_CLOSED, WAIT_GATE_BLOCKED, WAIT_GATE_UNKNOWN };

/* Longer texts are cut. What is absent is "". */
struct wait_verdict {
    enum wait_gate_state state; /* NONE: this is no gate's answer */
    char gate[256];
    char state_name[16];
    char code[64];
    char database[256];
    char check[512]; /* address of the check that decided; "": a database did */
    char tool[64];   /* of the database that decided */
    char reason[1024];
    char next[1024];
    char detail[1024]; /* a problem's */
};

/* False, with a sentence in `problem`, when the body is no JSON object. */
bool wait_verdict_read(const char *body, size_t length, struct wait_verdict *ret_verdict, char *problem, size_t size);

#endif
