/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/state_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"
#include "gate/state_rules.h"

enum { NAMES_SHOWN = 3 }; /* of a list, in a sentence: the whole list stands beside it */

struct line line_in(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct line){.text = buffer, .size = size};
}

/* What was a line break or a control character in a foreign name must not leave gaps. */
static void squeeze_blanks(char *text)
{
    char *out = text;
    for (const char *in = text; *in; in++) {
        if (*in != ' ' || (out > text && out[-1] != ' '))
            *out++ = *in;
    }
    *out = '\0';
}

void line_finish(struct line *line)
{
    utf8_make_line(line->text, line->size);
    squeeze_blanks(line->text);
}

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
    va_end(arguments);
    if (written < 0)
        return;
    size_t room = line->size - line->length - 1;
    line->length += (size_t)written < room ? (size_t)written : room;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static const char *is_or_are(size_t count)
{
    return count == 1 ? "is" : "are";
}

/* "a", "a, b", "a, b, c and 4 more" */
static void add_names(struct line *line, const struct finding_list *list)
{
    size_t shown = list->count < NAMES_SHOWN ? list->count : NAMES_SHOWN;
    for (size_t i = 0; i < shown; i++)
        add(line, "%s%s", i > 0 ? ", " : "", list->items[i].revision);
    if (list->count > shown)
        add(line, " and %zu more", list->count - shown);
}

/* "at 2026-11-20T09:58:11Z", after the word given; nothing where the time is not known. */
static void add_time(struct line *line, const char *before, int64_t unix_ms)
{
    struct tm parts = {0};
    time_t seconds = (time_t)(unix_ms / 1000);
    char text[40] = "";
    if (unix_ms == TIME_UNKNOWN || !gmtime_r(&seconds, &parts) || parts.tm_year > 9999 - 1900 ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        return;
    add(line, "%s%s", before, text);
}

/* "2 m", "90 s": the largest unit that says it exactly, as the configuration spells it. */
static void add_duration(struct line *line, int64_t milliseconds)
{
    static const struct {
        int64_t unit_ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    size_t i = 0;
    while (milliseconds % units[i].unit_ms != 0 || (milliseconds == 0 && units[i].unit_ms > 1000))
        i++;
    add(line, "%lld%s", (long long)(milliseconds / units[i].unit_ms), units[i].name);
}

static void add_if_given(struct line *line, const char *before, const char *text)
{
    if (text && *text)
        add(line, "%s%s", before, text);
}

static const char *tool_of(const struct situation *situation)
{
    if (situation->comparison->tool)
        return situation->comparison->tool;
    const struct journal *journal = situation->input->journal;
    return journal && journal->address.tool ? journal->address.tool : NULL;
}

/* "journal public.alembic_version", or "the journal" where no name is known. */
static void add_journal(struct line *line, const struct situation *situation)
{
    const struct journal *journal = situation->input->journal;
    if (!journal || !journal->address.table) {
        add(line, "the journal");
        return;
    }
    bool has_schema = journal->address.schema && *journal->address.schema;
    add(line, "journal %s%s%s", has_schema ? journal->address.schema : "", has_schema ? "." : "",
        journal->address.table);
}

static const char *failure_text(const struct situation *situation)
{
    const struct state_input *input = situation->input;
    return input->last_error_message ? input->last_error_message : error_code_name(input->last_error);
}

void reason_never_looked(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "the database was not looked at yet");
}

void reason_first_look_failed(const struct situation *situation, struct line *line)
{
    add(line, "no look at the database succeeded yet: %s", failure_text(situation));
}

void reason_stale(const struct situation *situation, struct line *line)
{
    int64_t taken_at = TIME_UNKNOWN;
    if (__builtin_sub_overflow(situation->input->now_ms, situation->input->age_ms, &taken_at))
        taken_at = TIME_UNKNOWN;
    add(line, "the last good look");
    add_time(line, " was at ", taken_at);
    add(line, "%s longer ago than max_staleness (", taken_at == TIME_UNKNOWN ? " was" : ",");
    add_duration(line, situation->policy->max_staleness_ms);
    add(line, ")");
    if (situation->input->last_error != ERROR_OK)
        add(line, ": %s", failure_text(situation));
}

void reason_journal_unreadable(const struct situation *situation, struct line *line)
{
    const char *message = situation->input->journal_error_message;
    add_journal(line, situation);
    add(line, " cannot be read: %s", message ? message : error_code_name(situation->input->journal_error));
}

void reason_journal_invalid(const struct situation *situation, struct line *line)
{
    add_journal(line, situation);
    add(line, " cannot be believed: %s", situation->input->journal->invalid);
}

void reason_journal_truncated(const struct situation *situation, struct line *line)
{
    add_journal(line, situation);
    add(line, " has more rows than the %zu that are read", situation->input->journal->row_count);
}

void reason_absence_unproven(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "no journal is visible, and the role may not see every table, so there may be one");
}

