/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl admit: the startup signal of an application that starts without `wait`; sent once, answered at once.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "daemon/ctl.h"
#include "daemon/wait_revisions.h"
#include "json/json_writer.h"

static void add_texts(struct json_writer *writer, const char *name, const char *const *texts, size_t count)
{
    if (count == 0)
        return;
    json_key_array(writer, name);
    for (size_t i = 0; i < count; i++)
        json_add_string(writer, texts[i]);
    json_close_array(writer);
}

static bool make_signal(const struct ctl_options *options, const struct wait_revisions *revisions, struct strbuf *body)
{
    char host[256] = "unknown";
    struct json_writer writer = {0};
    gethostname(host, sizeof host - 1);
    json_writer_init(&writer, body, 0);
    json_open_object(&writer);
    json_key_string(&writer, "application", options->application);
    json_key_string(&writer, "instance", options->instance ? options->instance : host);
    add_texts(&writer, "revision", revisions->list, revisions->count);
    if (options->match)
        json_key_string(&writer, "match", options->match);
    add_texts(&writer, "supports", options->supports.items, options->supports.count);
    json_close_object(&writer);
    return json_writer_ok(&writer);
}

/* The member of `list` whose `key` is that name; NULL. */
static const struct json_value *find(const struct json_value *list, const char *key, const char *name)
{
    for (size_t i = 0; name && i < json_length(list); i++) {
        const char *one = json_text(json_member(json_element(list, i), key));
        if (one && strcmp(one, name) == 0)
            return json_element(list, i);
    }
    return NULL;
}

/* Of the database, or of the check, that decided. */
static void say_reason(const struct json_value *answer, const char *check)
{
    const struct json_value *decided =
        check ? find(json_member(answer, "checks"), "address", check)
              : find(json_member(answer, "databases"), "database", json_text(json_member(answer, "database")));
    const char *next = json_text(json_member(decided, "next"));
    if (!decided)
        return;
    fputs(": ", stdout);
    ctl_put_text(stdout, json_text(json_member(decided, "reason")), "?");
    fputs(next ? "; next: " : "", stdout);
    ctl_put_text(stdout, next, "");
}

static void say(const struct json_value *root)
{
    bool admitted = false;
    bool recorded = false;
    const struct json_value *answer = json_member(root, "answer");
    const char *check = json_text(json_member(answer, "check"));
    json_get_boolean(json_member(root, "admitted"), &admitted);
    json_get_boolean(json_member(root, "recorded"), &recorded);
    printf("%s%s: ", admitted ? "admitted" : "refused", recorded ? "" : " (not recorded)");
    ctl_put_text(stdout, check ? check : json_text(json_member(root, "database")), "?");
    fputs(" is ", stdout);
    ctl_put_text(stdout, json_text(json_member(root, "state")), "?");
    putchar(' ');
    ctl_put_text(stdout, json_text(json_member(root, "code")), "?");
    say_reason(answer, check);
    putchar('\n');
}

/* As `wait` and `probe`: a refusal tells whether waiting helps. */
static int judge(const struct ctl_answer *answer, const struct json_value *root)
{
    const char *state = json_text(json_member(root, "state"));
    if (answer->status == 201)
        return CTL_OK;
    if (answer->status == 409)
        return CTL_BLOCKED;
    return state && strcmp(state, "closed") == 0 ? CTL_CLOSED : CTL_UNKNOWN;
}

static int conclude(const struct ctl_options *options, const struct ctl_answer *answer)
{
    bool judged = answer->status == 201 || answer->status == 409 || answer->status == 503;
    cleanup(json_document) struct json_document *document = judged ? ctl_parse(answer) : NULL;
    const struct json_value *root = document ? json_root(document) : NULL;
    if (json_member(root, "admitted")) {
        if (options->output == CTL_JSON)
            puts(strbuf_text(&answer->body));
        else
            say(root);
        return judge(answer, root);
    }
    ctl_print_problem(answer);
    bool usage = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    return usage ? CTL_USAGE : CTL_UNKNOWN;
}

int ctl_admit(const struct ctl_options *options)
{
    cleanup(wait_revisions) struct wait_revisions revisions = {0};
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_REQUEST_BODY);
    if (!options->application)
        return ctl_fail(CTL_USAGE, "admit needs --application NAME: who is to be let in");
    int code = wait_revisions_collect("migrationctl", &options->revisions, &options->manifests, &revisions);
    if (code != CTL_OK)
        return code;
    strbuf_add_string(&path, "/v1/gates/");
    ctl_encode(&path, options->arguments[0]);
    strbuf_add_string(&path, "/admissions");
    if (!strbuf_ok(&path) || !make_signal(options, &revisions, &body))
        return ctl_fail(CTL_USAGE, "the startup signal is too long");
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_post(options, strbuf_text(&path), strbuf_text(&body), options->timeout_ms, &answer);
    return conclude(options, &answer);
}
