/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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
    print_line(json_member(database, "snapshot"), "last_error");
    return true;
}

static int show(const struct ctl_options *options, const char *path, bool (*print)(const struct json_value *root))
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", path, options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return answer.status == 404 ? CTL_USAGE : CTL_UNKNOWN;
    }
    if (options->output == CTL_JSON) {
        puts(strbuf_text(&answer.body));
        return CTL_OK;
    }
    cleanup(json_document) struct json_document *document = ctl_parse(&answer);
    if (!document)
        return CTL_UNKNOWN;
    return print(json_root(document)) ? CTL_OK : ctl_fail(CTL_UNKNOWN, "out of memory");
}

int ctl_status(const struct ctl_options *options)
{
    if (options->watch)
        return ctl_watch(options);
    if (options->argument_count == 0)
        return show(options, "/v1/databases", print_databases);
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, options->arguments[0]);
    return strbuf_ok(&path) ? show(options, strbuf_text(&path), print_database)
                            : ctl_fail(CTL_USAGE, "the name is too long");
}
