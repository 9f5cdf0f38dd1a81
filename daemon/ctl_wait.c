/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "daemon/ctl.h"
#include "journal/manifest.h"

enum {
    HOLD_MS = 50000,      /* one request is held at most this long: below the daemon's own limit and most proxies' */
    ANSWER_MS = 10000,    /* beyond that an answer must come */
    RETRY_FIRST_MS = 250, /* the daemon cannot be reached: doubles, with jitter */
    RETRY_CAP_MS = 5000,
};

static bool make_path(const struct ctl_options *options, int64_t hold_ms, struct strbuf *path)
{
    strbuf_add_string(path, "/v1/gates/");
    ctl_encode(path, options->arguments[0]);
    const char *separator = "?";
    if (options->revision) {
        strbuf_add_string(path, "?revision=");
        ctl_encode(path, options->revision);
        separator = "&";
    }
    if (options->match) {
        strbuf_printf(path, "%smatch=", separator);
        ctl_encode(path, options->match);
        separator = "&";
    }
    if (hold_ms > 0)
        strbuf_printf(path, "%swait=%lldms", separator, (long long)hold_ms);
    return strbuf_ok(path);
}

/* Prints the reason when it is another one than last time. */
static void say_reason(const struct json_value *root, char *said, size_t size)
{
    char line[1024] = "";
    const char *worst = json_text(json_member(root, "database"));
    const struct json_value *databases = json_member(root, "databases");
    for (size_t i = 0; i < json_length(databases); i++) {
        const struct json_value *database = json_element(databases, i);
        const char *name = json_text(json_member(database, "database"));
        const char *reason = json_text(json_member(database, "reason"));
        const char *next = json_text(json_member(database, "next"));
        if (!name || !worst || strcmp(name, worst) != 0)
            continue;
        snprintf(line, sizeof line, "%s: %s %s: %s%s%s", name, json_text(json_member(root, "state")),
                 json_text(json_member(root, "code")), reason ? reason : "", next ? "; next: " : "", next ? next : "");
    }
    if (strcmp(line, said) == 0)
        return;
    snprintf(said, size, "%s", line);
    ctl_put_text(stderr, line, "?");
    fputc('\n', stderr);
}

/* The exit code that a gate's answer stands for when nothing more is waited for. */
static enum ctl_exit judge(const struct ctl_answer *answer, const struct json_value *root)
{
    const char *state = json_text(json_member(root, "state"));
    switch (answer->status) {
    case 200:
        return CTL_OK;
    case 409:
        return CTL_BLOCKED;
    case 503:
        return state && strcmp(state, "closed") == 0 ? CTL_CLOSED : CTL_UNKNOWN;
    default:
        return CTL_UNKNOWN;
    }
}

static bool is_usage_error(const struct ctl_answer *answer)
{
    return answer->status >= 400 && answer->status < 500 && answer->status != 409 && answer->status != 429;
}

/* One question; the answer is judged, and said when it changed. */
static enum ctl_exit ask(const struct ctl_options *options, int64_t hold_ms, char *said, size_t size,
                         int64_t *ret_retry_after_ms)
{
    cleanup(strbuf) struct strbuf path = STRBUF(8192);
    if (!make_path(options, hold_ms, &path))
        return CTL_USAGE;
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", strbuf_text(&path), hold_ms + ANSWER_MS, &answer);
    *ret_retry_after_ms = answer.retry_after_ms;
    if (answer.status == 200 || answer.status == 409 || answer.status == 503) {
        cleanup(json_document) struct json_document *document = ctl_parse(&answer);
        if (document && options->output == CTL_JSON)
            puts(strbuf_text(&answer.body));
        if (document)
            say_reason(json_root(document), said, size);
        return document ? judge(&answer, json_root(document)) : CTL_UNKNOWN;
    }
    if (strcmp(answer.error, said) != 0 || answer.status != 0)
        ctl_print_problem(&answer);
    snprintf(said, size, "%s", answer.error);
    return is_usage_error(&answer) ? CTL_USAGE : CTL_UNKNOWN;
}

