/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ctl_stream.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "daemon/ctl_curl.h"

enum {
    TURN_MS = 1000,
    SILENCE_MS = 45000,   /* three of the daemon's heartbeats */
    RETRY_FIRST_MS = 250, /* doubles, with full jitter: many that lost the same daemon do not come back together */
    RETRY_CAP_MS = 5000,
};

/* How a connection ended. */
enum ending { LOST, PUT_OFF, REFUSED, DONE, INTERRUPTED };

struct follower {
    const struct ctl_options *options;
    const char *path;
    struct sse_reader reader;
    CURL *curl; /* of the connection under way */
    int signals;
    bool connected; /* once at least */
    bool done;      /* `heard` wants no more, or nobody reads what it prints */
    bool ended;     /* the daemon has ended the stream in order, as it does now and then */
    unsigned tries; /* since the last byte of a stream */
    int64_t heard_at_ms;
    char said[CURL_ERROR_SIZE];
    char error[CURL_ERROR_SIZE];
    struct ctl_answer answer; /* where it is no stream */
};

static long status_of(CURL *curl)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool is_stream(CURL *curl)
{
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    return status_of(curl) == 200 && type && strncmp(type, "text/event-stream", 17) == 0;
}

static size_t take_bytes(char *bytes, size_t size, size_t count, void *payload)
{
    struct follower *follower = payload;
    size_t length = size * count;
    follower->heard_at_ms = monotonic_ms();
    if (!is_stream(follower->curl)) {
        strbuf_add(&follower->answer.body, bytes, length);
        return strbuf_ok(&follower->answer.body) ? length : 0;
    }
    if (*follower->said)
        fprintf(stderr, "migrationctl: connected again\n");
    *follower->said = '\0';
    follower->connected = true;
    follower->tries = 0;
    switch (sse_reader_feed(&follower->reader, bytes, length)) {
    case SSE_MORE:
        return length;
    case SSE_ENDED:
        follower->done = true;
        break;
    case SSE_TOO_LONG:
        snprintf(follower->error, sizeof follower->error, "an event of the daemon is too long");
        break;
    }
    return 0;
}

/* The reading end of a pipe, or the terminal, is gone: nothing that is printed would reach anybody. */
static bool is_read(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) <= 0 || !(output.revents & (POLLERR | POLLHUP));
}

static bool is_interrupted(const struct follower *follower)
{
    struct signalfd_siginfo signal = {0};
    return read(follower->signals, &signal, sizeof signal) == sizeof signal;
}

/* Takes libcurl's word for how the connection ended. */
static enum ending end(struct follower *follower, CURLM *multi)
{
    int left = 0;
    const CURLMsg *message = curl_multi_info_read(multi, &left);
    if (message && message->msg == CURLMSG_DONE && !follower->done)
        ctl_curl_describe(follower->curl, message->data.result, follower->options, follower->error);
    return follower->done ? DONE : LOST;
}

/* Turns until the connection ends by itself, or there is a reason to end it. */
static enum ending turn(struct follower *follower, CURLM *multi)
{
    int running = 1;
    follower->heard_at_ms = monotonic_ms();
    for (;;) {
        struct curl_waitfd woken = {.fd = follower->signals, .events = CURL_WAIT_POLLIN};
        if (curl_multi_perform(multi, &running) != CURLM_OK || running == 0)
            return end(follower, multi);
        if (monotonic_ms() - follower->heard_at_ms > SILENCE_MS) {
            snprintf(follower->error, sizeof follower->error, "the daemon has said nothing for %d s",
                     SILENCE_MS / 1000);
            return LOST;
        }
        curl_multi_poll(multi, &woken, 1, TURN_MS, NULL);
        if (is_interrupted(follower))
            return INTERRUPTED;
        if (!is_read())
            return DONE;
    }
}

/* What the end of a connection means, where nobody here wanted it. */
static enum ending judge(struct follower *follower)
{
    long status = status_of(follower->curl);
    curl_off_t retry_after = 0;
    follower->answer.status = status;
    if (status == 0 || is_stream(follower->curl)) {
        follower->ended = status != 0 && !*follower->error;
        if (follower->ended)
            snprintf(follower->error, sizeof follower->error, "the daemon has ended the stream");
        return follower->connected || status != 0 ? LOST : REFUSED;
    }
    if (status == 429 || status == 503) {
        curl_easy_getinfo(follower->curl, CURLINFO_RETRY_AFTER, &retry_after);
        follower->answer.retry_after_ms = (int64_t)retry_after * 1000;
        snprintf(follower->error, sizeof follower->error, "HTTP %ld", status);
        return PUT_OFF;
    }
    if (status == 200) {
        follower->answer.status = 0;
        snprintf(follower->error, sizeof follower->error, "the answer is no stream of events");
    }
    return REFUSED;
}

