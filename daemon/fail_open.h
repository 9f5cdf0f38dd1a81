/* SPDX-License-Identifier: Apache-2.0
 *
 * What is told of gates that open although a database is out of sight: each answer is counted, each change is logged
 * and becomes an event, and so is the end of it logged. One entry per configured gate that ever did. Any thread.
 */
#ifndef MIGRATIOND_DAEMON_FAIL_OPEN_H
#define MIGRATIOND_DAEMON_FAIL_OPEN_H

#include "daemon/events.h"
#include "daemon/gate_question.h"

struct fail_opens;

/* `events` NULL: nobody listens. */
struct fail_opens *fail_opens_new(struct events *events) __attribute__((warn_unused_result));
void fail_opens_free(struct fail_opens *fail_opens);

/* That answer is about to be given to `count` callers at that moment (unix time). `fail_opens` NULL: it is only
 * counted. */
void fail_opens_tell(struct fail_opens *fail_opens, const struct gate_answer *answer, size_t count, int64_t at_ms);

DEFINE_CLEANUP(fail_opens, struct fail_opens *, fail_opens_free);

#endif
