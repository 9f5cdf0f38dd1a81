/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl journal: what migration tools recorded, straight from a database or as the daemon sees it, held against
 * what is expected; and the table of the tools.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "daemon/view.h"

/* A database that no configuration names, judged like one that does. */
struct direct {
    struct config_database database;
    const char *directory;
    struct snapshot *snapshot;
    struct expectation *expectation;
    struct assessment *assessment;
};

static void direct_done(struct direct *direct)
{
    assessment_unref(direct->assessment);
    expectation_unref(direct->expectation);
    snapshot_unref(direct->snapshot);
}

DEFINE_CLEANUP_VALUE(direct, struct direct, direct_done);

/* The tools whose journals are there. */
static size_t list_tools(const struct snapshot *snapshot, const struct tool **found, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < snapshot->reading_count && count < most; i++) {
        const struct tool *tool = tool_find(snapshot->readings[i].address.tool);
        if (count == 0 || found[count - 1] != tool)
            found[count++] = tool;
    }
    return count;
}

enum { TOOLS_MAXIMUM = 16 };

static int expect_directory(const struct ctl_options *options, struct direct *direct, struct error *reterr)
{
    const struct tool *found[TOOLS_MAXIMUM] = {0};
    const struct tool *named = NULL;
    if (!options->directory)
        return 0;
    int code = ctl_find_tool(options, &named);
    if (code != CTL_OK)
        return error_set(reterr, ERROR_INVALID, "no expectation without a tool that is known");
    direct->directory = options->directory;
    direct->database.journal.expect.directories = &direct->directory;
    direct->database.journal.expect.directory_count = 1;
    direct->database.journal.tool = named;
    const struct expectation_question question = {.database = &direct->database,
                                                  .likely = found,
                                                  .likely_count = list_tools(direct->snapshot, found, TOOLS_MAXIMUM)};
    direct->expectation = expectation_read(&question, NULL);
    direct->database.journal.tool = NULL;
    if (!direct->expectation)
        return error_no_memory(reterr);
    if (direct->expectation->files[0].error.code == ERROR_OK)
        return 0;
    *reterr = direct->expectation->files[0].error;
    return -1;
}

static int read_direct(const struct ctl_options *options, struct direct *direct, struct error *reterr)
{
    struct server_facts server = {0};
    struct deadline deadline = deadline_in(options->timeout_ms);
    struct engine_scope scope = ctl_scope(options);
    cleanup(schema) struct schema *schema = NULL;
    const char *url = options->arguments[0];
    if (ctl_read_schema(url, &scope, deadline, &schema, &server, reterr) < 0 ||
        ctl_read_journals(url, deadline, schema, &server, &direct->snapshot, reterr) < 0 ||
        expect_directory(options, direct, reterr) < 0)
        return -1;
    direct->database.name = direct->snapshot->server.database;
    direct->database.max_staleness_ms = INT64_MAX;
    direct->database.dirty_grace_ms = 10 * 60 * INT64_C(1000);
    direct->database.lock_orphan_after_ms = 3600 * INT64_C(1000);
    direct->database.checksums_enforced = true;
    direct->assessment = assess(direct->snapshot, &direct->database, direct->expectation, NULL);
    return direct->assessment ? 0 : error_no_memory(reterr);
}

static int write_json(const struct database_report *report)
{
    struct journal_report stream = {0};
    cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
    report_journal_init(&stream, report);
    while (report_journal_next(&stream, &piece)) {
        if (!strbuf_ok(&piece) || fwrite(strbuf_text(&piece), 1, piece.length, stdout) != piece.length)
            return ctl_fail(CTL_UNKNOWN, "the journal could not be written");
        strbuf_clear(&piece);
    }
    putchar('\n');
    return fflush(stdout) == 0 ? CTL_OK : ctl_fail(CTL_UNKNOWN, "the journal could not be written");
}

/* What could not be read, or not be believed, is no success: a script must not take it for an answer. */
static int exit_code(const struct database_report *report)
{
    for (size_t i = 0; i < report->journal_count; i++) {
        const struct verdict *verdict = &report->journals[i].verdict;
        if (verdict->state == STATE_UNKNOWN)
            return ctl_fail(CTL_UNKNOWN, "%s%s%s", verdict->reason, *verdict->next ? "; next: " : "", verdict->next);
    }
    return CTL_OK;
}

static int journal_of_url(const struct ctl_options *options)
{
    cleanup(direct) struct direct direct = {0};
    cleanup(arena) struct arena *arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    struct error error = {.code = ERROR_OK};
    struct database_report report = {0};
    if (read_direct(options, &direct, &error) < 0)
        return ctl_fail_error(&error);
    const struct view view = {.database = &direct.database,
                              .snapshot = direct.snapshot,
                              .expectation = direct.expectation,
                              .assessment = direct.assessment,
                              .status = {.tried = true, .observed = true, .good_at_ms = monotonic_ms()}};
    if (!arena || view_judge(&view, NULL, monotonic_ms(), ctl_now_ms(), arena, &report, &error) < 0)
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    if (options->output == CTL_JSON) {
        int code = write_json(&report);
        return code == CTL_OK ? exit_code(&report) : code;
    }
    enum report_style style = options->output == CTL_MARKDOWN ? STYLE_MARKDOWN
                              : ctl_colour()                  ? STYLE_COLOUR
                                                              : STYLE_PLAIN;
    report_journal_text(&out, &report, style, SIZE_MAX);
    int code = ctl_write(&out, CTL_OK);
    return code == CTL_OK ? exit_code(&report) : code;
}

static int journal_of_daemon(const struct ctl_options *options, const char *database)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, database);
    strbuf_printf(&path, "/journal?format=%s", ctl_output_name(options->output));
    if (!strbuf_ok(&path))
        return ctl_fail(CTL_USAGE, "the name is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    if (answer.status == 200)
        return ctl_write(&answer.body, CTL_OK);
    ctl_print_problem(&answer);
    return answer.status == 404 ? CTL_USAGE : CTL_UNKNOWN;
}

/* Without an argument: every database of the daemon, one after the other. */
static int journals_of_daemon(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    int code = CTL_OK;
    ctl_request(options, "GET", "/v1/databases", options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return CTL_UNKNOWN;
    }
    cleanup(json_document) struct json_document *document = ctl_parse(&answer);
    const struct json_value *databases = document ? json_member(json_root(document), "databases") : NULL;
    if (!databases)
        return CTL_UNKNOWN;
    for (size_t i = 0; i < json_length(databases); i++) {
        const char *name = json_text(json_member(json_element(databases, i), "database"));
        if (i > 0 && options->output != CTL_JSON)
            putchar('\n');
        int one = name ? journal_of_daemon(options, name) : CTL_UNKNOWN;
        if (i + 1 < json_length(databases) && options->output == CTL_JSON)
            putchar('\n'); /* one document per line */
        code = one > code ? one : code;
    }
    return code;
}

int ctl_journal(const struct ctl_options *options)
{
    const char *name = options->argument_count > 0 ? options->arguments[0] : NULL;
    if (options->list_tools)
        return name ? ctl_fail(CTL_USAGE, "--tools is about all databases: name none") : ctl_print_tools(options);
    if (name && ctl_is_url(name))
        return journal_of_url(options);
    if (options->directory)
        return ctl_fail(CTL_USAGE, "--directory needs a URL: what the daemon expects is configured");
    return name ? journal_of_daemon(options, name) : journals_of_daemon(options);
}
