/* SPDX-License-Identifier: Apache-2.0
 *
 * What migrationctl reads from a database itself, with no daemon: the journal and the baseline.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "gate/state.h"
#include "journal/journal_look.h"
#include "model/journal_pack.h"
#include "model/schema_json.h"
#include "report/report.h"

int ctl_snapshot(const struct ctl_options *options)
{
    struct error error = {.code = ERROR_OK};
    struct server_facts server = {0};
    struct engine_scope scope = ctl_scope(options);
    cleanup(schema) struct schema *schema = NULL;
    if (ctl_read_schema(options->arguments[0], &scope, deadline_in(options->timeout_ms), &schema, &server, &error) < 0)
        return ctl_fail_error(&error);
    cleanup(schema_journals) struct schema_journals journals = {0};
    if (ctl_read_revisions(options->arguments[0], schema, deadline_in(options->timeout_ms), &journals, &error) < 0)
        return ctl_fail_error(&error);
    struct schema_json stream = {0};
    cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
    schema_json_init(&stream, schema, options->output == CTL_JSON ? 0 : 1);
    stream.journals = journals.count > 0 ? &journals : NULL;
    while (schema_json_next(&stream, &piece)) {
        if (!strbuf_ok(&piece) || fwrite(strbuf_text(&piece), 1, piece.length, stdout) != piece.length)
            return ctl_fail(CTL_UNKNOWN, "the snapshot could not be written");
        strbuf_clear(&piece);
    }
    if (options->output != CTL_JSON)
        putchar('\n');
    if (fflush(stdout) != 0)
        return ctl_fail(CTL_UNKNOWN, "the snapshot could not be written");
    return schema->truncated ? ctl_fail(CTL_UNKNOWN, "the schema exceeds a limit and is not whole") : CTL_OK;
}

static void format_time(int64_t unix_ms, char *buffer, size_t size)
{
    struct strbuf text = STRBUF(64);
    struct json_writer writer = {0};
    json_writer_init(&writer, &text, 0);
    json_add_time(&writer, unix_ms);
    const char *quoted = strbuf_text(&text);
    if (*quoted == '"')
        snprintf(buffer, size, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
    else
        snprintf(buffer, size, "-");
    strbuf_done(&text);
}

static bool print_journal(const struct journal *journal)
{
    cleanup(ctl_table) struct ctl_table table = {.titles = {"REVISION", "STATE", "APPLIED AT", "CHECKSUM", "LABEL"},
                                                 .columns = 5};
    struct journal_cursor cursor = {0};
    journal_cursor_init(&cursor, journal);
    for (const struct journal_entry *entry = NULL; (entry = journal_cursor_next(&cursor));) {
        char at[40] = "";
        format_time(entry->applied_at_ms, at, sizeof at);
        ctl_table_row(&table, (const char *[]){entry->revision, entry_state_name(entry->state), at, entry->checksum,
                                               entry->label});
    }
    return ctl_table_print(&table);
}

/* Nothing was found: what that proves depends on what could have been seen. */
static enum ctl_exit print_absence(const struct snapshot *snapshot)
{
    if (snapshot->schema->truncated)
        return (enum ctl_exit)ctl_fail(CTL_UNKNOWN, "no journal was seen, but the schema exceeds a limit");
    if (!snapshot->server.absence_proven)
        return (enum ctl_exit)ctl_fail(CTL_UNKNOWN, "no journal was seen, but the role may not see all; run: %s",
                                       snapshot->server.grant_needed);
    puts(snapshot->has_tables ? "no journal: tables, but no migration tool's record of them"
                              : "no journal and no tables");
    return CTL_OK;
}

static enum ctl_exit print_reading(const struct journal_reading *reading)
{
    fputs(reading->address.tool, stdout);
    fputs(" in ", stdout);
    ctl_put_text(stdout, reading->address.schema, "?");
    fputs(*reading->address.schema ? "." : "", stdout);
    ctl_put_text(stdout, reading->address.table, "?");
    puts(reading->lock.held ? ", a migration is running" : "");
    const struct journal *journal = reading->journal;
    if (!journal)
        return (enum ctl_exit)ctl_fail(
            CTL_UNKNOWN, "not readable: %s%s%s", reading->error_message ? reading->error_message : "locked",
            reading->error_grant ? "; " : "", reading->error_grant ? reading->error_grant : "");
    if (!print_journal(journal))
        return (enum ctl_exit)ctl_fail(CTL_UNKNOWN, "out of memory");
    if (journal->invalid)
        return (enum ctl_exit)ctl_fail(CTL_UNKNOWN, "not to be believed: %s", journal->invalid);
    if (journal->truncated)
        return (enum ctl_exit)ctl_fail(CTL_UNKNOWN, "the journal has more than %u rows: this is not all",
                                       LIMIT_JOURNAL_ROWS);
    return CTL_OK;
}

