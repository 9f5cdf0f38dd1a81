/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl checks of what the daemon follows: its JSON, read back into what the reports are made of, so that one
 * answer gives the table, its colours and the exit code.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/time_text.h"
#include "daemon/ctl_checks.h"

enum { PATH_BYTES = 4096 };

/* The checks of one database; texts are the document's. */
struct told {
    struct arena *arena;
    struct json_document *document;
    struct judged_check *checks;
    size_t count;
};

static void told_done(struct told *told)
{
    json_document_free(told->document);
    arena_free(told->arena);
}

DEFINE_CLEANUP_VALUE(told, struct told, told_done);

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

static int64_t time_of(const struct json_value *object, const char *key)
{
    int64_t unix_ms = TIME_UNKNOWN;
    return time_parse_rfc3339(text_of(object, key), &unix_ms) ? unix_ms : TIME_UNKNOWN;
}

/* -1 where the JSON has none. */
static int64_t milliseconds_of(const struct json_value *object, const char *key)
{
    double seconds = 0;
    return json_get_number(json_member(object, key), &seconds) ? (int64_t)(seconds * 1000) : -1;
}

static size_t size_of(const struct json_value *object, const char *key)
{
    int64_t integer = 0;
    return json_get_integer(json_member(object, key), &integer) && integer > 0 ? (size_t)integer : 0;
}

static bool flag_of(const struct json_value *object, const char *key)
{
    bool flag = false;
    return json_get_boolean(json_member(object, key), &flag) && flag;
}

/* A newer daemon may have codes that this program does not. */
static enum state_code code_of(const char *name)
{
    for (int code = 0; name && code < STATE_CODES; code++) {
        if (strcmp(state_code_name((enum state_code)code), name) == 0)
            return (enum state_code)code;
    }
    return CODE_CHECK_UNKNOWN;
}

/* Of a list of texts; an element that is none shows as "?". */
static const char *const *texts_of(const struct json_value *list, struct arena *arena, size_t *ret_count)
{
    size_t count = json_length(list);
    const char **texts = arena_array(arena, count + 1, sizeof *texts);
    for (size_t i = 0; texts && i < count; i++) {
        const char *text = json_text(json_element(list, i));
        texts[i] = text ? text : "?";
    }
    *ret_count = texts ? count : 0;
    return texts;
}

static bool read_rows(const struct json_value *json, struct arena *arena, struct check_result *result)
{
    const struct json_value *rows = json_member(json, "rows");
    size_t count = json_length(rows);
    result->columns = texts_of(json_member(json, "columns"), arena, &result->column_count);
    if (!result->columns)
        return false;
    const char **cells = arena_array(arena, count * result->column_count + 1, sizeof *cells);
    for (size_t i = 0; cells && i < count * result->column_count; i++)
        cells[i] = json_text(json_element(json_element(rows, i / result->column_count), i % result->column_count));
    result->cells = cells;
    result->row_count = cells ? count : 0;
    result->more_rows = flag_of(json, "more_rows");
    return cells != NULL;
}

static void read_backup(const struct json_value *json, struct check_backup *backup)
{
    *backup = (struct check_backup){.size = -1};
    if (!json)
        return;
    int64_t finished_at_ms = time_of(json, "finished_at");
    backup->file = text_of(json, "file");
    backup->finished_at_ms = finished_at_ms == TIME_UNKNOWN ? 0 : finished_at_ms;
    json_get_integer(json_member(json, "size_bytes"), &backup->size);
    backup->complete = flag_of(json, "complete");
}

/* What the reports show of a result; nothing was found where no run has ended. */
static bool read_result(const struct json_value *json, struct arena *arena, struct judged_check *check)
{
    const struct json_value *coverage = json_member(json, "coverage");
    struct check_result *result = arena_alloc(arena, sizeof *result);
    if (!result)
        return false;
    result->value = text_of(json, "value");
    result->items = texts_of(json_member(json, "items"), arena, &result->item_count);
    result->item_total = size_of(json, "items_count");
    result->coverage = (struct check_coverage){.tables = size_of(coverage, "tables"),
                                               .holding = size_of(coverage, "holding_rows"),
                                               .unread = size_of(coverage, "unread")};
    read_backup(json_member(json, "backup"), &result->backup);
    check->result = result;
    return result->items && read_rows(json, arena, result);
}

static void copy_text(char *place, size_t size, const char *text)
{
    snprintf(place, size, "%s", text ? text : "");
}

