/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks run from here, one after the other, without a daemon.
 */
#include <errno.h>
#include <time.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/ctl_checks.h"

/* One database's checks under way. */
struct session {
    const struct ctl_subject *subject;
    const struct ctl_patience *patience;
    struct engine_scope scope;
    struct engine_connection *connection; /* NULL: none yet, or it was lost */
    struct server_facts server;
    struct error refusal; /* why no connection can be had; every check of this look is told the same */
};

static void session_done(struct session *session)
{
    engine_close(session->connection);
}

DEFINE_CLEANUP_VALUE(session, struct session, session_done);

struct ctl_patience ctl_checks_patience(const struct ctl_options *options)
{
    struct deadline timeout = deadline_in(options->timeout_ms);
    const struct deadline never = {.at_ms = INT64_MAX};
    return (struct ctl_patience){.all = options->timeout_given ? timeout : never, .second = timeout};
}

void ctl_inquiry_done(struct ctl_inquiry *inquiry)
{
    for (size_t i = 0; i < inquiry->count; i++) {
        check_result_unref(inquiry->runs[i].result);
        check_result_unref(inquiry->runs[i].decided);
    }
    mem_free(inquiry->runs);
    arena_free(inquiry->arena);
    *inquiry = (struct ctl_inquiry){0};
}

/* False with the session's refusal set. The time that connecting takes is the database's own limit, not that of the
 * check that happens to come first. */
static bool has_connection(struct session *session)
{
    const struct ctl_subject *subject = session->subject;
    if (session->connection)
        return true;
    if (session->refusal.code != ERROR_OK)
        return false;
    return subject->connect(subject->payload, session->patience->all, &session->connection, &session->server,
                            &session->refusal) == 0;
}

static int run_once(struct session *session, const struct check *check, struct check_memory **memory,
                    struct check_result **ret_result, struct error *reterr)
{
    bool connects = check_needs_connection(check);
    if (connects && !has_connection(session)) {
        *ret_result = check_unasked(check, &session->refusal);
        return *ret_result ? 0 : error_no_memory(reterr);
    }
    const struct check_world world = {
        .connection = connects ? session->connection : NULL,
        .server = connects ? &session->server : NULL,
        .scope = &session->scope,
        .peers = session->subject->peers,
        .peer_count = session->subject->peer_count,
        .deadline = deadline_earlier(session->patience->all, deadline_in(check->timeout_ms)),
        .now_ms = ctl_now_ms(),
    };
    if (check_run(check, &world, memory, ret_result, reterr) < 0)
        return -1;
    if (connects && (*ret_result)->lost)
        engine_close(take(session->connection));
    return 0;
}

static void sleep_ms(int64_t milliseconds)
{
    struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&pause, &pause) < 0 && errno == EINTR)
        continue;
}

/* With as many looks as it takes to tell, while there is time: a file that may still grow is watched for a moment. */
static int run_to_the_end(struct session *session, const struct check *check, struct check_result **ret_result,
                          struct error *reterr)
{
    cleanup(check_memory) struct check_memory *memory = NULL;
    for (;;) {
        cleanup(check_result) struct check_result *result = NULL;
        if (run_once(session, check, &memory, &result, reterr) < 0)
            return -1;
        if (result->state != CHECK_UNKNOWN || result->again_in_ms <= 0 ||
            result->again_in_ms >= deadline_left_ms(session->patience->second)) {
            *ret_result = take(result);
            return 0;
        }
        sleep_ms(result->again_in_ms);
    }
}

/* What one look from here can say: since when it is so is not known, and nothing is remembered. */
static int run_check(struct session *session, const struct check *check, struct check_status *status,
                     struct error *reterr)
{
    *status =
        (struct check_status){.begun_at_ms = monotonic_ms(), .taken_at_ms = ctl_now_ms(), .since_ms = TIME_UNKNOWN};
    if (run_to_the_end(session, check, &status->result, reterr) < 0)
        return -1;
    status->took_ms = monotonic_ms() - status->begun_at_ms;
    if (status->result->state != CHECK_UNKNOWN) {
        status->decided = check_result_ref(status->result);
        status->decided_at_ms = status->begun_at_ms;
    }
    return 0;
}

static int judge(const struct session *session, struct ctl_inquiry *inquiry, struct error *reterr)
{
    const struct config_database *database = session->subject->database;
    struct check_board board = {.database = database, .checks = inquiry->runs, .count = inquiry->count};
    /* Nobody looks for migrations from here: what was found is as young as it was found. */
    const struct look_status status = {.observed = true, .good_at_ms = monotonic_ms(), .error = session->refusal};
    const struct view view = {.database = database, .checks = &board, .status = status};
    inquiry->arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    if (!inquiry->arena)
        return error_no_memory(reterr);
    return view_judge_checks(&view, monotonic_ms(), inquiry->arena, &inquiry->report, reterr);
}

static int run_checks(struct session *session, struct ctl_progress *progress, struct ctl_inquiry *inquiry,
                      struct error *reterr)
{
    const struct config_database *database = session->subject->database;
    inquiry->runs = mem_calloc(database->check_count + 1, sizeof *inquiry->runs);
    if (!inquiry->runs)
        return error_no_memory(reterr);
    while (inquiry->count < database->check_count) {
        size_t index = inquiry->count++;
        const struct check *check = &database->checks[index];
        ctl_progress_say(progress, "%s: %s (%zu of %zu)", database->name, check->name, inquiry->count,
                         database->check_count);
        if (run_check(session, check, &inquiry->runs[index], reterr) < 0)
            return -1;
    }
    inquiry->server = session->server;
    return judge(session, inquiry, reterr);
}

int ctl_inquire(const struct ctl_subject *subject, const struct ctl_patience *patience, struct ctl_progress *progress,
                struct ctl_inquiry *ret_inquiry, struct error *reterr)
{
    const struct config_database *database = subject->database;
    cleanup(session) struct session session = {
        .subject = subject,
        .patience = patience,
        .scope = {.schemas = database->schemas, .schema_count = database->schema_count},
        .connection = subject->connection,
    };
    if (subject->server)
        session.server = *subject->server;
    *ret_inquiry = (struct ctl_inquiry){0};
    int status = run_checks(&session, progress, ret_inquiry, reterr);
    if (status < 0)
        ctl_inquiry_done(ret_inquiry);
    return status;
}