/* Options of this request alone; `*headers` is the caller's to free. */
static bool set_up(struct follower *follower, struct curl_slist **headers)
{
    CURL *curl = follower->curl;
    char resume[SSE_LAST_ID_SIZE + 32] = "";
    snprintf(resume, sizeof resume, "Last-Event-ID: %s", follower->reader.last_id);
    *headers = curl_slist_append(NULL, "Accept: text/event-stream");
    if (*headers && *follower->reader.last_id && !curl_slist_append(*headers, resume))
        return false;
    return *headers && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, follower) == CURLE_OK;
}

static enum ending perform(struct follower *follower, CURLM *multi)
{
    struct curl_slist *headers = NULL;
    enum ending ending = REFUSED;
    if (!ctl_curl_set_up(follower->curl, follower->options, follower->path, follower->error)) {
        follower->answer.status = 0;
    } else if (!set_up(follower, &headers) || curl_multi_add_handle(multi, follower->curl) != CURLM_OK) {
        snprintf(follower->error, sizeof follower->error, "out of memory");
    } else {
        ending = turn(follower, multi);
        if (ending == LOST)
            ending = judge(follower);
        curl_multi_remove_handle(multi, follower->curl);
    }
    curl_slist_free_all(headers);
    return ending;
}

static enum ending connect_once(struct follower *follower)
{
    CURLM *multi = curl_multi_init();
    follower->curl = curl_easy_init();
    sse_reader_restart(&follower->reader);
    strbuf_clear(&follower->answer.body);
    follower->answer.status = 0;
    follower->answer.retry_after_ms = 0;
    *follower->error = '\0';
    follower->ended = false;
    enum ending ending = REFUSED;
    if (multi && follower->curl)
        ending = perform(follower, multi);
    else
        snprintf(follower->error, sizeof follower->error, "out of memory");
    curl_easy_cleanup(follower->curl);
    follower->curl = NULL;
    curl_multi_cleanup(multi);
    return ending;
}

/* Says once why there is no connection. One that was ended in order is nothing to speak of, if the next one comes
 * about.
 */
static void say_loss(struct follower *follower)
{
    if (follower->ended || strcmp(follower->said, follower->error) == 0)
        return;
    snprintf(follower->said, sizeof follower->said, "%s", follower->error);
    fputs("migrationctl: ", stderr);
    ctl_put_text(stderr, follower->error, "the connection is lost");
    fputs("; trying again\n", stderr);
}

/* False when interrupted meanwhile, or when nobody is there any more. */
static bool pause_before_retry(struct follower *follower, int64_t retry_after_ms)
{
    int64_t most = (int64_t)RETRY_FIRST_MS << (follower->tries < 5 ? follower->tries : 5);
    if (most > RETRY_CAP_MS)
        most = RETRY_CAP_MS;
    unsigned random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = follower->tries;
    follower->tries++;
    int64_t delay = retry_after_ms > 0 ? retry_after_ms : 1 + (int64_t)(random % (unsigned)most);
    struct deadline deadline = deadline_in(delay);
    struct pollfd polled = {.fd = follower->signals, .events = POLLIN};
    while (!deadline_passed(deadline)) {
        int left = deadline_left_ms(deadline);
        if (poll(&polled, 1, left < TURN_MS ? left : TURN_MS) > 0 || !is_read())
            return false;
    }
    return true;
}

static int say_refusal(struct follower *follower)
{
    if (follower->answer.status == 0)
        return ctl_fail(CTL_UNKNOWN, "%s", follower->error);
    ctl_print_problem(&follower->answer);
    return follower->answer.status == 400 || follower->answer.status == 404 ? CTL_USAGE : CTL_UNKNOWN;
}

static int follow(struct follower *follower)
{
    for (;;) {
        switch (connect_once(follower)) {
        case DONE:
            return CTL_OK;
        case INTERRUPTED:
            return CTL_INTERRUPTED;
        case REFUSED:
            return say_refusal(follower);
        case LOST:
        case PUT_OFF:
            break;
        }
        say_loss(follower);
        if (!pause_before_retry(follower, follower->answer.retry_after_ms))
            return is_interrupted(follower) ? CTL_INTERRUPTED : CTL_OK;
    }
}

int ctl_stream(const struct ctl_options *options, const char *path,
               bool (*heard)(void *payload, const struct sse_event *event), void *payload)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, NULL);
    signal(SIGPIPE, SIG_IGN);
    struct follower follower = {.options = options,
                                .path = path,
                                .signals = signalfd(-1, &interrupt, SFD_CLOEXEC | SFD_NONBLOCK),
                                .answer = {.body = STRBUF(LIMIT_RESPONSE_BYTES)}};
    if (follower.signals < 0)
        return ctl_fail(CTL_UNKNOWN, "cannot receive signals: %s", strerror(errno));
    sse_reader_init(&follower.reader, LIMIT_RESPONSE_BYTES, heard, payload);
    int code = follow(&follower);
    sse_reader_done(&follower.reader);
    ctl_answer_done(&follower.answer);
    close(follower.signals);
    return code;
}
