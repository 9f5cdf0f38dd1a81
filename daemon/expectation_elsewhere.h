/* SPDX-License-Identifier: Apache-2.0
 *
 * What is expected of a database because another one has it: the journal of the same tool there, as its last good look
 * found it. Whatever keeps it from being known now (not seen, too old, unreadable, more than one) is an error that
 * names the other database. Borrows from the question's views. Any thread.
 */
#ifndef MIGRATIOND_DAEMON_EXPECTATION_ELSEWHERE_H
#define MIGRATIOND_DAEMON_EXPECTATION_ELSEWHERE_H

#include "daemon/expectation.h"

/* As expectation_token. */
int expectation_elsewhere_token(const struct expectation_question *question, struct digest *ret_token,
                                struct error *reterr);

/* `*known` is replaced where the other database knows a graph: it is borrowed, too. */
int expectation_elsewhere_read(const struct expectation_question *question, struct revision_graph **known,
                               struct migration_set **ret_set, struct error *reterr);

#endif
