/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ctl_side.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/drift.h"
#include "journal/journal_look.h"

void ctl_side_done(struct ctl_side *side)
{
    schema_unref(side->schema);
    mem_free(side->shown);
    *side = (struct ctl_side){0};
}

int64_t ctl_now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool ctl_colour(void)
{
    const char *refused = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(refused && *refused) && !(terminal && strcmp(terminal, "dumb") == 0);
}

void ctl_render(enum report_kind kind, enum ctl_output output, const struct report_subject *subject, struct strbuf *out)
{
    const enum report_format formats[CTL_OUTPUTS] = {[CTL_TEXT] = ctl_colour() ? REPORT_COLOUR : REPORT_TEXT,
                                                     [CTL_JSON] = REPORT_JSON,
                                                     [CTL_MARKDOWN] = REPORT_MARKDOWN,
                                                     [CTL_SQL] = REPORT_SQL};
    if (!report_render(kind, formats[output], subject, out))
        out->failed = true; /* ctl_commands offers nothing of the kind */
    if (output == CTL_JSON)
        strbuf_add_char(out, '\n');
}

int ctl_write(const struct strbuf *text, int code)
{
    if (!strbuf_ok(text))
        return ctl_fail(CTL_TROUBLE, "out of memory, or more than %u bytes of output", LIMIT_RESPONSE_BYTES);
    if (fwrite(strbuf_text(text), 1, text->length, stdout) != text->length || fflush(stdout) != 0)
        return ctl_fail(CTL_TROUBLE, "the output could not be written");
    return code;
}

int ctl_fail_error(const struct error *error)
{
    return ctl_fail(error->code == ERROR_INVALID ? CTL_USAGE : CTL_UNKNOWN, "%s", error->message);
}

struct engine_scope ctl_scope(const struct ctl_options *options)
{
    return (struct engine_scope){.schemas = options->schemas.items, .schema_count = options->schemas.count};
}

bool ctl_is_url(const char *text)
{
    const char *colon = strstr(text, "://");
    char scheme[16] = "";
    if (!colon || (size_t)(colon - text) >= sizeof scheme)
        return false;
    memcpy(scheme, text, (size_t)(colon - text));
    return engine_for_scheme(scheme) != NULL;
}

int ctl_open_url(const char *url, enum engine_purpose purpose, struct deadline deadline,
                 struct engine_connection **ret_connection, struct server_facts *ret_server, struct error *reterr)
{
    cleanup(engine_target) struct engine_target *target = NULL;
    if (engine_target_parse(url, &target, reterr) < 0)
        return -1;
    return target->ops->open(target, purpose, deadline, ret_connection, ret_server, reterr);
}

int ctl_read_schema(const char *url, const struct engine_scope *scope, struct deadline deadline,
                    struct schema **ret_schema, struct server_facts *ret_server, struct error *reterr)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (ctl_open_url(url, PURPOSE_DEEP, deadline, &connection, ret_server, reterr) < 0)
        return -1;
    return engine_read(connection, scope, deadline, ret_schema, reterr);
}

int ctl_read_journals(const char *url, struct deadline deadline, struct schema *schema, struct server_facts *server,
                      struct snapshot **ret_snapshot, struct error *reterr)
{
    cleanup(snapshot) struct snapshot *before = NULL;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    int64_t now_ms = ctl_now_ms();
    if (snapshot_with_schema(NULL, schema, NULL, server, now_ms, &before, reterr) < 0 ||
        ctl_open_url(url, PURPOSE_JOURNAL, deadline, &connection, server, reterr) < 0)
        return -1;
    struct engine_scope scope = {0};
    struct journal_look look = {.previous = before, .scope = &scope, .now_ms = now_ms};
    bool schema_due = false;
    return journal_look(connection, &look, server, deadline, ret_snapshot, &schema_due, reterr);
}

