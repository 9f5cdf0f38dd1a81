/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks that somebody asks for: who waits on a database, and who wants it to be looked at now.
 */
#include "daemon/scheduler_parts.h"

enum { REFRESH_DISTANCE_MS = 1000 };

bool subject_is_settled(const struct subject *subject, uint64_t ticket)
{
    return subject->refresh_done >= ticket && watched_checks_awaited(subject->watched) == 0;
}

/* Called with the lock held. */
static struct subject *find_subject(const struct scheduler *scheduler, const char *database)
{
    const struct config_database *found = config_find_database(scheduler->config, database);
    return found ? scheduler->subjects[found - scheduler->config->databases] : NULL;
}

void scheduler_demand(struct scheduler *scheduler, const char *database, int change)
{
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find_subject(scheduler, database);
    if (subject) {
        subject->demand = subject->demand + change > 0 ? subject->demand + change : 0;
        if (change > 0 && subject->demand == change) {
            struct look_task *journal = &subject->looks[LOOK_JOURNAL];
            int64_t due = monotonic_ms();
            scheduler_pull_forward(scheduler, journal, due < journal->earliest_ms ? journal->earliest_ms : due);
            pthread_cond_signal(&scheduler->due_changed);
        }
    }
    pthread_mutex_unlock(&scheduler->lock);
}

/* Whether `member` is that database or a replica of it. */
static bool is_of(const struct subject *member, const struct subject *subject)
{
    return member == subject || member->database->replica_of == subject->database;
}

/* Asks for both looks now, of a database and its replicas. Tickets grow over all databases, so that one holds for all
 * of them. Called with the lock held. */
static uint64_t ask_refresh(struct scheduler *scheduler, const struct subject *subject, int64_t now_ms)
{
    uint64_t ticket = ++scheduler->refreshes;
    for (size_t i = 0; i < scheduler->subject_count; i++) {
        struct subject *member = scheduler->subjects[i];
        if (!is_of(member, subject))
            continue;
        member->refresh_at_ms = now_ms;
        member->refresh_asked = ticket;
        scheduler_pull_forward(scheduler, &member->looks[LOOK_DEEP], now_ms);
    }
    pthread_cond_signal(&scheduler->due_changed);
    return ticket;
}

static bool is_refreshed(const struct scheduler *scheduler, const struct subject *subject, uint64_t ticket)
{
    for (size_t i = 0; i < scheduler->subject_count; i++)
        if (is_of(scheduler->subjects[i], subject) && !subject_is_settled(scheduler->subjects[i], ticket))
            return false;
    return true;
}

uint64_t scheduler_refresh(struct scheduler *scheduler, const char *database, int64_t *ret_wait_ms)
{
    uint64_t ticket = 0;
    int64_t now = monotonic_ms();
    *ret_wait_ms = 0;
    pthread_mutex_lock(&scheduler->lock);
    struct subject *subject = find_subject(scheduler, database);
    if (subject && !subject_is_settled(subject, subject->refresh_asked)) {
        ticket = subject->refresh_asked;
    } else if (subject && subject->refresh_asked > 0 && now - subject->refresh_at_ms < REFRESH_DISTANCE_MS) {
        *ret_wait_ms = REFRESH_DISTANCE_MS - (now - subject->refresh_at_ms);
    } else if (subject) {
        ticket = ask_refresh(scheduler, subject, now);
    }
    pthread_mutex_unlock(&scheduler->lock);
    return ticket;
}

bool scheduler_refreshed(struct scheduler *scheduler, const char *database, uint64_t ticket)
{
    pthread_mutex_lock(&scheduler->lock);
    const struct subject *subject = find_subject(scheduler, database);
    bool refreshed = !subject || is_refreshed(scheduler, subject, ticket);
    pthread_mutex_unlock(&scheduler->lock);
    return refreshed;
}