void reason_absence_truncated(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "no journal was found in the part of the schema that was read, which reached a limit");
}

void reason_expectation_failed(const struct situation *situation, struct line *line)
{
    add(line, "the expected migrations cannot be read");
    add_if_given(line, ": ", situation->input->expectation_message);
}

void reason_not_recorded(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "no journal is configured (journal: none), so nothing tells which migrations are applied");
}

void reason_order_unknown(const struct situation *situation, struct line *line)
{
    const struct comparison *comparison = situation->comparison;
    if (!situation->compared) {
        add(line, "what is expected was not compared with the journal yet");
        return;
    }
    if (comparison->remark) {
        add(line, "%s", comparison->remark);
        return;
    }
    add(line, "whether %s is applied cannot be told",
        comparison->expected_revision ? comparison->expected_revision : "what is expected");
    if (comparison->heads.count > 0) {
        add(line, " from ");
        add_names(line, &comparison->heads);
    }
}

static void add_holder(struct line *line, const struct lock_report *lock)
{
    const char *unknown = lock->sessionless ? "somebody unknown" : "a session that is not shown";
    add(line, "%s", lock->holder[0] ? lock->holder : unknown);
}

void reason_wanted_journal_absent(const struct situation *situation, struct line *line)
{
    add(line, "the database has no journal that %s names", situation->input->journal_wanted);
}

void reason_lock_held(const struct situation *situation, struct line *line)
{
    add_holder(line, situation->input->lock);
    add(line, " holds the migration lock");
    add_time(line, " since ", situation->input->lock->since_ms);
}

void reason_journal_locked(const struct situation *situation, struct line *line)
{
    const struct lock_report *lock = situation->input->lock;
    add_journal(line, situation);
    add(line, " is locked by DDL or by its tool");
    if (!lock || !lock->held)
        return;
    add_if_given(line, ": ", lock->holder);
    add_time(line, " since ", lock->since_ms);
}

static void add_file(struct line *line, const struct finding *finding)
{
    if (finding->file && strcmp(finding->file, finding->revision) != 0)
        add(line, " (%s)", finding->file);
}

void reason_dirty_alive(const struct situation *situation, struct line *line)
{
    const struct finding_list *dirty = &situation->comparison->dirty;
    add(line, "migration%s ", plural(dirty->count));
    add_names(line, dirty);
    if (dirty->count == 1)
        add_file(line, &dirty->items[0]);
    add(line, " began");
    add_time(line, " at ", dirty->items[0].applied_at_ms);
    add(line, " and %s not ended", dirty->count == 1 ? "has" : "have");
}

/* "migration 7 (V7__x.sql)", "2 migrations (7, 8)" */
static void add_migrations(struct line *line, const char *adjective, const struct finding_list *list)
{
    if (list->count == 1) {
        add(line, "%smigration %s", adjective, list->items[0].revision);
        add_file(line, &list->items[0]);
        return;
    }
    add(line, "%zu %smigrations (", list->count, adjective);
    add_names(line, list);
    add(line, ")");
}

