/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "daemon/wait_address.h"
#include "daemon/wait_verdict.h"
#include "json/json_writer.h"

enum {
    HOLD_MS = 50000,      /* one request is held at most this long: below the daemon's own limit and most proxies' */
    HOLD_FIRST_MS = 1000, /* and this long after a new reason; doubles: no reason is said much later than it holds */
    ANSWER_MS = 10000,    /* beyond that an answer must come */
    TOKEN_MS = 1000,      /* for a token's file that is a pipe */
    LATE_MS = 1000,       /* what the last answer may come late behind our own time-out */
    RETRY_FIRST_MS = 250, /* the longest first pause; doubles */
    RETRY_CAP_MS = 5000,
    LINE_SIZE = 2560,
    TARGET_SIZE = 200 * 1024, /* LIMIT_WAIT_REVISIONS of LIMIT_QUERY_VALUE, encoded */
};

/* Ten years: longer than any process, and far from where clocks overflow. */
#define MOST_TIMEOUT_MS (INT64_C(10) * 365 * 86400 * 1000)

enum outcome {
    OUTCOME_OPEN,
    OUTCOME_CLOSED,
    OUTCOME_UNKNOWN,
    OUTCOME_BLOCKED,
    OUTCOME_UNREACHABLE, /* no answer of the gate: worth another try */
    OUTCOME_POINTLESS,   /* no answer of the gate, and none will come */
    OUTCOME_REFUSED,     /* the request is to blame */
};

struct wait {
    const struct wait_question *question;
    const struct wait_transport *transport;
    struct deadline deadline;
    int64_t retry_after_ms; /* of the last answer */
    char said[LINE_SIZE];   /* the last line */
    bool said_aloud;
    bool muted;
    bool answered;   /* the last answer was the gate's */
    int64_t hold_ms; /* how long the next request may be held */
    bool pending;    /* the last answer said that migrations are missing */
    char tool[64];   /* whose */
};

int wait_fail(const char *program, enum wait_exit code, const char *format, ...)
{
    char message[LINE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    utf8_make_line(message, sizeof message);
    fprintf(stderr, "%s: %s\n", program, message);
    return (int)code;
}

/* A reason is said once, until another one comes. */
static void say(struct wait *wait, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct wait *wait, const char *format, ...)
{
    char line[LINE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    utf8_make_line(line, sizeof line);
    if (wait->muted || strcmp(line, wait->said) == 0)
        return;
    memcpy(wait->said, line, sizeof line);
    wait->hold_ms = HOLD_FIRST_MS;
    wait->said_aloud = !wait->question->quiet;
    if (wait->said_aloud)
        fprintf(stderr, "%s: %s\n", wait->question->program, line);
}

/* What a pipe is about to hold is waited for, but not for ever. */
static ssize_t read_soon(int fd, char *place, size_t size)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    poll(&ready, 1, TOKEN_MS);
    return read(fd, place, size);
}

/* The file's first line, which is all of it; false after a sentence in `problem`. */
static bool read_token(const char *path, char *token, size_t size, char *problem, size_t problem_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read_soon(fd, token, size - 1);
    int code = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0) {
        snprintf(problem, problem_size, "the token's file %s: %s", path, strerror(code));
        return false;
    }
    if (got > 0 && token[got - 1] == '\n')
        got--;
    token[got] = '\0';
    bool good = got > 0 && (size_t)got + 1 < size;
    for (ssize_t i = 0; good && i < got; i++)
        good = token[i] > ' ' && token[i] < 0x7F;
    if (!good)
        snprintf(problem, problem_size, "the token's file %s holds no token of at most %zu characters", path, size - 2);
    return good;
}

static void add_parameter(struct strbuf *target, const char *name, const char *value)
{
    if (!value)
        return;
    strbuf_printf(target, "%c%s=", strchr(strbuf_text(target), '?') ? '&' : '?', name);
    wait_encode(target, value);
}

static void make_target(const struct wait_question *question, int64_t hold_ms, struct strbuf *target)
{
    strbuf_add_string(target, question->target);
    for (size_t i = 0; i < question->revision_count; i++)
        add_parameter(target, "revision", question->revisions[i]);
    add_parameter(target, "match", question->match);
    for (size_t i = 0; i < question->support_count; i++)
        add_parameter(target, "supports", question->supports[i]);
    if (hold_ms > 0)
        strbuf_printf(target, "%cwait=%lldms", strchr(strbuf_text(target), '?') ? '&' : '?', (long long)hold_ms);
}

