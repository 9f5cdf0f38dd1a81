/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history_asks.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "json/json_writer.h"

enum {
    ASKS = 64,                      /* people and scripts; each is answered in milliseconds */
    ANSWER_BYTES = 4 * 1024 * 1024, /* then the answer ends early */
    RECORD_BYTES = 2 * 1024 * 1024  /* of one: LIMIT_EVENT_BYTES and what stands around it */
};

enum ask_state { ASK_PENDING, ASK_READING, ASK_ANSWERED };

struct history_ask {
    struct history_ask *next;
    uint64_t ticket;
    enum ask_state state;
    struct history_query query;
    struct strbuf json;
    struct error failure; /* ERROR_OK: none */
    char subject[];
};

static void ask_free(struct history_ask *ask)
{
    if (ask)
        strbuf_done(&ask->json);
    mem_free(ask);
}

void history_asks_done(struct history_asks *asks)
{
    while (asks->first) {
        struct history_ask *ask = asks->first;
        asks->first = ask->next;
        ask_free(ask);
    }
    asks->count = 0;
}

static struct history_ask **find_ticket(struct history_asks *asks, uint64_t ticket)
{
    struct history_ask **link = &asks->first;
    while (*link && (*link)->ticket != ticket)
        link = &(*link)->next;
    return link;
}

static struct history_ask *take_out(struct history_asks *asks, struct history_ask **link)
{
    struct history_ask *ask = *link;
    *link = ask->next;
    asks->count--;
    return ask;
}

static bool make_room(struct history_asks *asks)
{
    struct history_ask **link = &asks->first;
    if (asks->count < ASKS)
        return true;
    while (*link && (*link)->state != ASK_ANSWERED)
        link = &(*link)->next;
    if (!*link)
        return false;
    ask_free(take_out(asks, link));
    return true;
}

int history_asks_add(struct history_asks *asks, const struct history_query *query, uint64_t *ret_ticket,
                     struct error *reterr)
{
    size_t size = query->subject ? strlen(query->subject) + 1 : 0;
    if (!make_room(asks))
        return error_set(reterr, ERROR_TRUNCATED, "%d questions about the history wait already", ASKS);
    struct history_ask *ask = mem_calloc(1, sizeof *ask + size);
    if (!ask)
        return error_no_memory(reterr);
    ask->query = *query;
    ask->json.maximum = ANSWER_BYTES + RECORD_BYTES;
    if (query->subject) {
        memcpy(ask->subject, query->subject, size);
        ask->query.subject = ask->subject;
    }
    ask->ticket = ++asks->tickets;
    *ret_ticket = ask->ticket;
    struct history_ask **link = &asks->first;
    while (*link)
        link = &(*link)->next;
    *link = ask;
    asks->count++;
    return 0;
}

static struct history_ask *first_pending(const struct history_asks *asks)
{
    struct history_ask *ask = asks->first;
    while (ask && ask->state != ASK_PENDING)
        ask = ask->next;
    return ask;
}

bool history_asks_pending(const struct history_asks *asks)
{
    return first_pending(asks);
}

struct history_ask *history_asks_next(struct history_asks *asks)
{
    struct history_ask *ask = first_pending(asks);
    if (ask)
        ask->state = ASK_READING;
    return ask;
}

/* The body is one JSON object that was written by us: its members are put behind our own. */
void history_write_record(const struct history_record *record, struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    json_open_object(&writer);
    json_key_integer(&writer, "sequence", record->sequence);
    json_key_string(&writer, "kind", history_kind_name(record->kind));
    json_key_string(&writer, "source", record->source);
    json_key_string(&writer, "hash", record->hash);
    const char *members = *record->body == '{' ? record->body + 1 : "}";
    strbuf_add_string(out, *members == '}' ? "" : ",");
    strbuf_add_string(out, members);
}

static bool add_record(void *payload, const struct history_record *record)
{
    struct history_ask *ask = payload;
    strbuf_add_char(&ask->json, ask->json.length > 0 ? ',' : '[');
    history_write_record(record, &ask->json);
    return ask->json.length < ANSWER_BYTES;
}

int history_ask_read(struct history_ask *ask, struct history_store *store, struct deadline deadline,
                     struct error *reterr)
{
    if (history_read(store, &ask->query, deadline, add_record, ask, reterr) < 0)
        return -1;
    strbuf_add_string(&ask->json, ask->json.length > 0 ? "]" : "[]");
    return strbuf_ok(&ask->json) ? 0 : error_no_memory(reterr);
}

void history_asks_return(struct history_ask *ask)
{
    strbuf_clear(&ask->json);
    ask->state = ASK_PENDING;
}

void history_asks_settle(struct history_ask *ask, const struct error *failure)
{
    if (failure)
        ask->failure = *failure;
    ask->state = ASK_ANSWERED;
}

void history_asks_fail(struct history_asks *asks, const struct error *failure)
{
    for (struct history_ask *ask = first_pending(asks); ask; ask = first_pending(asks))
        history_asks_settle(ask, failure);
}

bool history_asks_answered(struct history_asks *asks, uint64_t ticket)
{
    const struct history_ask *ask = *find_ticket(asks, ticket);
    return !ask || ask->state == ASK_ANSWERED;
}

int history_asks_take(struct history_asks *asks, uint64_t ticket, struct strbuf *ret_json, struct error *reterr)
{
    struct history_ask **link = find_ticket(asks, ticket);
    if (!*link || (*link)->state != ASK_ANSWERED)
        return error_set(reterr, ERROR_TIMEOUT, "the history has not answered in time");
    struct history_ask *ask = take_out(asks, link);
    int outcome = 0;
    if (ask->failure.code != ERROR_OK) {
        outcome = error_set(reterr, ask->failure.code, "%s", ask->failure.message);
    } else {
        strbuf_done(ret_json);
        *ret_json = ask->json;
        ask->json = (struct strbuf)STRBUF(0);
    }
    ask_free(ask);
    return outcome;
}