void reason_failed(const struct situation *situation, struct line *line)
{
    const struct finding_list *failed = &situation->comparison->failed;
    add_migrations(line, "", failed);
    add(line, " failed");
    add_time(line, " at ", failed->items[0].applied_at_ms);
    add_if_given(line, ": ", failed->items[0].detail);
}

void reason_dirty_dead(const struct situation *situation, struct line *line)
{
    const struct finding_list *dirty = &situation->comparison->dirty;
    add_migrations(line, "", dirty);
    add(line, " began");
    add_time(line, " at ", dirty->items[0].applied_at_ms);
    add(line, " and did not end: ");
    if (situation->input->runner_visible || situation->lock_orphaned)
        add(line, "%s runner is gone", dirty->count == 1 ? "its" : "their");
    else
        add(line, "no runner is known to live");
}

void reason_unversioned(const struct situation *situation, struct line *line)
{
    const char *place = situation->input->journal_place;
    add(line, "the database has tables, but no %s", place ? place : "migration journal");
}

void reason_empty(const struct situation *situation, struct line *line)
{
    const char *place = situation->input->journal_place;
    if (place)
        add(line, "the database has no tables of its own, and no %s", place);
    else
        add(line, "the database has neither tables nor a migration journal");
}

void reason_mismatched(const struct situation *situation, struct line *line)
{
    const struct finding_list *mismatched = &situation->comparison->mismatched;
    const struct finding *first = &mismatched->items[0];
    if (mismatched->count > 1)
        add(line, "%zu applied migrations differ from their files, first ", mismatched->count);
    else
        add(line, "checksum of ");
    add(line, "%s", first->file ? first->file : first->revision);
    if (mismatched->count == 1)
        add(line, " differs");
    add_if_given(line, ": ", first->detail);
}

void reason_multiple_heads(const struct situation *situation, struct line *line)
{
    const struct finding_list *heads = &situation->comparison->heads;
    if (heads->count > 1) {
        add(line, "the journal has %zu heads that no missing migration merges: ", heads->count);
        add_names(line, heads);
        return;
    }
    add(line, "the expected migrations have several heads that nothing merges");
    add_if_given(line, ": ", situation->comparison->expected_revision);
}

void reason_out_of_order(const struct situation *situation, struct line *line)
{
    const struct finding_list *list = &situation->comparison->out_of_order;
    const char *tool = tool_of(situation);
    add_migrations(line, "expected ", list);
    add(line, " %s not applied, and %s will not apply %s", is_or_are(list->count), tool ? tool : "the tool",
        list->count == 1 ? "it" : "them");
    if (list->items[0].detail)
        add(line, ": %s", list->items[0].detail);
    else
        add_if_given(line, ": ", situation->comparison->remark);
}

/* "1 of 42 expected migrations is not applied" */
static void add_missing(struct line *line, const struct comparison *comparison)
{
    size_t missing = comparison->pending.count;
    if (comparison->expected_count > 1)
        add(line, "%zu of %zu expected migrations %s not applied", missing, comparison->expected_count,
            is_or_are(missing));
    else if (missing == 1)
        add(line, "expected migration %s is not applied", comparison->pending.items[0].revision);
    else
        add(line, "%zu expected migrations are not applied", missing);
}

void reason_diverged(const struct situation *situation, struct line *line)
{
    const struct comparison *comparison = situation->comparison;
    add_missing(line, comparison);
    add(line, ", and ");
    add_migrations(line, "newer unknown ", &comparison->later);
    add(line, " %s", is_or_are(comparison->later.count));
}