static int read_url(const char *text, const struct ctl_options *options, struct deadline deadline,
                    struct ctl_side *side, struct error *reterr)
{
    struct server_facts server = {0};
    struct engine_scope scope = ctl_scope(options);
    side->kind = "url";
    side->shown = engine_url_redact(text);
    if (!side->shown)
        return error_no_memory(reterr);
    side->taken_at_ms = ctl_now_ms();
    return ctl_read_schema(text, &scope, deadline, &side->schema, &server, reterr);
}

static int copy_heads(const struct finding_list *heads, struct arena *arena, struct schema_journal *journal)
{
    const char **copies = arena_array(arena, heads->count + 1, sizeof *copies);
    if (!copies)
        return -1;
    for (size_t i = 0; i < heads->count; i++) {
        copies[i] = arena_strdup(arena, heads->items[i].revision);
        if (!copies[i])
            return -1;
    }
    journal->heads = copies;
    journal->head_count = heads->count;
    return 0;
}

/* Where one journal stands; texts go to `arena`. */
static int describe_journal(const struct journal_reading *reading, struct arena *arena, struct schema_journal *journal)
{
    struct comparison comparison = {0};
    struct compare_request request = {.journal = reading->journal};
    const struct tool *tool = tool_find(reading->address.tool);
    bool has_schema = *reading->address.schema != '\0';
    if (!tool || tool_compare(tool, &request, arena, &comparison, NULL) < 0)
        return -1;
    journal->tool = tool->name;
    journal->table =
        arena_printf(arena, "%s%s%s", reading->address.schema, has_schema ? "." : "", reading->address.table);
    return journal->table ? copy_heads(&comparison.heads, arena, journal) : -1;
}

int ctl_read_revisions(const char *url, struct schema *schema, struct deadline deadline,
                       struct schema_journals *ret_journals, struct error *reterr)
{
    struct server_facts server = {0};
    cleanup(snapshot) struct snapshot *snapshot = NULL;
    *ret_journals = (struct schema_journals){0};
    if (ctl_read_journals(url, deadline, schema, &server, &snapshot, reterr) < 0)
        return -1;
    ret_journals->arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    struct schema_journal *journals =
        ret_journals->arena ? arena_array(ret_journals->arena, snapshot->reading_count + 1, sizeof *journals) : NULL;
    if (!journals)
        return error_no_memory(reterr);
    ret_journals->items = journals;
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        if (reading->journal && describe_journal(reading, ret_journals->arena, &journals[ret_journals->count++]) < 0)
            return error_no_memory(reterr);
    }
    return 0;
}

static volatile sig_atomic_t stop_signal;

static void note_stop(int number)
{
    stop_signal = number;
}

static const int stop_numbers[] = {SIGINT, SIGTERM, SIGHUP};

const volatile sig_atomic_t *ctl_stop_catch(struct ctl_stop *stop)
{
    const struct sigaction note = {.sa_handler = note_stop};
    for (size_t i = 0; i < ARRAY_LENGTH(stop_numbers); i++) {
        sigaction(stop_numbers[i], NULL, &stop->before[i]);
        if (stop->before[i].sa_handler != SIG_IGN) /* as under nohup */
            sigaction(stop_numbers[i], &note, NULL);
    }
    return &stop_signal;
}

void ctl_stop_release(struct ctl_stop *stop)
{
    for (size_t i = 0; i < ARRAY_LENGTH(stop_numbers); i++)
        sigaction(stop_numbers[i], &stop->before[i], NULL);
    if (stop_signal)
        raise(stop_signal);
}

static int load_unless_stopped(struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    struct ctl_stop stop = {0};
    request->stop = ctl_stop_catch(&stop);
    int status = reference_load(request, ret_reference, reterr);
    ctl_stop_release(&stop);
    return status;
}

