/* SPDX-License-Identifier: Apache-2.0
 *
 * One side of `migrationctl diff`, `plan` and `compare`: a URL, a baseline file, drizzle:DIR, rails:FILE or sql:FILE,
 * read into a schema. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_SIDE_H
#define MIGRATIOND_DAEMON_CTL_SIDE_H

#include <signal.h>

#include "daemon/ctl.h"
#include "drift/drift_policy.h"
#include "model/schema_json.h"
#include "model/snapshot.h"
#include "reference/reference.h"
#include "report/report_format.h"

struct ctl_side {
    const char *text;      /* as given */
    char *shown;           /* without secrets */
    const char *kind;      /* "url", "baseline", "drizzle", … */
    struct schema *schema; /* one reference; NULL when `ahead` */
    char revision[256];    /* "" if the source does not say */
    bool ahead;            /* a reference that cannot be had at the live side's revision */
    char reason[512];      /* why `ahead`, or a remark; "" */
    int64_t taken_at_ms;   /* unix time; TIME_UNKNOWN of a file */
};
void ctl_side_done(struct ctl_side *side);

/* Whether `text` is a database's URL. */
bool ctl_is_url(const char *text);

/* Reads a side by itself. What a file declares stands at its newest revision. */
int ctl_side_read(const char *text, const struct ctl_options *options, struct deadline deadline,
                  struct ctl_side *ret_side, struct error *reterr);

/* Reads a side as the reference of `live`: for its engine and at the revision that is applied there. */
int ctl_side_read_reference(const char *text, const struct ctl_side *live, const struct ctl_options *options,
                            struct deadline deadline, struct ctl_side *ret_side, struct error *reterr);

/* Opens `url`; the message names no secret. */
int ctl_open_url(const char *url, enum engine_purpose purpose, struct deadline deadline,
                 struct engine_connection **ret_connection, struct server_facts *ret_server, struct error *reterr);

int ctl_read_schema(const char *url, const struct engine_scope *scope, struct deadline deadline,
                    struct schema **ret_schema, struct server_facts *ret_server, struct error *reterr);

/* The journals of the database whose schema was read. */
int ctl_read_journals(const char *url, struct deadline deadline, struct schema *schema, struct server_facts *server,
                      struct snapshot **ret_snapshot, struct error *reterr);

/* At which revisions its journals stand. */
int ctl_read_revisions(const char *url, struct schema *schema, struct deadline deadline,
                       struct schema_journals *ret_journals, struct error *reterr);

/* Bad arguments and files are trouble of one kind, servers that do not answer of another: see ctl_exit. */
int ctl_fail_error(const struct error *error);

/* What `--schemas` says. */
struct engine_scope ctl_scope(const struct ctl_options *options);

/* The policy of `--ignore`, `--policy` and `--no-default-ignores`; its texts live in `arena`. A usage error is said. */
bool ctl_policy(const struct ctl_options *options, struct arena *arena, struct drift_policy *ret_policy);

/* A scratch database is to be dropped before SIGINT, SIGTERM or SIGHUP does what it does: between the two calls they
 * only set what the first one returns, and the second raises the one that came. */
struct ctl_stop {
    struct sigaction before[3];
};
const volatile sig_atomic_t *ctl_stop_catch(struct ctl_stop *stop);
void ctl_stop_release(struct ctl_stop *stop);

/* Now, unix time in milliseconds. */
int64_t ctl_now_ms(void);

/* Whether text goes to a terminal that shows colours (NO_COLOR is obeyed). */
bool ctl_colour(void);

/* Appends a report in that form, JSON with a newline. */
void ctl_render(enum report_kind kind, enum ctl_output output, const struct report_subject *subject,
                struct strbuf *out);

/* Writes `text` to standard output; an exit code. */
int ctl_write(const struct strbuf *text, int code);

DEFINE_CLEANUP_VALUE(ctl_side, struct ctl_side, ctl_side_done);

#endif
