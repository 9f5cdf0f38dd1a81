/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "dialect/dialects.h"

/* A sentence and an action: what a verdict has room for. */
enum { REASON_BYTES = 512, NEXT_BYTES = 320 };

/* Whoever held a lock for a moment must not leave the check unknown until its next turn. */
enum { LOCKED_AGAIN_MS = 60 * 1000 };

#define WITHHELD "(withheld: sensitive)"

void check_describe(const struct check *check, struct strbuf *out)
{
    check->kind->describe(check, out);
}

void check_memory_free(struct check_memory *memory)
{
    if (memory)
        memory->free(memory);
}

/* Errors after which a connection may only be closed, or better is. */
static bool is_lost(enum error_code code)
{
    return code == ERROR_TIMEOUT || code == ERROR_UNREACHABLE || code == ERROR_TRUNCATED;
}

/* One printable line in the result's arena, cut to `size`. */
__attribute__((format(printf, 3, 0))) static int set_line(struct check_result *result, const char **ret_line,
                                                          const char *format, size_t size, va_list arguments,
                                                          struct error *reterr)
{
    char line[CHECK_ITEM_BYTES] = "";
    vsnprintf(line, size < sizeof line ? size : sizeof line, format, arguments);
    utf8_make_line(line, size < sizeof line ? size : sizeof line);
    *ret_line = arena_strdup(result->arena, line);
    return *ret_line ? 0 : error_no_memory(reterr);
}

__attribute__((format(printf, 5, 6))) static int put_line(struct check_result *result, const char **ret_line,
                                                          size_t size, struct error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = set_line(result, ret_line, format, size, arguments, reterr);
    va_end(arguments);
    return status;
}

/* What a run has come to; `next` NULL: nothing is to do. */
__attribute__((format(printf, 5, 0))) static int conclude(struct check_run *run, enum check_state state,
                                                          enum error_code code, const char *next, const char *format,
                                                          va_list arguments, struct error *reterr)
{
    struct check_result *result = run->result;
    result->state = state;
    result->error = code;
    if (set_line(result, &result->reason, format, REASON_BYTES, arguments, reterr) < 0)
        return -1;
    return next ? put_line(result, &result->next, NEXT_BYTES, reterr, "%s", next) : 0;
}

int check_pass(struct check_run *run, struct error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = conclude(run, CHECK_PASSED, ERROR_OK, NULL, format, arguments, reterr);
    va_end(arguments);
    return status;
}

int check_refuse(struct check_run *run, const char *next, struct error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = conclude(run, CHECK_FAILED, ERROR_OK, next, format, arguments, reterr);
    va_end(arguments);
    return status;
}

int check_cannot_tell(struct check_run *run, enum error_code code, const char *next, struct error *reterr,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = conclude(run, CHECK_UNKNOWN, code, next, format, arguments, reterr);
    va_end(arguments);
    return status;
}

int check_set_value(struct check_run *run, struct error *reterr, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int status = set_line(run->result, &run->result->value, format, CHECK_ITEM_BYTES, arguments, reterr);
    va_end(arguments);
    return status;
}

int check_add_item(struct check_run *run, struct check_items *items, struct error *reterr, const char *format, ...)
{
    items->total++;
    if (items->count == CHECK_ITEMS_SHOWN)
        return 0;
    va_list arguments;
    va_start(arguments, format);
    int status = set_line(run->result, &items->items[items->count], format, CHECK_ITEM_BYTES, arguments, reterr);
    va_end(arguments);
    if (status == 0)
        items->count++;
    return status;
}

int check_set_items(struct check_run *run, const struct check_items *items, struct error *reterr)
{
    const char **shown = arena_array(run->result->arena, items->count, sizeof *shown);
    if (!shown)
        return error_no_memory(reterr);
    for (size_t i = 0; i < items->count; i++)
        shown[i] = items->items[i];
    run->result->items = shown;
    run->result->item_count = items->count;
    run->result->item_total = items->total;
    return 0;
}

