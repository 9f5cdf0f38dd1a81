/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/state_rules.h"

#include "base/cleanup.h"
#include "gate/state_text.h"

static bool has(struct finding_list list)
{
    return list.count > 0;
}

static bool never_looked(const struct situation *situation)
{
    return !situation->input->observed && situation->input->last_error == ERROR_OK;
}

static bool first_look_failed(const struct situation *situation)
{
    return !situation->input->observed;
}

static bool look_is_old(const struct situation *situation)
{
    return situation->input->age_ms > situation->policy->max_staleness_ms;
}

static bool journal_unreadable(const struct situation *situation)
{
    enum error_code error = situation->input->journal_error;
    return error != ERROR_OK && error != ERROR_LOCKED;
}

static bool journal_invalid(const struct situation *situation)
{
    return situation->input->journal && situation->input->journal->invalid;
}

static bool journal_truncated(const struct situation *situation)
{
    return situation->input->journal && situation->input->journal->truncated;
}

/* No journal was seen where one is looked for: what that means depends on what could have been seen. */
static bool journal_absent(const struct situation *situation)
{
    return !situation->journal_seen && !situation->policy->journal_none;
}

static bool absence_truncated(const struct situation *situation)
{
    return journal_absent(situation) && situation->input->schema_truncated;
}

static bool absence_unproven(const struct situation *situation)
{
    return journal_absent(situation) && !situation->input->absence_proven;
}

static bool expectation_failed(const struct situation *situation)
{
    return situation->input->expectation_failed && !situation->asked_by_caller;
}

static bool asked_without_journal(const struct situation *situation)
{
    return !situation->journal_seen && situation->policy->journal_none && situation->input->source != SOURCE_NONE;
}

static bool order_unknown(const struct situation *situation)
{
    return situation->comparison->order_unknown;
}

static bool wanted_journal_absent(const struct situation *situation)
{
    return situation->input->journal_wanted && !situation->journal_seen;
}

static bool runs_by_lock(const struct situation *situation)
{
    return situation->lock_alive && !situation->satisfied;
}

static bool runs_by_locked_journal(const struct situation *situation)
{
    return situation->journal_locked && !situation->satisfied;
}

static bool runs_by_dirty_entry(const struct situation *situation)
{
    return situation->dirty_alive && !situation->satisfied;
}

static bool entry_failed(const struct situation *situation)
{
    return has(situation->comparison->failed);
}

static bool dirty_entry_dead(const struct situation *situation)
{
    return has(situation->comparison->dirty) && !situation->dirty_alive && !situation->lock_alive;
}

static bool unversioned(const struct situation *situation)
{
    return journal_absent(situation) && situation->input->has_tables;
}

static bool checksum_differs(const struct situation *situation)
{
    return has(situation->comparison->mismatched) && situation->policy->checksums_enforced;
}

static bool multiple_heads(const struct situation *situation)
{
    return situation->comparison->multiple_heads;
}

static bool out_of_order(const struct situation *situation)
{
    return has(situation->comparison->out_of_order);
}

/* Whether the release that asks would run on nothing newer than what it names. */
static bool is_bounded(const struct comparison *comparison)
{
    return comparison->match == MATCH_EXACT || comparison->ceiling;
}

/* An entry after all that is expected is unknown to the release that asks exactly. Asked for at least R, it is only
 * where R comes from files and it does not: the tool that is to apply R from these files does not know it. */
static bool later_is_unknown(const struct comparison *comparison)
{
    if (is_bounded(comparison))
        return has(comparison->later);
    if (!comparison->pending.items[0].file)
        return false;
    for (size_t i = 0; i < comparison->later.count; i++) {
        if (!comparison->later.items[i].file)
            return true;
    }
    return false;
}

static bool diverged(const struct situation *situation)
{
    return has(situation->comparison->pending) && later_is_unknown(situation->comparison);
}

static bool unknown_refused(const struct situation *situation)
{
    return has(situation->comparison->unknown) && situation->comparison->unknown_refused;
}

static bool pending(const struct situation *situation)
{
    return has(situation->comparison->pending);
}

static bool pending_behind_lock(const struct situation *situation)
{
    return pending(situation) && (situation->lock_orphaned || situation->lock_suspected);
}

static bool ahead(const struct situation *situation)
{
    return situation->compared && is_bounded(situation->comparison) && has(situation->comparison->later);
}

/* An answer that names nothing missing and yet does not say that the target is applied proves nothing. */
static bool current(const struct situation *situation)
{
    return situation->compared && situation->comparison->target_applied;
}

static bool no_journal_configured(const struct situation *situation)
{
    return !situation->journal_seen && situation->policy->journal_none;
}

static bool nothing_expected(const struct situation *situation)
{
    return !situation->compared && situation->input->source == SOURCE_NONE;
}

static bool always(const struct situation *situation)
{
    (void)situation;
    return true;
}