static enum ctl_exit print_readings(const struct snapshot *snapshot)
{
    if (snapshot->reading_count == 0)
        return print_absence(snapshot);
    enum ctl_exit result = CTL_OK;
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        if (i > 0)
            putchar('\n');
        if (print_reading(&snapshot->readings[i]) != CTL_OK)
            result = CTL_UNKNOWN;
    }
    return result;
}

/* The same document that the daemon serves, with nothing expected. */
static int print_json(const struct snapshot *snapshot)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_RESPONSE_BYTES);
    struct judged_journal *judged = arena ? arena_array(arena, snapshot->reading_count + 1, sizeof *judged) : NULL;
    if (!judged)
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    size_t count = snapshot->reading_count > 0 ? snapshot->reading_count : 1;
    struct state_policy policy = {.max_staleness_ms = INT64_MAX, .checksums_enforced = true};
    for (size_t i = 0; i < count; i++) {
        struct state_input input = {.observed = true,
                                    .has_tables = snapshot->has_tables,
                                    .absence_proven = snapshot->server.absence_proven,
                                    .grant_needed = snapshot->server.grant_needed,
                                    .schema_truncated = snapshot->schema->truncated};
        if (snapshot->reading_count > 0) {
            const struct journal_reading *reading = &snapshot->readings[i];
            struct comparison *comparison = NULL;
            struct compare_request request = {.journal = reading->journal};
            judged[i].reading = reading;
            input.locked = reading->locked;
            input.lock = &reading->lock;
            input.journal = reading->journal;
            input.journal_error = (enum error_code)reading->error;
            input.journal_error_message = reading->error_message;
            if (reading->error_grant)
                input.grant_needed = reading->error_grant;
            if (reading->journal) {
                comparison = arena_alloc(arena, sizeof *comparison);
                const struct tool *tool = tool_find(reading->address.tool);
                if (!comparison || !tool || tool->compare(&request, arena, comparison, NULL) < 0)
                    return ctl_fail(CTL_UNKNOWN, "out of memory");
            }
            judged[i].comparison = comparison;
            input.comparison = comparison;
        }
        state_judge(&input, &policy, &judged[i].verdict);
    }
    struct database_report report = {.name = snapshot->server.database,
                                     .engine = snapshot->server.engine,
                                     .snapshot = snapshot,
                                     .journals = judged,
                                     .journal_count = count};
    struct journal_report stream = {0};
    cleanup(strbuf) struct strbuf piece = STRBUF(LIMIT_RESPONSE_BYTES);
    report_journal_init(&stream, &report);
    while (report_journal_next(&stream, &piece)) {
        if (!strbuf_ok(&piece) || fwrite(strbuf_text(&piece), 1, piece.length, stdout) != piece.length)
            return ctl_fail(CTL_UNKNOWN, "the journal could not be written");
        strbuf_clear(&piece);
    }
    putchar('\n');
    return CTL_OK;
}

int ctl_journal(const struct ctl_options *options)
{
    struct error error = {.code = ERROR_OK};
    struct server_facts server = {0};
    struct deadline deadline = deadline_in(options->timeout_ms);
    struct engine_scope scope = {0};
    cleanup(schema) struct schema *schema = NULL;
    cleanup(snapshot) struct snapshot *snapshot = NULL;
    if (ctl_read_schema(options->arguments[0], &scope, deadline, &schema, &server, &error) < 0 ||
        ctl_read_journals(options->arguments[0], deadline, schema, &server, &snapshot, &error) < 0)
        return ctl_fail_error(&error);
    if (options->output == CTL_JSON)
        return print_json(snapshot);
    enum ctl_exit result = print_readings(snapshot);
    return fflush(stdout) == 0 ? (int)result : ctl_fail(CTL_UNKNOWN, "the journal could not be written");
}
