/* SPDX-License-Identifier: Apache-2.0
 *
 * Backups: there is one that is young enough, large enough and whole, among files or in a catalogue.
 */
#include "base/byte_size.h"
#include "base/duration.h"
#include "check/backup_judge.h"
#include "check/backup_words.h"
#include "check/check_kinds.h"

enum { EVERY_MS = 60000, TIMEOUT_MS = 5000 };

bool backup_would_do(const struct check_run *run, int64_t finished_at_ms, int64_t size)
{
    const struct check_backup_rule *rule = &run->check->backup;
    return run->world->now_ms - finished_at_ms <= rule->max_age_ms && (size < 0 || size >= rule->min_size);
}

bool backup_is_in_order(struct check_run *run, const char *name, int *ret_status, struct error *reterr)
{
    static const char next[] = "make a backup, and look why the last one is not what it should be";
    const struct check_backup_rule *rule = &run->check->backup;
    const struct check_backup *backup = &run->result->backup;
    int64_t age_ms = run->world->now_ms - backup->finished_at_ms;
    *ret_status = 0;
    if (backup_would_do(run, backup->finished_at_ms, backup->size))
        return true;
    if (age_ms > rule->max_age_ms)
        *ret_status = check_refuse(run, "make a backup, and look why none was made since", reterr,
                                   "%s finished %s ago; none younger than %s is there", name,
                                   backup_age_words(age_ms).text, backup_age_words(rule->max_age_ms).text);
    else if (backup->size == 0)
        *ret_status = check_refuse(run, next, reterr, "%s is empty", name);
    else
        *ret_status = check_refuse(run, next, reterr, "%s has %s; at least %s are expected", name,
                                   backup_size_words(backup->size).text, backup_size_words(rule->min_size).text);
    return false;
}

static bool needs_connection(const struct check *check)
{
    return check->backup.file == NULL;
}

static void describe(const struct check *check, struct strbuf *out)
{
    strbuf_add_string(out, check->backup.file ? "a complete file younger than " : "younger than ");
    duration_print(check->backup.max_age_ms, out);
    if (check->backup.min_size > 1) {
        strbuf_add_string(out, ", at least ");
        byte_size_print(check->backup.min_size, out);
    }
}

/* What passes now does so until it is too old, whatever the schedule. */
static void ask_again_in_time(struct check_run *run)
{
    struct check_result *result = run->result;
    int64_t age_ms = run->world->now_ms - result->backup.finished_at_ms;
    int64_t left_ms = run->check->backup.max_age_ms - age_ms + 1;
    if (result->again_in_ms == 0 || left_ms < result->again_in_ms)
        result->again_in_ms = left_ms;
}

static int run_backup(struct check_run *run, struct error *reterr)
{
    int status = (run->check->backup.file ? backup_judge_files : backup_judge_catalogue)(run, reterr);
    if (status == 0 && run->result->state == CHECK_PASSED)
        ask_again_in_time(run);
    return status;
}

const struct check_kind check_kind_backup = {
    .name = "backup",
    .doc = "there is a backup that is young enough, large enough and, as far as its format tells, complete",
    .every_ms = EVERY_MS,
    .timeout_ms = TIMEOUT_MS,
    .severity = CHECK_WARNS,
    .lasting = true,
    .needs_connection = needs_connection,
    .describe = describe,
    .run = run_backup,
};
