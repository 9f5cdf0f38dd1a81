/* SPDX-License-Identifier: Apache-2.0
 *
 * The sentences of a verdict: what was seen, and the one thing to do. One writer per kind of evidence; the rules name
 * them. Nothing that only time changes stands in a sentence, so that equal situations read alike. Private to lib/gate.
 */
#ifndef MIGRATIOND_GATE_STATE_TEXT_H
#define MIGRATIOND_GATE_STATE_TEXT_H

#include <stddef.h>

struct situation;

/* A line that grows in a fixed buffer; what does not fit is dropped. */
struct line {
    char *text;
    size_t size;
    size_t length;
};

struct line line_in(char *buffer, size_t size);

/* Makes what was written one line of UTF-8, cut at a character, with single blanks. */
void line_finish(struct line *line);

typedef void sentence_writer(const struct situation *situation, struct line *line); /* a function type, not a struct */

/* What was seen. */
sentence_writer reason_never_looked;
sentence_writer reason_first_look_failed;
sentence_writer reason_stale;
sentence_writer reason_journal_unreadable;
sentence_writer reason_journal_invalid;
sentence_writer reason_journal_truncated;
sentence_writer reason_absence_unproven;
sentence_writer reason_absence_truncated;
sentence_writer reason_expectation_failed;
sentence_writer reason_not_recorded;
sentence_writer reason_order_unknown;
sentence_writer reason_wanted_journal_absent;
sentence_writer reason_lock_held;
sentence_writer reason_journal_locked;
sentence_writer reason_dirty_alive;
sentence_writer reason_failed;
sentence_writer reason_dirty_dead;
sentence_writer reason_unversioned;
sentence_writer reason_empty;
sentence_writer reason_mismatched;
sentence_writer reason_multiple_heads;
sentence_writer reason_out_of_order;
sentence_writer reason_diverged;
sentence_writer reason_unknown_applied;
sentence_writer reason_pending_locked;
sentence_writer reason_pending;
sentence_writer reason_ahead;
sentence_writer reason_current;
sentence_writer reason_no_journal_configured;
sentence_writer reason_nothing_expected;

/* What to do. */
sentence_writer next_wait_for_look;
sentence_writer next_mend_look;
sentence_writer next_mend_reading;
sentence_writer next_mend_journal;
sentence_writer next_split_journal;
sentence_writer next_grant;
sentence_writer next_narrow_schemas;
sentence_writer next_mend_files;
sentence_writer next_configure_journal;
sentence_writer next_give_files;
sentence_writer next_name_journal;
sentence_writer next_wait_for_runner;
sentence_writer next_repair;
sentence_writer next_stamp;
sentence_writer next_apply;
sentence_writer next_restore_file;
sentence_writer next_merge;
sentence_writer next_reorder;
sentence_writer next_deploy_newer;
sentence_writer next_accept_or_deploy;
sentence_writer next_release_lock;
sentence_writer next_configure_expectation;
sentence_writer next_nothing;

/* What is wrong although the state stands; "" if nothing. */
sentence_writer warning_of;

#endif