/* Full jitter: many clients that lost the same daemon do not come back together. */
static void pause_before_retry(unsigned tries, int64_t retry_after_ms, struct deadline deadline)
{
    int64_t most = (int64_t)RETRY_FIRST_MS << (tries < 5 ? tries : 5);
    if (most > RETRY_CAP_MS)
        most = RETRY_CAP_MS;
    unsigned random = 0;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        random = tries;
    int64_t delay = retry_after_ms > 0 ? retry_after_ms : 1 + (int64_t)(random % (unsigned)most);
    int left = deadline_left_ms(deadline);
    if (delay > left)
        delay = left;
    struct timespec pause = {.tv_sec = delay / 1000, .tv_nsec = delay % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

static int say_heads(const char *path, const struct migration *const *heads, size_t count)
{
    if (count == 0)
        return ctl_fail(CTL_USAGE, "%s: holds no revision to wait for", path);
    return ctl_fail(CTL_USAGE, "%s: has %zu heads (%s, %s%s): name one with --revision", path, count,
                    heads[0]->revision, heads[1]->revision, count > 2 ? ", …" : "");
}

/* "[DATABASE:]FILE" becomes "[DATABASE:]HEAD", which the caller frees. */
static int read_revision(const char *manifest, char **ret_revision)
{
    struct error error = {.code = ERROR_OK};
    cleanup(migration_set) struct migration_set *set = NULL;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    const struct migration *const *heads = NULL;
    size_t count = 0;
    const char *colon = access(manifest, F_OK) == 0 ? NULL : strchr(manifest, ':');
    const char *path = colon ? colon + 1 : manifest;
    if (manifest_read(path, &set, &error) < 0)
        return ctl_fail(CTL_USAGE, "%s", error.message);
    if (!arena || !migration_set_heads(set, arena, &heads, &count))
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    if (count != 1)
        return say_heads(path, heads, count);
    *ret_revision = mem_printf("%.*s%s", (int)(path - manifest), manifest, heads[0]->revision);
    return *ret_revision ? CTL_OK : ctl_fail(CTL_UNKNOWN, "out of memory");
}

static int wait_for_gate(const struct ctl_options *options)
{
    char said[1024] = "";
    int64_t retry_after = 0;
    if (options->timeout_ms == 0)
        return (int)ask(options, 0, said, sizeof said, &retry_after);
    struct deadline deadline = deadline_in(options->timeout_ms);
    for (unsigned tries = 0;; tries++) {
        int left = deadline_left_ms(deadline);
        if (left == 0)
            return CTL_TIMED_OUT;
        int64_t hold = left < 1000 ? 1000 : left < HOLD_MS ? left : HOLD_MS;
        int64_t asked = monotonic_ms();
        enum ctl_exit result = ask(options, hold, said, sizeof said, &retry_after);
        if (result == CTL_OK || result == CTL_BLOCKED || result == CTL_USAGE)
            return (int)result;
        /* An answer that was held is no reason to pause; one that came at once is. */
        if (monotonic_ms() - asked >= hold)
            tries = 0;
        else
            pause_before_retry(tries, retry_after, deadline);
    }
}

int ctl_wait(const struct ctl_options *options)
{
    cleanup(free) char *revision = NULL;
    struct ctl_options question = *options;
    if (!options->manifest)
        return wait_for_gate(options);
    if (options->revision)
        return ctl_fail(CTL_USAGE, "--manifest and --revision both name the revision: give one");
    int code = read_revision(options->manifest, &revision);
    question.revision = revision;
    return code == CTL_OK ? wait_for_gate(&question) : code;
}

/* A gate says whether it is closed or unknown; health and readiness just say no. */
static enum ctl_exit judge_refusal(const struct ctl_answer *answer)
{
    cleanup(json_document) struct json_document *document = ctl_parse(answer);
    const struct json_value *root = document ? json_root(document) : NULL;
    return json_text(json_member(root, "state")) ? judge(answer, root) : CTL_CLOSED;
}

int ctl_probe(const struct ctl_options *options)
{
    const char *path = options->argument_count > 0 ? options->arguments[0] : "/livez";
    cleanup(strbuf) struct strbuf full = STRBUF(4096);
    strbuf_printf(&full, "%s%s", *path == '/' ? "" : "/", path);
    if (!strbuf_ok(&full))
        return ctl_fail(CTL_USAGE, "the path is too long");
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", strbuf_text(&full), options->timeout_ms, &answer);
    if (options->output == CTL_JSON && answer.status != 0)
        puts(strbuf_text(&answer.body));
    if (answer.status == 200)
        return CTL_OK;
    if (is_usage_error(&answer)) {
        ctl_print_problem(&answer);
        return CTL_USAGE;
    }
    if (answer.status == 409)
        return CTL_BLOCKED;
    if (answer.status == 503)
        return (int)judge_refusal(&answer);
    ctl_print_problem(&answer);
    return CTL_UNKNOWN;
}

int ctl_reload(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "POST", "/v1/reload", options->timeout_ms, &answer);
    if (answer.status == 200) {
        puts("reloaded");
        return CTL_OK;
    }
    ctl_print_problem(&answer);
    return answer.status == 0 ? CTL_UNKNOWN : CTL_CLOSED;
}
