/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/deadline.h"
#include "daemon/ctl.h"

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

/* Seconds as the JSON has them, or NULL. */
static char *age_of(const struct json_value *object)
{
    double seconds = 0;
    return json_get_number(json_member(object, "age_seconds"), &seconds) ? mem_printf("%.1fs", seconds) : NULL;
}

static bool print_databases(const struct json_value *root)
{
    const struct json_value *databases = json_member(root, "databases");
    cleanup(ctl_table) struct ctl_table table = {
        .titles = {"DATABASE", "STATE", "CODE", "GATE", "TOOL", "REVISION", "AGE", "REASON"}, .columns = 8};
    for (size_t i = 0; i < json_length(databases); i++) {
        const struct json_value *line = json_element(databases, i);
        cleanup(free) char *age = age_of(line);
        ctl_table_row(&table, (const char *[]){text_of(line, "database"), text_of(line, "state"), text_of(line, "code"),
                                               text_of(line, "gate"), text_of(line, "tool"), text_of(line, "revision"),
                                               age, text_of(line, "reason")});
    }
    return ctl_table_print(&table);
}

static void print_list(const struct json_value *database, const char *key)
{
    const struct json_value *list = json_member(database, key);
    if (json_length(list) == 0)
        return;
    printf("  %-12s", key);
    for (size_t i = 0; i < json_length(list); i++) {
        fputs(i == 0 ? "" : ", ", stdout);
        ctl_put_text(stdout, json_text(json_element(list, i)), "?");
    }
    putchar('\n');
}

static void print_line(const struct json_value *object, const char *key)
{
    const char *text = text_of(object, key);
    if (!text)
        return;
    printf("  %-12s", key);
    ctl_put_text(stdout, text, "?");
    putchar('\n');
}

/* Tenants that stand alike, in one line. */
static void print_group(const struct json_value *group)
{
    const struct json_value *heads = json_member(group, "heads");
    const struct json_value *journals = json_member(group, "journals");
    double count = 0;
    json_get_number(json_member(group, "count"), &count);
    printf("  %-12s%.0f ", "journals", count);
    ctl_put_text(stdout, text_of(group, "state"), "?");
    fputs(json_length(heads) > 0 ? " at " : "", stdout);
    for (size_t i = 0; i < json_length(heads); i++) {
        fputs(i == 0 ? "" : ", ", stdout);
        ctl_put_text(stdout, json_text(json_element(heads, i)), "?");
    }
    for (size_t i = 0; i < json_length(journals); i++) {
        fputs(i == 0 ? ": " : ", ", stdout);
        ctl_put_text(stdout, json_text(json_element(journals, i)), "?");
    }
    puts(count > (double)json_length(journals) ? ", …" : "");
}

static void print_groups(const struct json_value *database)
{
    const struct json_value *groups = json_member(database, "groups");
    for (size_t i = 0; i < json_length(groups); i++)
        print_group(json_element(groups, i));
}

/* What the expected files themselves show to be wrong. */
static void print_remarks(const struct json_value *database)
{
    const struct json_value *remarks = json_member(database, "remarks");
    for (size_t i = 0; i < json_length(remarks); i++) {
        const struct json_value *remark = json_element(remarks, i);
        fputs("  ", stdout);
        const char *kind = text_of(remark, "kind");
        printf("%-12s", kind ? kind : "remark");
        ctl_put_text(stdout, text_of(remark, "text"), "?");
        putchar('\n');
    }
}

/* Of checks there is only how many stand how: `checks` shows them. */
static void print_check_counts(const struct json_value *checks)
{
    static const char *const states[] = {"passed", "failed", "unknown"};
    if (!json_is_object(checks))
        return;
    printf("  %-12s", "checks");
    ctl_put_text(stdout, text_of(checks, "state"), "?");
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
        int64_t count = 0;
        json_get_integer(json_member(checks, states[i]), &count);
        printf("%s%lld %s", i == 0 ? " (" : ", ", (long long)count, states[i]);
    }
    puts(")");
}

/* `diff` shows what differs. */
static void print_drift(const struct json_value *drift)
{
    int64_t differences = 0;
    if (!json_is_object(drift))
        return;
    printf("  %-12s", "drift");
    ctl_put_text(stdout, text_of(drift, "drift"), "?");
    if (text_of(drift, "code")) {
        putchar(' ');
        ctl_put_text(stdout, text_of(drift, "code"), "?");
    }
    json_get_integer(json_member(drift, "differences"), &differences);
    if (text_of(drift, "worst")) {
        printf(": %lld difference%s, the worst ", (long long)differences, differences == 1 ? "" : "s");
        ctl_put_text(stdout, text_of(drift, "worst"), "?");
    }
    putchar('\n');
}

