/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/ctl_before_migration.h"
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

static bool is_judged(const struct ctl_answer *answer)
{
    return answer->status == 200 || answer->status == 409 || answer->status == 503;
}

/* A gate's answer, which is then read, or the exit code after a message. */
static enum ctl_exit read_answer(const struct ctl_answer *answer, struct json_document **ret_document)
{
    *ret_document = is_judged(answer) ? ctl_parse(answer) : NULL;
    if (*ret_document && json_member(json_root(*ret_document), "databases"))
        return ctl_judge_gate(answer, json_root(*ret_document));
    if (!is_judged(answer) || *ret_document)
        ctl_print_problem(answer);
    json_document_free(*ret_document);
    *ret_document = NULL;
    bool usage = answer->status >= 400 && answer->status < 500 && answer->status != 409 && answer->status != 429;
    return usage ? CTL_USAGE : CTL_UNKNOWN;
}

/* What was found: at the gate, before a migration, or both. */
struct findings {
    struct ctl_migration migration;
    struct ctl_answer answer;
    struct json_document *gate;
};

static void findings_done(struct findings *findings)
{
    ctl_migration_done(&findings->migration);
    ctl_answer_done(&findings->answer);
    json_document_free(findings->gate);
}

DEFINE_CLEANUP_VALUE(findings, struct findings, findings_done);

/* A gate's answer alone stands for itself. */
static bool print_json(const struct findings *findings)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_RESPONSE_BYTES);
    struct json_writer writer;
    if (!findings->migration.database) {
        puts(strbuf_text(&findings->answer.body));
        return true;
    }
    json_writer_init(&writer, &text, 0);
    json_open_object(&writer);
    json_key(&writer, "before_migration");
    ctl_migration_write(&findings->migration, &writer);
    if (findings->gate) {
        json_key(&writer, "gate");
        json_add_document(&writer, strbuf_text(&findings->answer.body), findings->answer.body.length);
    }
    json_close_object(&writer);
    if (!json_writer_ok(&writer))
        return false;
    puts(strbuf_text(&text));
    return true;
}

static bool print_text(const struct findings *findings)
{
    if (findings->migration.database && !ctl_migration_print(&findings->migration))
        return false;
    fputs(findings->migration.database && findings->gate ? "\n" : "", stdout);
    return !findings->gate || print_evidence(json_root(findings->gate));
}

static bool asks_revisions(const struct ctl_options *options)
{
    return options->revisions.count > 0 || options->manifests.count > 0 || options->supports.count > 0;
}

/* Only a gate of checks alone, and a migration, are asked about without saying what is to run. */
static enum ctl_exit ask_gate(const struct ctl_options *options, struct findings *findings)
{
    cleanup(wait_revisions) struct wait_revisions revisions = {0};
    cleanup(strbuf) struct strbuf path = STRBUF(65536);
    int code = wait_revisions_collect("migrationctl", &options->revisions, &options->manifests, &revisions);
    if (code != CTL_OK)
        return (enum ctl_exit)code;
    if (!make_path(options, &revisions, &path))
        return (enum ctl_exit)ctl_fail(CTL_USAGE, "the question is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &findings->answer);
    enum ctl_exit verdict = read_answer(&findings->answer, &findings->gate);
    bool all = asks_revisions(options) || options->before_migration;
    if (findings->gate && !all && json_length(json_member(json_root(findings->gate), "databases")) > 0)
        return (enum ctl_exit)ctl_fail(CTL_USAGE, "can-run needs --revision, --manifest or --supports: what is to run");
    return verdict;
}

int ctl_can_run(const struct ctl_options *options)
{
    cleanup(findings) struct findings findings = {.gate = NULL};
    enum ctl_exit before = CTL_OK;
    enum ctl_exit gate = CTL_OK;
    if (options->argument_count == 0 && !options->before_migration)
        return ctl_fail(CTL_USAGE, "can-run needs a GATE, or --before-migration DATABASE");
    if (options->argument_count == 0 && (asks_revisions(options) || options->match))
        return ctl_fail(CTL_USAGE, "a revision is asked of a GATE, and none is named");
    if (options->before_migration)
        before = ctl_before_migration(options, &findings.migration);
    if (options->argument_count > 0 && (!options->before_migration || findings.migration.database))
        gate = ask_gate(options, &findings);
    enum ctl_exit worse = ctl_worse_verdict(before, gate);
    if (worse == CTL_USAGE || (!findings.migration.database && !findings.gate))
        return (int)worse;
    if (!(options->output == CTL_JSON ? print_json : print_text)(&findings))
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    return (int)worse;
}