static bool read_check(const struct json_value *json, struct arena *arena, struct judged_check *check)
{
    const char *state = text_of(json, "state");
    const char *severity = text_of(json, "severity");
    *check = (struct judged_check){
        .database = text_of(json, "database"),
        .name = text_of(json, "check"),
        .address = text_of(json, "address"),
        .kind = text_of(json, "kind"),
        .expected = text_of(json, "expected"),
        .severity = severity ? check_severity_from_name(severity) : CHECK_SEVERITIES,
        .since_ms = time_of(json, "since"),
        .checked_at_ms = time_of(json, "checked_at"),
        .age_ms = milliseconds_of(json, "age_seconds"),
        .took_ms = milliseconds_of(json, "took_seconds"),
        .every_ms = milliseconds_of(json, "every_seconds"),
    };
    check->verdict.state = state ? check_state_from_name(state) : CHECK_STATES;
    check->verdict.code = code_of(text_of(json, "code"));
    copy_text(check->verdict.reason, sizeof check->verdict.reason, text_of(json, "reason"));
    copy_text(check->verdict.next, sizeof check->verdict.next, text_of(json, "next"));
    return check->name && check->verdict.state < CHECK_STATES && check->severity < CHECK_SEVERITIES &&
           read_result(json, arena, check);
}

/* What cannot be read as checks is no answer. */
static bool read_checks(const struct ctl_answer *answer, struct told *told)
{
    told->document = ctl_parse(answer);
    if (!told->document)
        return false;
    const struct json_value *checks = json_member(json_root(told->document), "checks");
    size_t count = json_length(checks);
    told->arena = arena_new(LIMIT_RESPONSE_BYTES);
    told->checks = told->arena ? arena_array(told->arena, count + 1, sizeof *told->checks) : NULL;
    bool good = told->checks && json_is_array(checks);
    for (size_t i = 0; good && i < count; i++)
        good = read_check(json_element(checks, i), told->arena, &told->checks[i]);
    told->count = good ? count : 0;
    if (!good)
        ctl_fail(CTL_TROUBLE, "the daemon's answer is not understood, or memory is out");
    return good;
}

static bool request_of(const struct ctl_options *options, const char *database, const char *what,
                       struct ctl_answer *answer)
{
    cleanup(strbuf) struct strbuf path = STRBUF(PATH_BYTES);
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, database);
    strbuf_add_string(&path, what);
    if (!strbuf_ok(&path)) {
        ctl_fail(CTL_TROUBLE, "the name is too long");
        return false;
    }
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, answer);
    if (answer->status == 200)
        return true;
    ctl_print_problem(answer);
    return false;
}

/* "postgres 15.18", which a file in a folder tells; "" where it is not known. */
static void ask_server(const struct ctl_options *options, const char *database, char *server, size_t size)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    if (options->output != CTL_MARKDOWN || !request_of(options, database, "", &answer))
        return;
    cleanup(json_document) struct json_document *document = ctl_parse(&answer);
    const struct json_value *root = document ? json_root(document) : NULL;
    const char *version = text_of(json_member(root, "server"), "version");
    if (version)
        snprintf(server, size, "%s %s", text_of(root, "engine"), version);
}

/* `ret_shown`: it has checks. */
static int show(const struct ctl_options *options, const char *database, bool further, bool *ret_shown)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    cleanup(told) struct told told = {.arena = NULL};
    char server[128] = "";
    if (!request_of(options, database, "/checks", &answer) || !read_checks(&answer, &told)) {
        *ret_shown = true;
        return CTL_TROUBLE;
    }
    *ret_shown = told.count > 0;
    if (told.count == 0)
        return CTL_OK;
    ask_server(options, database, server, sizeof server);
    const struct ctl_checked checked = {
        .database = database,
        .server = *server ? server : NULL,
        .checks = told.checks,
        .count = told.count,
        .further = further,
    };
    return ctl_checks_print(options, &checked);
}

static int show_all(const struct ctl_options *options)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    bool further = false;
    int code = CTL_OK;
    ctl_request(options, "GET", "/v1/databases", options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return CTL_TROUBLE;
    }
    cleanup(json_document) struct json_document *document = ctl_parse(&answer);
    const struct json_value *databases = document ? json_member(json_root(document), "databases") : NULL;
    if (!databases)
        return CTL_TROUBLE;
    for (size_t i = 0; i < json_length(databases); i++) {
        const char *name = text_of(json_element(databases, i), "database");
        bool shown = false;
        code = ctl_checks_worse(code, name ? show(options, name, further, &shown) : CTL_TROUBLE);
        further |= shown;
    }
    return further ? code : ctl_fail(CTL_TROUBLE, "no database of the daemon has checks");
}

int ctl_checks_of_daemon(const struct ctl_options *options)
{
    bool shown = false;
    if (options->argument_count == 0)
        return show_all(options);
    int code = show(options, options->arguments[0], false, &shown);
    return shown ? code : ctl_fail(CTL_TROUBLE, "'%s' has no checks", options->arguments[0]);
}
