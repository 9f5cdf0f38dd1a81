/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether a migration may run on a database now, as the daemon sees it: the state of its migrations, and its backup.
 * Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_BEFORE_MIGRATION_H
#define MIGRATIOND_DAEMON_CTL_BEFORE_MIGRATION_H

#include "daemon/ctl.h"
#include "json/json_writer.h"

struct ctl_migration {
    struct json_document *state; /* owned: the daemon's answers */
    struct json_document *checks;
    const struct json_value *database; /* in `state` */
    const struct json_value *backup;   /* the check, in `checks`; NULL: none is configured */
    enum ctl_exit by_state;
    enum ctl_exit by_backup;
};
void ctl_migration_done(struct ctl_migration *migration);

/* Asks about `options->before_migration`. CTL_USAGE, and CTL_UNKNOWN without `database`, after a message of what is
 * wrong. */
enum ctl_exit ctl_before_migration(const struct ctl_options *options, struct ctl_migration *migration);

/* {"database","state":"open|closed|blocked|unknown","reason":string|null,"next":string|null,
 *  "migrations":{"state","code","reason","next"},
 *  "check":{"address","state","code","value","expected","checked_at","reason","next",
 *           "backup":{"file","finished_at","age_seconds","size_bytes","complete"}|null}|null} */
void ctl_migration_write(const struct ctl_migration *migration, struct json_writer *writer);

/* The same for people; false when memory is out. */
bool ctl_migration_print(const struct ctl_migration *migration);

/* Which of two exit codes stands for both: what somebody must mend before what is unknown, and that before what
 * waiting mends. */
enum ctl_exit ctl_worse_verdict(enum ctl_exit a, enum ctl_exit b);

DEFINE_CLEANUP_VALUE(ctl_migration, struct ctl_migration, ctl_migration_done);

#endif
