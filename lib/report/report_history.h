/* SPDX-License-Identifier: Apache-2.0
 *
 * What the history holds, for people: one line per record, from the JSON in which it is kept and served. Pure; failure
 * (memory) is sticky in `out`.
 */
#ifndef MIGRATIOND_REPORT_REPORT_HISTORY_H
#define MIGRATIOND_REPORT_REPORT_HISTORY_H

#include <stddef.h>

#include "report/report_style.h"
#include "json/json_reader.h"

/* Objects with "kind" and what the record of that kind holds; in the order given. */
void report_history(struct strbuf *out, enum report_style style, const struct json_value *const *records, size_t count);

/* Answers about one moment: objects with "database", "state", "code", "since" and "record". */
void report_history_moment(struct strbuf *out, enum report_style style, const struct json_value *const *answers,
                           size_t count);

#endif