void reason_unknown_applied(const struct situation *situation, struct line *line)
{
    const struct finding_list *unknown = &situation->comparison->unknown;
    const char *tool = tool_of(situation);
    add_migrations(line, "applied ", unknown);
    add(line, " %s in no file, and %s refuses to run", is_or_are(unknown->count), tool ? tool : "the tool");
}

static void add_bad_lock(struct line *line, const struct situation *situation)
{
    const struct lock_report *lock = situation->input->lock;
    add(line, situation->lock_orphaned ? "an orphaned lock is held by " : "a lock that seems orphaned is held by ");
    add_holder(line, lock);
    add_time(line, " since ", lock->since_ms);
}

void reason_pending_locked(const struct situation *situation, struct line *line)
{
    add_missing(line, situation->comparison);
    add(line, ", and ");
    add_bad_lock(line, situation);
}

void reason_pending(const struct situation *situation, struct line *line)
{
    add_missing(line, situation->comparison);
}

void reason_ahead(const struct situation *situation, struct line *line)
{
    const struct comparison *comparison = situation->comparison;
    if (comparison->ceiling) {
        add_migrations(line, "applied ", &comparison->later);
        add(line, " %s newer than %s, the newest that the release supports", is_or_are(comparison->later.count),
            comparison->ceiling);
        return;
    }
    add(line, "all that is expected is applied, and so %s ", is_or_are(comparison->later.count));
    add_migrations(line, "newer ", &comparison->later);
    add_if_given(line, "; ", comparison->remark);
}

void reason_current(const struct situation *situation, struct line *line)
{
    const struct comparison *comparison = situation->comparison;
    if (comparison->match != MATCH_EXACT && comparison->expected_revision) {
        add(line, "%s is applied%s", comparison->expected_revision,
            comparison->match == MATCH_AT_LEAST ? ", and all before it" : "");
    } else if (comparison->expected_count > 1) {
        add(line, "all %zu expected migrations are applied", comparison->expected_count);
    } else if (comparison->expected_revision) {
        add(line, "expected migration %s is applied", comparison->expected_revision);
    } else if (comparison->ceiling) {
        add(line, "nothing newer than %s is applied", comparison->ceiling);
        return;
    } else {
        add(line, "all that is expected is applied");
    }
    if (comparison->ceiling)
        add(line, ", and nothing newer than %s", comparison->ceiling);
    size_t unknown = comparison->unknown.count;
    if (unknown > 0)
        add(line, "; %zu older applied one%s %s in no file", unknown, plural(unknown), is_or_are(unknown));
}

void reason_no_journal_configured(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "no journal is configured (journal: none), and nothing is expected");
}

void reason_nothing_expected(const struct situation *situation, struct line *line)
{
    const struct finding_list *heads = &situation->comparison->heads;
    add(line, "nothing is expected of ");
    add_journal(line, situation);
    if (heads->count > 0) {
        add(line, ", which stands at ");
        add_names(line, heads);
    }
}

void next_wait_for_look(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "wait: the first look is under way");
}

/* What helps against each way in which a look fails. */
static void add_remedy(struct line *line, enum state_code code, const char *grant)
{
    switch (code) {
    case CODE_UNREACHABLE:
        add(line, "check that the server runs and that the configured address and database are right");
        break;
    case CODE_TIMEOUT:
        add(line, "check the server's load and locks, and the network between");
        break;
    case CODE_AUTH_FAILED:
        add(line, "check the configured user and password");
        break;
    case CODE_FORBIDDEN:
        add(line, "%s", grant && *grant ? grant : "grant the configured role the right to connect and to read");
        break;
    case CODE_TRUNCATED:
        add(line, "narrow `schemas` to what the application uses");
        break;
    default:
        add(line, "look into migrationd's own log for what kept it from looking");
        break;
    }
}

void next_mend_look(const struct situation *situation, struct line *line)
{
    add_remedy(line, situation_failure(situation), situation->input->grant_needed);
}