/* One text, or a list of them. */
static void add_texts(struct json_writer *writer, const char *name, const char *const *texts, size_t count)
{
    if (count == 1)
        json_key_string(writer, name, texts[0]);
    if (count < 2)
        return;
    json_key_array(writer, name);
    for (size_t i = 0; i < count; i++)
        json_add_string(writer, texts[i]);
    json_close_array(writer);
}

/* The signal asks what the gate was asked. */
static void make_signal(const struct wait_question *question, struct strbuf *body)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, body, 0);
    json_open_object(&writer);
    json_key_string(&writer, "application", question->application);
    json_key_string(&writer, "instance", question->instance);
    add_texts(&writer, "revision", question->revisions, question->revision_count);
    if (question->match)
        json_key_string(&writer, "match", question->match);
    add_texts(&writer, "supports", question->supports, question->support_count);
    json_close_object(&writer);
}

/* One request; false when it could not be made, which was said. */
static bool exchange(struct wait *wait, struct wait_request *request, struct wait_answer *ret_answer)
{
    char token[LIMIT_TOKEN_BYTES] = "";
    char problem[WAIT_PROBLEM_SIZE] = "";
    const char *path = wait->question->token_file;
    if (path && !read_token(path, token, sizeof token, problem, sizeof problem)) {
        say(wait, "%s", problem);
        return false;
    }
    request->token = path ? token : NULL;
    wait->transport->exchange(wait->transport->payload, request, ret_answer);
    explicit_bzero(token, sizeof token);
    wait->retry_after_ms = ret_answer->retry_after_ms;
    return true;
}

static enum outcome outcome_of(enum wait_gate_state state)
{
    static const enum outcome outcomes[] = {
        [WAIT_GATE_NONE] = OUTCOME_UNREACHABLE, [WAIT_GATE_OPEN] = OUTCOME_OPEN,
        [WAIT_GATE_CLOSED] = OUTCOME_CLOSED,    [WAIT_GATE_BLOCKED] = OUTCOME_BLOCKED,
        [WAIT_GATE_UNKNOWN] = OUTCOME_UNKNOWN,
    };
    return outcomes[state];
}

/* State and status say the same: what does not is no answer of a gate. `open_status` is what an open one answers. */
static bool is_gate_answer(const struct wait_verdict *verdict, int status, int open_status)
{
    switch (verdict->state) {
    case WAIT_GATE_OPEN:
        return status == open_status;
    case WAIT_GATE_CLOSED:
    case WAIT_GATE_UNKNOWN:
        return status == 503;
    case WAIT_GATE_BLOCKED:
        return status == 409;
    default:
        return false;
    }
}

static enum outcome take_verdict(struct wait *wait, const struct wait_answer *answer,
                                 const struct wait_verdict *verdict)
{
    bool entering = answer->status == 200 && wait->question->application;
    const char *name = *verdict->check ? verdict->check : *verdict->database ? verdict->database : verdict->gate;
    wait->pending = strcmp(verdict->code, "PENDING") == 0 || strcmp(verdict->code, "EMPTY") == 0;
    memcpy(wait->tool, verdict->tool, sizeof wait->tool);
    if (wait->question->show)
        wait->question->show(strbuf_text(&answer->body));
    /* Whoever still has to be let in says how that ended. */
    if (entering)
        return OUTCOME_OPEN;
    say(wait, "%s: %s %s%s%s%s%s", name, verdict->state_name, verdict->code, *verdict->reason ? ": " : "",
        verdict->reason, *verdict->next ? "; next: " : "", verdict->next);
    return outcome_of(verdict->state);
}

/* Said by servers before they know whom the request is for, and of the same request always. */
static bool is_too_large(int status)
{
    return status == 413 || status == 414 || status == 431;
}