/* clang-format off */
const struct state_rule state_rules[] = {
    {10, "never_looked", never_looked, STATE_UNKNOWN, CODE_NEVER_OBSERVED, GATE_UNKNOWN,
     reason_never_looked, next_wait_for_look},
    {11, "first_look_failed", first_look_failed, STATE_UNKNOWN, CODE_OF_FAILURE, GATE_UNKNOWN,
     reason_first_look_failed, next_mend_look},
    {12, "look_is_old", look_is_old, STATE_UNKNOWN, CODE_OF_FAILURE, GATE_UNKNOWN,
     reason_stale, next_mend_look},
    {13, "journal_unreadable", journal_unreadable, STATE_UNKNOWN, CODE_OF_FAILURE, GATE_UNKNOWN,
     reason_journal_unreadable, next_mend_reading},
    {14, "journal_invalid", journal_invalid, STATE_UNKNOWN, CODE_JOURNAL_INVALID, GATE_UNKNOWN,
     reason_journal_invalid, next_mend_journal},
    {15, "journal_truncated", journal_truncated, STATE_UNKNOWN, CODE_TRUNCATED, GATE_UNKNOWN,
     reason_journal_truncated, next_split_journal},
    {16, "absence_truncated", absence_truncated, STATE_UNKNOWN, CODE_TRUNCATED, GATE_UNKNOWN,
     reason_absence_truncated, next_narrow_schemas},
    {17, "absence_unproven", absence_unproven, STATE_UNKNOWN, CODE_FORBIDDEN, GATE_UNKNOWN,
     reason_absence_unproven, next_grant},
    {18, "expectation_failed", expectation_failed, STATE_UNKNOWN, CODE_EXPECTATION_INVALID, GATE_UNKNOWN,
     reason_expectation_failed, next_mend_files},
    {19, "asked_without_journal", asked_without_journal, STATE_UNKNOWN, CODE_ORDER_UNKNOWN, GATE_UNKNOWN,
     reason_not_recorded, next_configure_journal},
    {20, "order_unknown", order_unknown, STATE_UNKNOWN, CODE_ORDER_UNKNOWN, GATE_UNKNOWN,
     reason_order_unknown, next_give_files},
    {21, "wanted_journal_absent", wanted_journal_absent, STATE_UNKNOWN, CODE_NEVER_OBSERVED, GATE_UNKNOWN,
     reason_wanted_journal_absent, next_name_journal},

    {30, "lock_held", runs_by_lock, STATE_RUNNING, CODE_RUNNING, GATE_CLOSED,
     reason_lock_held, next_wait_for_runner},
    {31, "journal_locked", runs_by_locked_journal, STATE_RUNNING, CODE_RUNNING, GATE_CLOSED,
     reason_journal_locked, next_wait_for_runner},
    {32, "dirty_entry_alive", runs_by_dirty_entry, STATE_RUNNING, CODE_RUNNING, GATE_CLOSED,
     reason_dirty_alive, next_wait_for_runner},

    {40, "entry_failed", entry_failed, STATE_FAILED, CODE_FAILED, GATE_BLOCKED,
     reason_failed, next_repair},
    {41, "dirty_entry_dead", dirty_entry_dead, STATE_FAILED, CODE_FAILED, GATE_BLOCKED,
     reason_dirty_dead, next_repair},

    {50, "unversioned", unversioned, STATE_UNVERSIONED, CODE_UNVERSIONED, GATE_BLOCKED,
     reason_unversioned, next_stamp},
    {51, "empty", journal_absent, STATE_EMPTY, CODE_EMPTY, GATE_CLOSED,
     reason_empty, next_apply},

    {60, "checksum_differs", checksum_differs, STATE_DIVERGED, CODE_CHECKSUM_MISMATCH, GATE_BLOCKED,
     reason_mismatched, next_restore_file},
    {61, "multiple_heads", multiple_heads, STATE_DIVERGED, CODE_MULTIPLE_HEADS, GATE_BLOCKED,
     reason_multiple_heads, next_merge},
    {62, "out_of_order", out_of_order, STATE_DIVERGED, CODE_OUT_OF_ORDER, GATE_BLOCKED,
     reason_out_of_order, next_reorder},
    {63, "diverged", diverged, STATE_DIVERGED, CODE_DIVERGED, GATE_BLOCKED,
     reason_diverged, next_deploy_newer},
    {64, "unknown_refused", unknown_refused, STATE_DIVERGED, CODE_UNKNOWN_APPLIED, GATE_BLOCKED,
     reason_unknown_applied, next_deploy_newer},

    {70, "pending_behind_lock", pending_behind_lock, STATE_PENDING, CODE_LOCK_ORPHANED, GATE_BLOCKED,
     reason_pending_locked, next_release_lock},
    {71, "pending", pending, STATE_PENDING, CODE_PENDING, GATE_CLOSED,
     reason_pending, next_apply},

    {80, "ahead", ahead, STATE_AHEAD, CODE_AHEAD, GATE_BLOCKED,
     reason_ahead, next_accept_or_deploy},
    {81, "current", current, STATE_CURRENT, CODE_CURRENT, GATE_OPEN,
     reason_current, next_nothing},

    {90, "no_journal_configured", no_journal_configured, STATE_OBSERVED, CODE_NO_EXPECTATION, GATE_OPEN,
     reason_no_journal_configured, next_nothing},
    {91, "nothing_expected", nothing_expected, STATE_OBSERVED, CODE_NO_EXPECTATION, GATE_UNKNOWN,
     reason_nothing_expected, next_configure_expectation},

    {99, "undecided", always, STATE_UNKNOWN, CODE_ORDER_UNKNOWN, GATE_UNKNOWN,
     reason_order_unknown, next_give_files},
};
/* clang-format on */

const size_t state_rule_count = ARRAY_LENGTH(state_rules);