/* One database with its evidence, as a gate's answer or /v1/databases/{db} shows it. */
static bool print_database(const struct json_value *database)
{
    static const char *const lists[] = {"pending", "out_of_order", "unknown",    "later",
                                        "failed",  "mismatched",   "unverified", NULL};
    static const char *const title[] = {"database", "state", "code"};
    for (size_t i = 0; i < ARRAY_LENGTH(title); i++) {
        fputs(i == 0 ? "" : i == 1 ? ": " : " ", stdout);
        ctl_put_text(stdout, text_of(database, title[i]), "?");
    }
    putchar('\n');
    print_line(database, "reason");
    print_line(database, "next");
    print_line(database, "warning");
    print_line(database, "tool");
    const struct json_value *expected = json_member(database, "expected");
    if (json_is_object(expected)) {
        printf("  %-12s", "expected");
        ctl_put_text(stdout, text_of(expected, "revision"), "?");
        fputs(" (", stdout);
        ctl_put_text(stdout, text_of(expected, "match"), "?");
        fputs(", from the ", stdout);
        ctl_put_text(stdout, text_of(expected, "source"), "?");
        puts(")");
    }
    print_list(json_member(database, "observed"), "heads");
    for (const char *const *list = lists; *list; list++)
        print_list(database, *list);
    const struct json_value *lock = json_member(database, "lock");
    if (json_is_object(lock)) {
        printf("  %-12s", "lock");
        ctl_put_text(stdout, text_of(lock, "holder"), "somebody");
        fputs(" since ", stdout);
        ctl_put_text(stdout, text_of(lock, "since"), "an unknown time");
        putchar('\n');
    }
    print_groups(database);
    print_remarks(database);
    print_drift(json_member(database, "drift"));
    print_check_counts(json_member(database, "checks"));
    print_line(json_member(database, "snapshot"), "last_error");
    return true;
}

typedef bool printer(const struct json_value *root);

static int show(const struct ctl_options *options, const struct ctl_answer *answer, printer *print)
{
    if (answer->status != 200) {
        ctl_print_problem(answer);
        return answer->status == 404 ? CTL_USAGE : CTL_UNKNOWN;
    }
    if (options->output == CTL_JSON) {
        puts(strbuf_text(&answer->body));
        return CTL_OK;
    }
    cleanup(json_document) struct json_document *document = ctl_parse(answer);
    if (!document)
        return CTL_UNKNOWN;
    return print(json_root(document)) ? CTL_OK : ctl_fail(CTL_UNKNOWN, "out of memory");
}

static int get_and_show(const struct ctl_options *options, const char *path, printer *print)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", path, options->timeout_ms, &answer);
    return show(options, &answer, print);
}

static bool make_path(const struct ctl_options *options, const char *what, struct strbuf *path)
{
    strbuf_add_string(path, "/v1/databases/");
    ctl_encode(path, options->arguments[0]);
    strbuf_add_string(path, what);
    return strbuf_ok(path);
}

int ctl_status(const struct ctl_options *options)
{
    if (options->watch)
        return ctl_watch(options);
    if (options->argument_count == 0)
        return get_and_show(options, "/v1/databases", print_databases);
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    return make_path(options, "", &path) ? get_and_show(options, strbuf_text(&path), print_database)
                                         : ctl_fail(CTL_USAGE, "the name is too long");
}

/* A look that began a moment ago may have missed what the caller has just done: it is asked again when the daemon says
 * that it may be. */
int ctl_refresh(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    if (!make_path(options, "/refresh", &path))
        return ctl_fail(CTL_USAGE, "the name is too long");
    struct deadline deadline = deadline_in(options->timeout_ms);
    for (;;) {
        cleanup(ctl_answer) struct ctl_answer answer = {0};
        int left = deadline_left_ms(deadline);
        ctl_request(options, "POST", strbuf_text(&path), left, &answer);
        if (answer.status != 429 || answer.retry_after_ms >= left)
            return show(options, &answer, print_database);
        const struct timespec pause = {.tv_sec = answer.retry_after_ms / 1000,
                                       .tv_nsec = answer.retry_after_ms % 1000 * 1000000};
        nanosleep(&pause, NULL);
    }
}