/* What came instead of a gate's answer. The daemon's own refusals say why; others come from whoever stands between. */
static enum outcome take_other(struct wait *wait, const struct wait_answer *answer, const struct wait_verdict *verdict)
{
    int status = answer->status;
    wait->pending = false;
    if (status >= 300 && status < 400 && status != 304) {
        say(wait, "HTTP %d redirects to '%s': redirects are not followed, name the gate's own address", status,
            answer->location);
        return OUTCOME_POINTLESS;
    }
    if (!*verdict->detail) {
        say(wait, "HTTP %d, but no answer of a gate%s", status,
            is_too_large(status) ? ": the question is too long" : "");
        return is_too_large(status) ? OUTCOME_REFUSED : OUTCOME_UNREACHABLE;
    }
    say(wait, "HTTP %d%s%s: %s", status, *verdict->code ? " " : "", verdict->code, verdict->detail);
    bool passing = status == 408 || status == 409 || status == 425 || status == 429;
    return status >= 400 && status < 500 && !passing ? OUTCOME_REFUSED : OUTCOME_UNREACHABLE;
}

static enum outcome judge(struct wait *wait, const struct wait_answer *answer, int open_status)
{
    struct wait_verdict verdict = {0};
    char problem[WAIT_PROBLEM_SIZE] = "";
    if (answer->status == 0) {
        wait->pending = false;
        say(wait, "unreachable: %s", answer->problem);
        return OUTCOME_UNREACHABLE;
    }
    if (!wait_verdict_read(strbuf_text(&answer->body), answer->body.length, &verdict, problem, sizeof problem) ||
        !is_gate_answer(&verdict, answer->status, open_status))
        return take_other(wait, answer, &verdict);
    return take_verdict(wait, answer, &verdict);
}

/* One question, held for `hold_ms`; `timeout_ms` bounds the exchange. */
static enum outcome look(struct wait *wait, int64_t hold_ms, int64_t timeout_ms)
{
    cleanup(strbuf) struct strbuf target = STRBUF(TARGET_SIZE);
    struct wait_answer answer = {0};
    make_target(wait->question, hold_ms, &target);
    if (!strbuf_ok(&target)) {
        say(wait, "the question is too long");
        return OUTCOME_REFUSED;
    }
    struct wait_request request = {.method = "GET", .target = strbuf_text(&target), .timeout_ms = timeout_ms};
    if (!exchange(wait, &request, &answer))
        return OUTCOME_REFUSED;
    enum outcome outcome = judge(wait, &answer, 200);
    strbuf_done(&answer.body);
    return outcome;
}

/* The startup signal. Open means admitted, and recorded as the daemon promises it. */
static enum outcome sign_on(struct wait *wait, int64_t timeout_ms)
{
    cleanup(strbuf) struct strbuf target = STRBUF(TARGET_SIZE);
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_REQUEST_BODY);
    struct wait_answer answer = {0};
    strbuf_printf(&target, "%s/admissions", wait->question->target);
    make_signal(wait->question, &body);
    if (!strbuf_ok(&target) || !strbuf_ok(&body)) {
        say(wait, "the startup signal is too long");
        return OUTCOME_REFUSED;
    }
    struct wait_request request = {
        .method = "POST", .target = strbuf_text(&target), .body = strbuf_text(&body), .timeout_ms = timeout_ms};
    if (!exchange(wait, &request, &answer))
        return OUTCOME_REFUSED;
    enum outcome outcome = judge(wait, &answer, 201);
    strbuf_done(&answer.body);
    return outcome;
}

/* Full jitter: many clients that lost the same daemon do not come back together. What a server asks for is a floor. */
static void pause_before_retry(const struct wait *wait, unsigned tries)
{
    int64_t most = (int64_t)RETRY_FIRST_MS << (tries < 5 ? tries : 5);
    if (most > RETRY_CAP_MS)
        most = RETRY_CAP_MS;
    unsigned random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (unsigned)monotonic_ms() * 2654435761u ^ (unsigned)getpid();
    int64_t delay = wait->retry_after_ms + 1 + (int64_t)(random % (unsigned)most);
    int left = deadline_left_ms(wait->deadline);
    if (delay > left)
        delay = left;
    struct timespec rest = {.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000000};
    nanosleep(&rest, NULL);
}

static int conclude(const struct wait *wait, enum wait_exit code)
{
    if (!wait->said_aloud && code != WAIT_OPEN)
        fprintf(stderr, "%s: %s\n", wait->question->program, wait->said);
    return (int)code;
}