static int read_source(enum reference_kind kind, const char *path, const struct ctl_side *live,
                       const struct ctl_options *options, struct deadline deadline, struct ctl_side *side,
                       struct error *reterr)
{
    cleanup(reference) struct reference reference = {0};
    cleanup(engine_target) struct engine_target *scratch = NULL;
    cleanup(schema_journals) struct schema_journals journals = {0};
    struct engine_scope scope = ctl_scope(options);
    side->kind = reference_kind_name(kind);
    side->shown = mem_strdup(path);
    if (!side->shown)
        return error_no_memory(reterr);
    if (options->scratch && engine_target_parse(options->scratch, &scratch, reterr) < 0)
        return -1;
    if (live && live->schema && ctl_is_url(live->text) &&
        ctl_read_revisions(live->text, live->schema, deadline, &journals, reterr) < 0)
        return -1;
    const struct schema_journal *applied = journals.count > 0 ? &journals.items[0] : NULL;
    struct reference_request request = {
        .kind = kind,
        .path = path,
        .live = live ? live->schema : NULL,
        .applied = applied ? applied->heads : NULL,
        .applied_count = applied ? applied->head_count : 0,
        .tool = applied ? applied->tool : NULL,
        .scratch = scratch,
        .scope = &scope,
        .deadline = deadline,
    };
    if (load_unless_stopped(&request, &reference, reterr) < 0)
        return -1;
    side->schema = take(reference.schema);
    side->ahead = reference.ahead;
    snprintf(side->revision, sizeof side->revision, "%s", reference.revision);
    snprintf(side->reason, sizeof side->reason, "%s", reference.ahead ? reference.reason : reference.remark);
    return 0;
}

int ctl_side_read_reference(const char *text, const struct ctl_side *live, const struct ctl_options *options,
                            struct deadline deadline, struct ctl_side *ret_side, struct error *reterr)
{
    enum reference_kind kind = REFERENCE_BASELINE;
    const char *path = NULL;
    *ret_side = (struct ctl_side){.text = text, .taken_at_ms = TIME_UNKNOWN};
    if (ctl_is_url(text))
        return read_url(text, options, deadline, ret_side, reterr);
    if (reference_parse(text, &kind, &path))
        return read_source(kind, path, live, options, deadline, ret_side, reterr);
    return error_set(reterr, ERROR_INVALID,
                     "'%s' is no URL, no baseline file, and none of baseline:FILE, drizzle:DIR, rails:FILE, sql:FILE",
                     text);
}

int ctl_side_read(const char *text, const struct ctl_options *options, struct deadline deadline,
                  struct ctl_side *ret_side, struct error *reterr)
{
    return ctl_side_read_reference(text, NULL, options, deadline, ret_side, reterr);
}

static bool set_policies(const struct ctl_options *options, struct arena *arena, struct drift_policy *policy,
                         struct error *error)
{
    for (size_t i = 0; i < options->policies.count; i++) {
        const char *equals = strchr(options->policies.items[i], '=');
        size_t length = equals ? (size_t)(equals - options->policies.items[i]) : 0;
        char *key = arena_strndup(arena, options->policies.items[i], length);
        if (!key)
            return error_no_memory(error) == 0;
        if (!equals)
            return error_set(error, ERROR_INVALID, "--policy takes NAME=VALUE, not '%s'", options->policies.items[i]) ==
                   0;
        if (drift_policy_set(policy, key, equals + 1, error) < 0)
            return error_prefix(error, "--policy") == 0;
    }
    return true;
}

bool ctl_policy(const struct ctl_options *options, struct arena *arena, struct drift_policy *ret_policy)
{
    struct error error = {.code = ERROR_OK};
    drift_policy_init(ret_policy);
    ret_policy->no_defaults = options->no_default_ignores;
    struct drift_ignore *ignores = arena_array(arena, options->ignores.count + 1, sizeof *ignores);
    if (!ignores) {
        ctl_fail(CTL_TROUBLE, "out of memory");
        return false;
    }
    bool good = set_policies(options, arena, ret_policy, &error);
    for (size_t i = 0; good && i < options->ignores.count; i++)
        good = drift_ignore_parse(options->ignores.items[i], arena, &ignores[i], &error) == 0 ||
               error_prefix(&error, "--ignore") == 0;
    if (!good)
        ctl_fail(CTL_USAGE, "%s", error.message);
    ret_policy->ignores = ignores;
    ret_policy->ignore_count = options->ignores.count;
    return good;
}
