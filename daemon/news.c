/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/news.h"

#include <string.h>

#include "base/digest.h"
#include "base/limits.h"
#include "daemon/log.h"

void news_init(struct news *news, struct events *events)
{
    *news = (struct news){.events = events};
    for (size_t i = 0; i < NEWS_KINDS; i++)
        news->untold[i].body.maximum = LIMIT_EVENT_BYTES;
}

void news_done(struct news *news)
{
    for (size_t i = 0; i < NEWS_KINDS; i++)
        strbuf_done(&news->untold[i].body);
}

/* Where the body of an event goes, which is in the place of one that was not told yet. */
static struct json_writer begin(struct news *news, enum news_kind kind, int64_t at_ms)
{
    struct untold *untold = &news->untold[kind];
    struct json_writer writer = {0};
    strbuf_clear(&untold->body);
    json_writer_init(&writer, &untold->body, 0);
    untold->pending = true;
    untold->at_ms = at_ms;
    return writer;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_words(const struct report_before *a, const struct report_before *b)
{
    return same_text(a->word, b->word) && same_text(a->code, b->code);
}

/* Heads come in the order of the journal's rows, which is nobody's. */
static uint64_t hash_of_heads(const struct comparison *comparison)
{
    uint64_t hash = 0;
    for (size_t i = 0; comparison && i < comparison->heads.count; i++)
        hash += hash64(comparison->heads.items[i].revision, strlen(comparison->heads.items[i].revision));
    return hash;
}

bool news_note_state(struct news *news, const struct database_report *report, int64_t at_ms)
{
    const struct judged_journal *worst = &report->journals[report->worst];
    const struct report_before now = {migration_state_name(worst->verdict.state), state_code_name(worst->verdict.code)};
    uint64_t heads = hash_of_heads(worst->comparison);
    bool changed = !same_words(&now, &news->state);
    /* Where nothing could be compared, the heads are not gone: they are not known. */
    if (!changed && (heads == news->heads || !worst->comparison))
        return false;
    struct json_writer writer = begin(news, NEWS_STATE, at_ms);
    report_event_state(&writer, report, at_ms, &news->state);
    news->state = now;
    if (worst->comparison)
        news->heads = heads;
    return changed;
}

/* FNV's prime keeps the order, in which items come sorted. */
static uint64_t mix(uint64_t hash, const char *text)
{
    return hash * UINT64_C(0x100000001B3) + hash64(text, strlen(text));
}

static uint64_t hash_of_confirmed(const struct drift_report *report)
{
    uint64_t hash = 0;
    for (size_t i = 0; report && i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        if (item->state != ITEM_CONFIRMED)
            continue;
        hash = mix(hash, item->id);
        hash = mix(hash, item->expected ? item->expected : "");
        hash = mix(hash, item->actual ? item->actual : "");
    }
    return hash;
}

void news_note_drift(struct news *news, const struct drift_status *status, int64_t monotonic_now_ms, int64_t at_ms)
{
    if (status->frozen_since_ms != TIME_UNKNOWN || (status->again && status->verdict != DRIFT_DRIFTED))
        return;
    struct drift_context context = drift_status_context(status, status->database, monotonic_now_ms);
    const struct report_before now = {drift_verdict_name(context.verdict), context.code};
    uint64_t items = hash_of_confirmed(status->report);
    if (same_words(&now, &news->drift) && items == news->items)
        return;
    struct json_writer writer = begin(news, NEWS_DRIFT, at_ms);
    report_event_drift(&writer, &context, drift_status_worst(status), at_ms, &news->drift);
    news->drift = now;
    news->items = items;
}

void news_tell(struct news *news, const char *database)
{
    static const enum event_kind kinds[NEWS_KINDS] = {[NEWS_STATE] = EVENT_STATE, [NEWS_DRIFT] = EVENT_DRIFT};
    for (size_t i = 0; i < NEWS_KINDS; i++) {
        struct untold *untold = &news->untold[i];
        struct error error = {.code = ERROR_OK};
        if (!untold->pending)
            continue;
        untold->pending = false;
        if (events_emit(news->events, kinds[i], database, &untold->body, untold->at_ms, &error) < 0)
            log_event(LOG_LEVEL_ERROR, "event_lost", database, "%s", error.message);
        strbuf_done(&untold->body);
    }
}
