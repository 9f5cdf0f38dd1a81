/* SPDX-License-Identifier: Apache-2.0
 *
 * Which renderer makes which report in which form: one table, for HTTP and the command line. Pure; failure (memory) is
 * the buffer's. Any thread.
 */
#ifndef MIGRATIOND_REPORT_REPORT_FORMAT_H
#define MIGRATIOND_REPORT_REPORT_FORMAT_H

#include "report/report_check.h"
#include "report/report_drift.h"

enum report_format { REPORT_JSON, REPORT_TEXT, REPORT_COLOUR, REPORT_MARKDOWN, REPORT_SQL, REPORT_FORMATS };

enum report_kind { REPORT_OF_DRIFT, REPORT_OF_PLAN, REPORT_OF_MANY, REPORT_OF_CHECKS, REPORT_KINDS };

/* What is reported; borrowed. */
struct report_subject {
    const struct drift_context *context; /* drift, plan */
    const struct plan *plan;
    unsigned stage; /* of the plan; 0: all */
    const struct comparison_member *members;
    const struct comparison_of_many *many;
    const char *database; /* checks */
    const char *server;   /* checks: "postgres 15.18"; NULL */
    const struct judged_check *checks;
    size_t check_count;
    int64_t now_ms; /* unix time; checks */
};

/* Appends the report. False if there is none of that kind in that form, and then nothing is appended. */
bool report_render(enum report_kind kind, enum report_format format, const struct report_subject *subject,
                   struct strbuf *out);

#endif