void next_mend_reading(const struct situation *situation, struct line *line)
{
    enum state_code code = situation_failure(situation);
    if (code == CODE_JOURNAL_INVALID)
        next_mend_journal(situation, line);
    else
        add_remedy(line, code, situation->input->grant_needed);
}

void next_mend_journal(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "check that the journal's table is its tool's own, or name the right one in `journal`");
}

void next_split_journal(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "check that the journal's table is its tool's own: no project has that many migrations");
}

void next_grant(const struct situation *situation, struct line *line)
{
    const char *grant = situation->input->grant_needed;
    add(line, "%s", grant && *grant ? grant : "grant the configured role SELECT on the journal's table");
}

void next_narrow_schemas(const struct situation *situation, struct line *line)
{
    add_remedy(line, CODE_TRUNCATED, situation->input->grant_needed);
}

void next_mend_files(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "mend the expected migrations, or ask with ?revision=");
}

void next_configure_journal(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "name the journal in the configuration, or ask without a revision");
}

void next_give_files(const struct situation *situation, struct line *line)
{
    if (!situation->compared) {
        add(line, "wait: the next look compares");
        return;
    }
    add(line, "configure `expect: {directory: …}` with migrations that hold both the expected and the applied ones");
}

void next_name_journal(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "name a journal by its schema, its table or SCHEMA.TABLE, or run its first migration");
}

void next_wait_for_runner(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "wait: a migration is running");
}

static void add_either(struct line *line, const char *command, const char *otherwise)
{
    add(line, "%s", command && *command ? command : otherwise);
}

void next_repair(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_repair,
               "undo by hand what the migration left behind, mark it in the journal with its tool, then run it again");
}

void next_stamp(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "find out which revision the schema has and record it with the migration tool (alembic stamp, flyway "
              "baseline), then migrate");
}

void next_apply(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_apply, "run the migrations");
}

void next_restore_file(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_repair,
               "restore the migration's file as it was applied, and put the change into a new migration");
}

void next_merge(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_repair, "add a migration that merges the heads");
}

void next_reorder(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_repair,
               "give the migration a place after the newest applied one, then run the migrations");
}

void next_deploy_newer(const struct situation *situation, struct line *line)
{
    add_either(line, situation->comparison->next_repair,
               "bring back the migration files of the release that was applied, or deploy that release");
}

void next_accept_or_deploy(const struct situation *situation, struct line *line)
{
    add(line, "deploy the release that brings the newer migrations, or accept `ahead` in the gate");
    add_if_given(line, "; to go back, with that release's files: ", situation->comparison->next_revert);
}

void next_release_lock(const struct situation *situation, struct line *line)
{
    add(line, "check that no runner lives, then release its lock");
    add_if_given(line, ": ", situation->comparison->next_release);
}

void next_configure_expectation(const struct situation *situation, struct line *line)
{
    (void)situation;
    add(line, "configure `expect`, or ask with ?revision=");
}

/* There is nothing to do for the state's sake; a lock that nobody will release still wants a hand. */
void next_nothing(const struct situation *situation, struct line *line)
{
    if (situation->lock_orphaned || situation->lock_suspected)
        next_release_lock(situation, line);
}

static void add_part(struct line *line)
{
    if (line->length > 0)
        add(line, "; ");
}

void warning_of(const struct situation *situation, struct line *line)
{
    const struct state_input *input = situation->input;
    if (situation->lock_orphaned || situation->lock_suspected)
        add_bad_lock(line, situation);
    if (situation->comparison->mismatched.count > 0 && !situation->policy->checksums_enforced) {
        add_part(line);
        reason_mismatched(situation, line);
    }
    if (input->expectation_failed && situation->asked_by_caller) {
        add_part(line);
        reason_expectation_failed(situation, line);
    }
    if (input->last_error != ERROR_OK && !situation_is_stale(situation)) {
        add_part(line);
        add(line, "the newest look failed: %s", failure_text(situation));
    }
}
