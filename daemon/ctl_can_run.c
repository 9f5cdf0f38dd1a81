/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/ctl.h"
#include "daemon/wait_revisions.h"

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

static bool make_path(const struct ctl_options *options, const struct wait_revisions *revisions, struct strbuf *path)
{
    strbuf_add_string(path, "/v1/gates/");
    ctl_encode(path, options->arguments[0]);
    char separator = '?';
    for (size_t i = 0; i < revisions->count; i++, separator = '&') {
        strbuf_printf(path, "%crevision=", separator);
        ctl_encode(path, revisions->list[i]);
    }
    for (size_t i = 0; i < options->supports.count; i++, separator = '&') {
        strbuf_printf(path, "%csupports=", separator);
        ctl_encode(path, options->supports.items[i]);
    }
    if (options->match)
        strbuf_printf(path, "%cmatch=%s", separator, options->match);
    return strbuf_ok(path);
}

/* Where the database stands; several heads with commas between them. */
static char *heads_of(const struct json_value *database)
{
    const struct json_value *heads = json_member(json_member(database, "observed"), "heads");
    cleanup(strbuf) struct strbuf text = STRBUF(4096);
    for (size_t i = 0; i < json_length(heads); i++)
        strbuf_printf(&text, "%s%s", i > 0 ? "," : "", json_text(json_element(heads, i)));
    return text.length > 0 && strbuf_ok(&text) ? mem_strdup(strbuf_text(&text)) : NULL;
}

static bool print_databases(const struct json_value *databases)
{
    cleanup(ctl_table) struct ctl_table table = {
        .titles = {"DATABASE", "STATE", "CODE", "TOOL", "AT", "NEEDS", "REASON", "NEXT"}, .columns = 8};
    for (size_t i = 0; i < json_length(databases); i++) {
        const struct json_value *database = json_element(databases, i);
        const struct json_value *expected = json_member(database, "expected");
        const char *supports = text_of(expected, "supports");
        cleanup(free) char *heads = heads_of(database);
        ctl_table_row(&table, (const char *[]){text_of(database, "database"), text_of(database, "state"),
                                               text_of(database, "code"), text_of(database, "tool"), heads,
                                               supports ? supports : text_of(expected, "revision"),
                                               text_of(database, "reason"), text_of(database, "next")});
    }
    return ctl_table_print(&table);
}

static bool print_checks(const struct json_value *checks)
{
    cleanup(ctl_table) struct ctl_table table = {
        .titles = {"CHECK", "STATE", "CODE", "VALUE", "EXPECTED", "SINCE", "REASON", "NEXT"}, .columns = 8};
    for (size_t i = 0; i < json_length(checks); i++) {
        const struct json_value *check = json_element(checks, i);
        ctl_table_row(&table,
                      (const char *[]){text_of(check, "address"), text_of(check, "state"), text_of(check, "code"),
                                       text_of(check, "value"), text_of(check, "expected"), text_of(check, "since"),
                                       text_of(check, "reason"), text_of(check, "next")});
    }
    return ctl_table_print(&table);
}

/* A gate may require checks alone; most require none. */
static bool print_evidence(const struct json_value *root)
{
    const struct json_value *databases = json_member(root, "databases");
    const struct json_value *checks = json_member(root, "checks");
    bool both = json_length(databases) > 0 && json_length(checks) > 0;
    printf("%s: ", text_of(root, "gate"));
    ctl_put_text(stdout, text_of(root, "state"), "?");
    putchar(' ');
    ctl_put_text(stdout, text_of(root, "code"), "?");
    puts("\n");
    if (json_length(databases) > 0 && !print_databases(databases))
        return false;
    fputs(both ? "\n" : "", stdout);
    return json_length(checks) == 0 || print_checks(checks);
}

static int conclude(const struct ctl_options *options, const struct ctl_answer *answer)
{
    bool judged = answer->status == 200 || answer->status == 409 || answer->status == 503;
    cleanup(json_document) struct json_document *document = judged ? ctl_parse(answer) : NULL;
    const struct json_value *root = document ? json_root(document) : NULL;
    if (!json_member(root, "databases")) {
        if (!judged || document)
            ctl_print_problem(answer);
        bool usage = answer->status >= 400 && answer->status < 500 && answer->status != 409 && answer->status != 429;
        return usage ? CTL_USAGE : CTL_UNKNOWN;
    }
    if (options->output == CTL_JSON)
        puts(strbuf_text(&answer->body));
    else if (!print_evidence(root))
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    return (int)ctl_judge_gate(answer, root);
}

int ctl_can_run(const struct ctl_options *options)
{
    cleanup(wait_revisions) struct wait_revisions revisions = {0};
    cleanup(strbuf) struct strbuf path = STRBUF(65536);
    int code = wait_revisions_collect("migrationctl", &options->revisions, &options->manifests, &revisions);
    if (code != CTL_OK)
        return code;
    if (revisions.count == 0 && options->supports.count == 0)
        return ctl_fail(CTL_USAGE, "can-run needs --revision, --manifest or --supports: what is to run");
    if (!make_path(options, &revisions, &path))
        return ctl_fail(CTL_USAGE, "the question is too long");
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    return conclude(options, &answer);
}
