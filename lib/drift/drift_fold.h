/* SPDX-License-Identifier: Apache-2.0
 *
 * What the database's policies take for equal in SQL text, made equal before the text gets its canonical form.
 */
#ifndef MIGRATIOND_DRIFT_DRIFT_FOLD_H
#define MIGRATIOND_DRIFT_DRIFT_FOLD_H

#include "drift/drift_work.h"

/* Appends `text` as the policies want it read. */
void drift_fold_text(const struct drift_work *work, enum text_form form, const char *text, struct strbuf *out);

/* Whether two queries that MySQL or MariaDB printed differ in nothing but the case of columns: `t`.`Name`. */
bool drift_same_but_for_case(const char *a, const char *b);

/* Whether two collations of MySQL or MariaDB are what servers of different releases give to who asks for none. */
bool drift_fold_collations(const struct drift_work *work, const char *reference, const char *live);

#endif
