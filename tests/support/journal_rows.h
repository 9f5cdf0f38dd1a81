/* SPDX-License-Identifier: Apache-2.0
 *
 * Journals for tests, from JSON: {"tool": "flyway", "shape": 0, "rows": [["1", null, …], …]}; a row has one text or
 * null per cell that the tool asks for; "beside" has those of its second table. Functions fail the running cmocka test
 * on any trouble but want of memory.
 */
#ifndef MIGRATIOND_TESTS_SUPPORT_JOURNAL_ROWS_H
#define MIGRATIOND_TESTS_SUPPORT_JOURNAL_ROWS_H

#include "base/strbuf.h"
#include "journal/tool.h"
#include "json/json_reader.h"

/* `tool` NULL: the document names it. */
struct journal *journal_of_json(const struct tool *tool, const struct json_value *document);

/* Of text, without a tool's name in it. */
struct journal *journal_of_text(const struct tool *tool, const char *json);

/* For people to review: one line per fact. */
void journal_print(const struct journal *journal, struct strbuf *out);
void comparison_print(const struct comparison *comparison, struct strbuf *out);
void remarks_print(const struct migration_set *set, struct strbuf *out);
void migration_set_print(const struct migration_set *set, struct strbuf *out);

#endif
