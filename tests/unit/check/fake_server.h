/* SPDX-License-Identifier: Apache-2.0
 *
 * A server that answers what it was told to: for what no server of a test can be brought to say, and for each
 * allocation's failure while it is said.
 */
#ifndef MIGRATIOND_TESTS_UNIT_CHECK_FAKE_SERVER_H
#define MIGRATIOND_TESTS_UNIT_CHECK_FAKE_SERVER_H

#include "support/oom.h"

#include <string.h>

#include "check/check_kinds.h"

enum { FAKE_COLUMNS = 9, FAKE_ROWS = 6 };

/* The answer to questions in which `asked` stands; the first that fits is given, and nothing if none does. */
struct fake_answer {
    const char *asked;
    enum error_code error; /* behind the rows */
    const char *rows[FAKE_ROWS][FAKE_COLUMNS];
    size_t count;
};

struct fake_server {
    struct engine_connection base;
    const struct fake_answer *answers;
    size_t answer_count;
    size_t questions; /* that were asked */
};

static inline int fake_query(struct engine_connection *connection, const struct query_request *request,
                             struct deadline deadline, const struct query_sink *sink, bool *ret_more,
                             struct error *reterr)
{
    struct fake_server *server = (struct fake_server *)connection;
    (void)deadline;
    server->questions++;
    *ret_more = false;
    const struct fake_answer *answer = server->answers;
    const struct fake_answer *end = answer + server->answer_count;
    while (answer < end && !strstr(request->sql, answer->asked))
        answer++;
    if (answer == end)
        return 0;
    for (size_t i = 0; i < answer->count; i++) {
        size_t lengths[FAKE_COLUMNS] = {0};
        for (size_t j = 0; j < FAKE_COLUMNS; j++)
            lengths[j] = answer->rows[i][j] ? strlen(answer->rows[i][j]) : 0;
        if (sink->row(sink->payload, answer->rows[i], lengths, FAKE_COLUMNS, reterr) != 0)
            return -1;
    }
    return answer->error == ERROR_OK ? 0 : error_set(reterr, answer->error, "the server says no");
}

static inline void fake_close(struct engine_connection *connection)
{
    (void)connection;
}

static const struct engine_ops fake_ops = {.name = "fake", .close = fake_close, .query = fake_query};

/* Runs a check once against a server of that kind. */
static inline int fake_run(const char *engine, struct fake_server *server, const struct check *check,
                           const struct check_peer *peers, size_t peer_count, struct check_result **ret_result,
                           struct error *reterr)
{
    struct server_facts facts = {.absence_proven = true, .role = "observer", .database = "shop"};
    const struct engine_scope scope = {0};
    snprintf(facts.engine, sizeof facts.engine, "%s", engine);
    server->base.ops = &fake_ops;
    const struct check_world world = {.connection = &server->base,
                                      .server = &facts,
                                      .scope = &scope,
                                      .peers = peers,
                                      .peer_count = peer_count,
                                      .deadline = deadline_in(10000)};
    struct check_memory *memory = NULL;
    int status = check_run(check, &world, &memory, ret_result, reterr);
    assert_null(memory);
    return status;
}

#endif