static int look_once(struct wait *wait)
{
    static const enum wait_exit codes[] = {
        [OUTCOME_OPEN] = WAIT_OPEN,         [OUTCOME_CLOSED] = WAIT_CLOSED, [OUTCOME_UNKNOWN] = WAIT_UNKNOWN,
        [OUTCOME_BLOCKED] = WAIT_BLOCKED,   [OUTCOME_REFUSED] = WAIT_USAGE, [OUTCOME_UNREACHABLE] = WAIT_UNKNOWN,
        [OUTCOME_POINTLESS] = WAIT_UNKNOWN,
    };
    /* Whoever looks again and again leaves no trace until the gate is open. */
    enum outcome outcome = look(wait, 0, ANSWER_MS);
    if (outcome == OUTCOME_OPEN && wait->question->application)
        outcome = sign_on(wait, ANSWER_MS);
    return conclude(wait, codes[outcome]);
}

/* A run that failed leaves a row in some journals only: nobody should look for one in vain. */
static int time_out(const struct wait *wait)
{
    cleanup(strbuf) struct strbuf after = STRBUF(64);
    duration_print(wait->question->timeout_ms, &after);
    return wait_fail(wait->question->program, WAIT_TIMED_OUT, "timed out after %s: %s%s%s%s", strbuf_text(&after),
                     wait->said, wait->pending ? "; a run that failed need not show in the journal of " : "",
                     wait->pending ? (*wait->tool ? wait->tool : "its tool") : "",
                     wait->pending ? ": see what it printed" : "");
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The gate was open when it was asked; if it lets us in, all is done. */
static enum outcome enter(struct wait *wait)
{
    if (!wait->question->application)
        return OUTCOME_OPEN;
    return sign_on(wait, least(ANSWER_MS, deadline_left_ms(wait->deadline) + LATE_MS));
}

/* Not before the first answer, whose reason is to be said. A blocked gate's grace begins anew with each request. */
static int64_t next_hold_ms(const struct wait *wait, bool blocked, int64_t left_ms)
{
    return wait->answered ? least(left_ms, blocked ? HOLD_MS : wait->hold_ms) : 0;
}

/* An application that has waited in vain says so by its signal, which is remembered as refused; nothing more is said.
 * Should the gate have opened at the last moment, it is let in. */
static bool is_let_in_at_last(const struct wait *wait)
{
    struct wait last = *wait;
    last.muted = true;
    return wait->question->application && wait->answered && sign_on(&last, LATE_MS) == OUTCOME_OPEN;
}

static int wait_until(struct wait *wait)
{
    bool blocked = false;
    unsigned tries = 0;
    while (!deadline_passed(wait->deadline)) {
        int64_t left = deadline_left_ms(wait->deadline);
        int64_t hold_ms = next_hold_ms(wait, blocked, left);
        wait->hold_ms = least(2 * wait->hold_ms, HOLD_MS);
        int64_t asked = monotonic_ms();
        enum outcome outcome = look(wait, hold_ms, least(hold_ms + ANSWER_MS, left + LATE_MS));
        bool held = hold_ms > 0 && monotonic_ms() - asked >= hold_ms - hold_ms / 10;
        bool entering = outcome == OUTCOME_OPEN;
        if (entering)
            outcome = enter(wait);
        if (outcome == OUTCOME_OPEN)
            return conclude(wait, WAIT_OPEN);
        if (outcome == OUTCOME_REFUSED || outcome == OUTCOME_POINTLESS)
            return conclude(wait, outcome == OUTCOME_REFUSED ? WAIT_USAGE : WAIT_UNKNOWN);
        /* Blocked for its grace: else it would have been held until the end. */
        if (outcome == OUTCOME_BLOCKED && hold_ms > 0 && !held && !entering)
            return is_let_in_at_last(wait) ? WAIT_OPEN : conclude(wait, WAIT_BLOCKED);
        wait->answered = outcome != OUTCOME_UNREACHABLE && !entering;
        blocked = outcome == OUTCOME_BLOCKED;
        if (wait->answered && (held || hold_ms == 0))
            tries = 0;
        else
            pause_before_retry(wait, tries++);
    }
    return is_let_in_at_last(wait) ? WAIT_OPEN : time_out(wait);
}

int wait_for_gate(const struct wait_question *question, const struct wait_transport *transport)
{
    struct wait wait = {
        .question = question,
        .transport = transport,
        .deadline = deadline_in(least(question->timeout_ms, MOST_TIMEOUT_MS)),
        .hold_ms = HOLD_FIRST_MS,
    };
    return question->timeout_ms > 0 ? wait_until(&wait) : look_once(&wait);
}
