/* SPDX-License-Identifier: Apache-2.0 */
#include "history/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "history/history_store.h"

static const char *const kind_names[] = {"state", "drift", "admission", "fail_open", "check"};

const char *history_kind_name(enum history_kind kind)
{
    return kind < HISTORY_KINDS ? kind_names[kind] : "?";
}

enum history_kind history_kind_from_name(const char *name)
{
    unsigned kind = 0;
    while (kind < HISTORY_KINDS && strcmp(kind_names[kind], name) != 0)
        kind++;
    return (enum history_kind)kind;
}

/* Hashing the texts first leaves lines of known length, so that nothing has to be allocated or delimited. */
void history_hash(const char previous[static SHA256_HEX_SIZE], const struct history_record *record,
                  char ret_hash[static SHA256_HEX_SIZE])
{
    char subject[SHA256_HEX_SIZE] = "";
    char source[SHA256_HEX_SIZE] = "";
    char body[SHA256_HEX_SIZE] = "";
    char text[5 * SHA256_HEX_SIZE + 64] = "";
    checksum_sha256(record->subject, strlen(record->subject), subject);
    checksum_sha256(record->source, strlen(record->source), source);
    checksum_sha256(record->body, strlen(record->body), body);
    int length = snprintf(text, sizeof text, "%s\n%lld\n%lld\n%s\n%s\n%s\n%s\n", previous, (long long)record->sequence,
                          (long long)record->at_ms, history_kind_name(record->kind), subject, source, body);
    checksum_sha256(text, (size_t)length, ret_hash);
}

void history_link_record(struct history_record *record, struct history_link *head)
{
    record->sequence = ++head->sequence;
    history_hash(head->hash, record, record->hash);
    history_copy_hash(head->hash, record->hash);
}

bool history_may_drop(const struct history_retention *retention, const struct history_chain *chain, int64_t now_ms,
                      int64_t sequence, int64_t at_ms)
{
    return at_ms < now_ms - retention->age_ms || sequence <= chain->head.sequence - retention->rows;
}

void history_copy_hash(char ret_hash[static SHA256_HEX_SIZE], const char *text)
{
    snprintf(ret_hash, SHA256_HEX_SIZE, "%s", text ? text : "");
}

int history_open(const struct history_place *place, struct deadline deadline, struct history_store **ret_store,
                 struct error *reterr)
{
    if (place->path)
        return history_sqlite_open(place->path, place->read_only, deadline, ret_store, reterr);
    if (strcmp(place->target->ops->name, "postgres") == 0)
        return history_postgres_open(place->target, place->read_only, deadline, ret_store, reterr);
    if (strcmp(place->target->ops->name, "sqlite") == 0)
        return history_sqlite_open(place->target->database, place->read_only, deadline, ret_store, reterr);
    return error_set(reterr, ERROR_UNSUPPORTED, "%s: a history is a SQLite file or a PostgreSQL database",
                     place->target->display);
}

void history_close(struct history_store *store)
{
    if (store)
        store->ops->close(store);
}

int history_append(struct history_store *store, struct history_record *records, size_t count, int64_t now_ms,
                   struct deadline deadline, struct error *reterr)
{
    return store->ops->append(store, records, count, now_ms, deadline, reterr);
}

int history_last_seen(struct history_store *store, struct deadline deadline, int64_t *ret_at_ms, struct error *reterr)
{
    return store->ops->last_seen(store, deadline, ret_at_ms, reterr);
}

int history_trim(struct history_store *store, const struct history_retention *retention, int64_t now_ms,
                 struct deadline deadline, bool *ret_more, struct error *reterr)
{
    *ret_more = false;
    return store->ops->trim(store, retention, now_ms, deadline, ret_more, reterr);
}

int history_read(struct history_store *store, const struct history_query *query, struct deadline deadline,
                 history_taker *taker, void *payload, struct error *reterr)
{
    return store->ops->read(store, query, deadline, taker, payload, reterr);
}

struct checker {
    struct history_verdict *verdict;
    struct history_chain chain;
    struct history_link previous;
};

static void begin_check(void *payload, const struct history_chain *chain)
{
    struct checker *checker = payload;
    checker->chain = *chain;
    checker->previous = chain->anchor;
}

static bool check_record(void *payload, const struct history_record *record)
{
    struct checker *checker = payload;
    struct history_verdict *verdict = checker->verdict;
    int64_t expected = checker->previous.sequence + 1;
    char hash[SHA256_HEX_SIZE] = "";
    if (verdict->records == 0)
        verdict->first_sequence = record->sequence;
    history_hash(checker->previous.hash, record, hash);
    if (record->sequence != expected) {
        verdict->broken = true;
        verdict->broken_at = expected;
        snprintf(verdict->problem, sizeof verdict->problem, "record %lld is missing: record %lld follows record %lld",
                 (long long)expected, (long long)record->sequence, (long long)expected - 1);
    } else if (strcmp(hash, record->hash) != 0) {
        verdict->broken = true;
        verdict->broken_at = expected;
        snprintf(verdict->problem, sizeof verdict->problem,
                 "record %lld does not fit its hash, which is made of it and of the record before",
                 (long long)expected);
    }
    if (verdict->broken)
        return false;
    verdict->records++;
    verdict->last_sequence = record->sequence;
    checker->previous.sequence = record->sequence;
    history_copy_hash(checker->previous.hash, record->hash);
    return true;
}

/* The newest records could be cut off without a trace if the chain did not say where it ends. */
static void check_head(struct checker *checker)
{
    struct history_verdict *verdict = checker->verdict;
    const struct history_link *head = &checker->chain.head;
    if (verdict->broken ||
        (head->sequence == checker->previous.sequence && strcmp(head->hash, checker->previous.hash) == 0))
        return;
    verdict->broken = true;
    verdict->broken_at = checker->previous.sequence + 1;
    snprintf(verdict->problem, sizeof verdict->problem,
             "record %lld is missing: the history ends with record %lld, and record %lld was the newest",
             (long long)verdict->broken_at, (long long)checker->previous.sequence, (long long)head->sequence);
}

int history_verify(struct history_store *store, struct deadline deadline, struct history_verdict *ret_verdict,
                   struct error *reterr)
{
    *ret_verdict = (struct history_verdict){0};
    struct checker checker = {.verdict = ret_verdict};
    const struct history_walk walk = {.begin = begin_check, .taker = check_record, .payload = &checker};
    if (store->ops->walk(store, deadline, &walk, reterr) < 0)
        return -1;
    check_head(&checker);
    return 0;
}

int history_set_aside(const char *path, int64_t now_ms, char *ret_path, size_t size, struct error *reterr)
{
    static const char *const suffixes[] = {"-wal", "-shm", ""};
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc = {0};
    char time_text[32] = "";
    if (!gmtime_r(&seconds, &utc) || strftime(time_text, sizeof time_text, "%Y%m%dT%H%M%SZ", &utc) == 0)
        snprintf(time_text, sizeof time_text, "%lld", (long long)now_ms);
    snprintf(ret_path, size, "%s.corrupt-%s", path, time_text);
    /* The file itself comes last: a -wal file that stands alone would be taken for a new database's own. */
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        char from[4096] = "";
        char to[4096] = "";
        snprintf(from, sizeof from, "%s%s", path, suffixes[i]);
        snprintf(to, sizeof to, "%s%s", ret_path, suffixes[i]);
        if (rename(from, to) < 0 && errno != ENOENT)
            return error_set(reterr, ERROR_IO, "%s cannot be renamed: %s", from, strerror(errno));
    }
    return 0;
}