int check_query(struct check_run *run, const struct query_request *request, const struct query_sink *sink,
                bool *ret_more, struct error *reterr)
{
    struct engine_connection *connection = run->world->connection;
    struct error error = {0};
    if (connection->ops->query(connection, request, run->world->deadline, sink, ret_more, &error) == 0) {
        run->result->lost = run->result->lost || *ret_more; /* much more may have used it up */
        return 0;
    }
    if (is_lost(error.code))
        run->result->lost = true;
    if (reterr)
        *reterr = error;
    return -1;
}

int check_ask(struct check_run *run, const char *sql, size_t row_limit, const struct row_sink *sink, bool *ret_more,
              struct error *reterr)
{
    const struct query_request request = {
        .sql = sql, .row_limit = row_limit, .cell_bytes = CHECK_CELL_BYTES, .own = true};
    const struct query_sink rows = {.row = sink->row, .payload = sink->payload};
    return check_query(run, &request, &rows, ret_more, reterr);
}

/* Empties all that a run put there but what holds the result together: a half-made answer shows nothing of itself. */
static void forget(struct check_result *result)
{
    *result = (struct check_result){.references = result->references,
                                    .arena = result->arena,
                                    .state = result->state,
                                    .error = result->error,
                                    .again_in_ms = result->again_in_ms,
                                    .lost = result->lost,
                                    .reason = "",
                                    .next = "",
                                    .backup = {.size = -1}};
}

/* The one place where a sensitive check loses what must not be shown; every result passes through it, whatever its
 * kind put where. What is left is made of our own words. */
static int withhold(struct check_result *result, struct error *reterr)
{
    bool found = result->value != NULL;
    forget(result);
    if (found)
        result->value = WITHHELD;
    if (result->state == CHECK_PASSED) {
        result->reason = "what was found is as expected " WITHHELD;
        return 0;
    }
    result->next = "ask the database by hand: the check is sensitive, and its answer is not shown";
    if (result->state == CHECK_FAILED) {
        result->reason = "what was found is not as expected " WITHHELD;
        return 0;
    }
    return put_line(result, &result->reason, REASON_BYTES, reterr, "it could not be told: %s " WITHHELD,
                    error_code_name(result->error));
}

/* What helps where a question could not be asked. */
static const char *next_of(enum error_code code)
{
    switch (code) {
    case ERROR_FORBIDDEN:
        return "grant the role SELECT on what the check reads";
    case ERROR_TIMEOUT:
        return "give the check a longer timeout, or let it ask for less";
    case ERROR_TRUNCATED:
        return "let the check ask for less";
    case ERROR_LOCKED:
        return "wait: somebody holds what the check reads locked";
    case ERROR_NOT_FOUND:
        return "apply the migration that makes it, or mend the check in the configuration";
    case ERROR_INVALID:
        return "mend the check in the configuration";
    default:
        return "";
    }
}

static int tell_error(struct check_result *result, const struct error *error, struct error *reterr)
{
    forget(result);
    result->state = CHECK_UNKNOWN;
    result->error = error->code;
    result->next = next_of(error->code);
    return put_line(result, &result->reason, REASON_BYTES, reterr, "%s", error->message);
}

struct check_result *check_unasked(const struct check *check, const struct error *error)
{
    cleanup(check_result) struct check_result *result = check_result_new();
    if (!result || tell_error(result, error, NULL) < 0)
        return NULL;
    if (check->sensitive && withhold(result, NULL) < 0)
        return NULL;
    return take(result);
}

int check_run(const struct check *check, const struct check_world *world, struct check_memory **memory,
              struct check_result **ret_result, struct error *reterr)
{
    cleanup(check_result) struct check_result *result = check_result_new();
    if (!result)
        return error_no_memory(reterr);
    struct check_run run = {.check = check, .world = world, .memory = memory, .result = result};
    if (world->connection)
        run.dialect = dialect_for(world->server->engine);
    struct error error = {0};
    if (check->kind->run(&run, &error) < 0) {
        if (error.code == ERROR_NO_MEMORY)
            return error_no_memory(reterr);
        if (tell_error(result, &error, reterr) < 0)
            return -1;
    }
    if (world->connection && is_lost(result->error))
        result->lost = true;
    if (result->error == ERROR_LOCKED && result->again_in_ms == 0)
        result->again_in_ms = LOCKED_AGAIN_MS;
    if (check->sensitive && withhold(result, reterr) < 0)
        return -1;
    *ret_result = take(result);
    return 0;
}
