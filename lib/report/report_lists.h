/* SPDX-License-Identifier: Apache-2.0
 *
 * What several reports say alike: the lists of a comparison, a journal's name, its lock. Private to lib/report.
 */
#ifndef MIGRATIOND_REPORT_REPORT_LISTS_H
#define MIGRATIOND_REPORT_REPORT_LISTS_H

#include "report/report.h"

/* The lists of a comparison in the order in which reports show them; `dirty` comes last and stands in full reports
 * only. */
enum { LIST_FAILED = 3, LIST_DIRTY = 7, REPORT_LISTS };

const char *report_list_key(size_t list);

/* An empty list where `comparison` is NULL. */
const struct finding_list *report_list_of(const struct comparison *comparison, size_t list);

/* All lists but `dirty` as arrays of revisions. */
void report_revision_lists(struct json_writer *writer, const struct judged_journal *journal);

/* {"revision","file","detail","applied_at"}, without the braces. */
void report_finding_members(struct json_writer *writer, const struct finding *finding);

/* The tool's name or NULL. */
const char *report_tool(const struct judged_journal *journal);

/* Where it is, or was looked for; NULL: nowhere in particular. */
const struct journal_address *report_journal_address(const struct judged_journal *journal);

/* "schema.table/part"; false, and nothing written, where that is unknown. */
bool report_address(const struct judged_journal *journal, char *buffer, size_t size);

/* The keys "journal" and "address", which is what it is called everywhere else: "schema.table/part", or null. */
void report_journal_name(struct json_writer *writer, const struct judged_journal *journal);

/* The keys "groups" and "groups_count"; "remarks". */
enum { GROUPS_SHOWN = 20, GROUP_NAMES = 20 };
void report_groups(struct json_writer *writer, const struct database_report *database);
void report_remarks(struct json_writer *writer, const struct database_report *database);

/* The keys "lock"; "state" and "code"; "reason" and "next". */
void report_lock(struct json_writer *writer, const struct judged_journal *journal);
void report_state(struct json_writer *writer, const struct verdict *verdict);
void report_advice(struct json_writer *writer, const struct verdict *verdict);

/* The key "drift"; nothing where there is no reference. */
void report_drift_summary(struct json_writer *writer, const struct drift_summary *drift);

/* The keys "database" and, of a replica, "replica_of". */
void report_database_name(struct json_writer *writer, const struct database_report *database);

/* The keys of report_gate_database, without the braces. */
void report_database_members(struct json_writer *writer, const struct database_report *database);

/* "" as null. */
void report_key_text(struct json_writer *writer, const char *key, const char *text);

static inline const struct judged_journal *report_worst(const struct database_report *database)
{
    return &database->journals[database->worst];
}

#endif
