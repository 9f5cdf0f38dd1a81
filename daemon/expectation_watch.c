/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/expectation_watch.h"

#include <string.h>

/* Two equal listings this far apart end a change of the expected files. */
enum { SETTLE_MS = 500 };

/* The tools of the journals that were found for it. */
static size_t list_likely(const struct config_database *database, size_t at, const struct snapshot *snapshot,
                          const struct tool *likely[static LIKELY_MAXIMUM])
{
    size_t count = 0;
    const struct tool *named = config_journal_at(database, at)->tool;
    for (size_t i = 0; snapshot && !named && i < snapshot->reading_count && count < LIKELY_MAXIMUM; i++) {
        const struct tool *tool = tool_find(snapshot->readings[i].address.tool);
        size_t same = 0;
        while (same < count && likely[same] != tool)
            same++;
        if (same == count && tool)
            likely[count++] = tool;
    }
    return count;
}

/* True when a change has come to rest. */
static bool is_quiet(struct expectation_watch *watch, const struct digest *token, int64_t now_ms)
{
    bool same = watch->changing && digest_equal(*token, watch->candidate);
    if (same && now_ms - watch->candidate_at_ms >= SETTLE_MS)
        return true;
    if (!same)
        watch->candidate_at_ms = now_ms;
    watch->changing = true;
    watch->candidate = *token;
    return false;
}

int expectation_follow(struct expectation_watch *watch, struct expectation_question *question,
                       const struct snapshot *snapshot, const struct expectation *current,
                       struct expectation **ret_expectation, int64_t *ret_settle_in_ms)
{
    const struct config_expect *expect = &config_journal_at(question->database, question->at)->expect;
    int64_t now_ms = question->now_ms;
    if (!expectation_is_read(expect))
        return 0;
    struct expectation_watch read = {.read = true, .checked_at_ms = now_ms};
    read.likely_count = list_likely(question->database, question->at, snapshot, read.likely);
    question->likely = read.likely;
    question->likely_count = read.likely_count;
    bool others = read.likely_count > 0 && (read.likely_count != watch->likely_count ||
                                            memcmp(read.likely, watch->likely, sizeof read.likely) != 0);
    if (watch->read && !others && now_ms - watch->checked_at_ms < SETTLE_MS)
        return 0;
    watch->checked_at_ms = now_ms;
    struct error unreadable = {.code = ERROR_OK};
    if (expectation_token(question, &read.token, &unreadable) < 0)
        read.token = digest_of(unreadable.message, strlen(unreadable.message));
    bool same = watch->read && digest_equal(read.token, watch->token);
    if (same && !others) {
        watch->changing = false;
        return 0;
    }
    /* What another database shows was committed there: it is never half written, as files may be. */
    if (watch->read && !same && !expect->database && !is_quiet(watch, &read.token, now_ms)) {
        *ret_settle_in_ms = SETTLE_MS;
        return 0;
    }
    *ret_expectation = expectation_read(question, current);
    if (!*ret_expectation)
        return -1;
    *watch = read;
    return 0;
}
