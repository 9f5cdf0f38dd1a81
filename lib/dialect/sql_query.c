/* SPDX-License-Identifier: Apache-2.0
 *
 * A guard against mistakes, not against whoever writes the configuration: it tells in plain words, and before a server
 * is bothered, what no read-only transaction would keep from being done.
 */
#include "dialect/sql_query.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "dialect/sql_scan.h"
#include "dialect/sqlite_token.h"

enum { POSTGRES = 1, MYSQL = 2, SQLITE = 4 };

/* A name that ends in '*' stands for all that begin so. */
static const struct {
    const char *name;
    unsigned engines;
    const char *reason;
} functions[] = {
    {"pg_advisory_*", POSTGRES, "takes or releases a lock"},
    {"pg_try_advisory_*", POSTGRES, "takes a lock"},
    {"pg_sleep*", POSTGRES, "waits"},
    {"pg_terminate_backend", POSTGRES, "ends other sessions"},
    {"pg_cancel_backend", POSTGRES, "ends other sessions' queries"},
    {"pg_notify", POSTGRES, "signals other sessions"},
    {"pg_reload_conf", POSTGRES, "changes the server's state"},
    {"pg_rotate_logfile", POSTGRES, "changes the server's state"},
    {"pg_promote", POSTGRES, "changes the server's state"},
    {"pg_wal_replay_pause", POSTGRES, "changes the server's state"},
    {"pg_wal_replay_resume", POSTGRES, "changes the server's state"},
    {"pg_switch_wal", POSTGRES, "changes the server's state"},
    {"pg_create_*", POSTGRES, "changes the server's state"},
    {"pg_copy_*_slot", POSTGRES, "changes the server's state"},
    {"pg_drop_replication_slot", POSTGRES, "changes the server's state"},
    {"pg_replication_slot_advance", POSTGRES, "changes the server's state"},
    {"pg_replication_origin_*", POSTGRES, "changes the server's state"},
    {"pg_logical_*", POSTGRES, "changes the server's state"},
    {"pg_backup_st*", POSTGRES, "changes the server's state"},
    {"pg_start_backup", POSTGRES, "changes the server's state"},
    {"pg_stop_backup", POSTGRES, "changes the server's state"},
    {"pg_stat_reset*", POSTGRES, "changes the server's state"},
    {"pg_stat_statements_reset", POSTGRES, "changes the server's state"},
    {"pg_log_backend_memory_contexts", POSTGRES, "signals other sessions"},
    {"pg_export_snapshot", POSTGRES, "changes the server's state"},
    {"pg_prewarm", POSTGRES, "fills the server's memory"},
    {"pg_read_*", POSTGRES, "reaches out of the database"},
    {"pg_ls_dir", POSTGRES, "reaches out of the database"},
    {"pg_stat_file", POSTGRES, "reaches out of the database"},
    {"pg_file_*", POSTGRES, "reaches out of the database"},
    {"dblink*", POSTGRES, "reaches out of the database"},
    {"lo_*", POSTGRES, "reads or writes large objects"},
    {"set_config", POSTGRES, "changes settings"},
    {"query_to_xml*", POSTGRES, "runs a text as SQL"},
    {"nextval", POSTGRES | MYSQL, "writes"},
    {"setval", POSTGRES | MYSQL, "writes"},
    {"get_lock", MYSQL, "takes a lock"},
    {"release_lock", MYSQL, "releases a lock"},
    {"release_all_locks", MYSQL, "releases locks"},
    {"service_get_*", MYSQL, "takes a lock"},
    {"sleep", MYSQL, "waits"},
    {"benchmark", MYSQL, "does nothing but take time"},
    {"master_pos_wait", MYSQL, "waits"},
    {"source_pos_wait", MYSQL, "waits"},
    {"master_gtid_wait", MYSQL, "waits"},
    {"wait_for_executed_gtid_set", MYSQL, "waits"},
    {"wait_until_sql_thread_after_gtids", MYSQL, "waits"},
    {"load_file", MYSQL, "reaches out of the database"},
    {"sys_exec", MYSQL, "reaches out of the database"},
    {"sys_eval", MYSQL, "reaches out of the database"},
    {"group_replication_*", MYSQL, "changes the server's state"},
    {"asynchronous_connection_failover_*", MYSQL, "changes the server's state"},
    {"load_extension", SQLITE, "loads a program"},
    {"fts3_tokenizer", SQLITE, "loads a program"},
    {"readfile", SQLITE, "reaches out of the database"},
    {"writefile", SQLITE, "reaches out of the database"},
    {"fsdir", SQLITE, "reaches out of the database"},
    {"edit", SQLITE, "runs a program"},
};

/* Consecutive words that no question has. */
static const struct {
    const char *words[3];
    const char *reason;
} clauses[] = {
    {{"INTO"}, "writes what it finds"},      {{"FOR", "UPDATE"}, "locks rows"},
    {{"FOR", "SHARE"}, "locks rows"},        {{"FOR", "NO", "KEY"}, "locks rows"},
    {{"FOR", "KEY", "SHARE"}, "locks rows"}, {{"LOCK", "IN", "SHARE"}, "locks rows"},
    {{"NEXT", "VALUE", "FOR"}, "writes"},
};

static const char *const writers[] = {"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"};

static const char *const beginnings[] = {"SELECT", "WITH", "VALUES", "TABLE"};

/* Optimizer hints that undo the session's own settings. */
static const char *const hints[] = {"MAX_EXECUTION_TIME", "SET_VAR"};

/* The text being read, three tokens ahead. */
enum { AHEAD = 3 };

struct reading {
    unsigned engine;
    struct scan scan;           /* its `next` and `line` serve SQLite, too */
    const char *gap;            /* end of the newest token */
    struct scan_token previous; /* before `tokens` */
    struct scan_token tokens[AHEAD];
    const char *hint; /* one of `hints` that stood in a comment */
    bool executable;  /* so did what MySQL runs */
};

static enum scan_kind kind_of(const struct sqlite_token *token)
{
    static const enum scan_kind kinds[] = {
        [TOKEN_END] = SCAN_END,       [TOKEN_WORD] = SCAN_WORD,      [TOKEN_QUOTED] = SCAN_QUOTED,
        [TOKEN_STRING] = SCAN_STRING, [TOKEN_LITERAL] = SCAN_NUMBER, [TOKEN_OPERATOR] = SCAN_SIGN,
        [TOKEN_BAD] = SCAN_OPEN,
    };
    return kinds[token->kind];
}

static struct scan_token sqlite_next(struct scan *scan)
{
    struct sqlite_lexer lexer = {.next = scan->next, .end = scan->end};
    struct sqlite_token token = sqlite_lexer_next(&lexer);
    scan_advance(scan, (size_t)(token.text - scan->next));
    unsigned line = scan->line;
    scan_advance(scan, (size_t)(lexer.next - scan->next));
    return (struct scan_token){.kind = kind_of(&token), .text = token.text, .length = token.length, .line = line};
}

/* To PostgreSQL, what breaks a script apart is a comment like any other. */
static struct scan_token postgres_next(struct scan *scan)
{
    const size_t length = strlen(SCRIPT_BREAKPOINT);
    for (;;) {
        struct scan_token open = {.kind = SCAN_OPEN, .text = scan->next, .line = scan->line};
        if (!scan_blanks(scan))
            return open;
        if ((size_t)(scan->end - scan->next) < length || memcmp(scan->next, SCRIPT_BREAKPOINT, length) != 0)
            return scan_next(scan);
        const char *newline = memchr(scan->next, '\n', (size_t)(scan->end - scan->next));
        scan_advance(scan, (size_t)((newline ? newline : scan->end) - scan->next));
    }
}

/* Whether the word stands in it, in any case. */
static bool holds_word(const char *text, size_t length, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= length; i++)
        if (strncasecmp(text + i, word, size) == 0)
            return true;
    return false;
}

static void look_for_hints(struct reading *reading, const char *end)
{
    size_t length = (size_t)(end - reading->gap);
    for (size_t i = 0; i < ARRAY_LENGTH(hints) && reading->engine == MYSQL; i++)
        if (holds_word(reading->gap, length, hints[i]))
            reading->hint = hints[i];
}

static void step(struct reading *reading)
{
    reading->previous = reading->tokens[0];
    memmove(reading->tokens, reading->tokens + 1, (AHEAD - 1) * sizeof reading->tokens[0]);
    struct scan_token token = reading->engine == SQLITE     ? sqlite_next(&reading->scan)
                              : reading->engine == POSTGRES ? postgres_next(&reading->scan)
                                                            : scan_next(&reading->scan);
    look_for_hints(reading, token.text);
    reading->executable = reading->executable || reading->scan.conditional;
    reading->gap = token.text + token.length;
    reading->tokens[AHEAD - 1] = token;
}

static bool is_sign(const struct scan_token *token, char sign)
{
    return token->kind == SCAN_SIGN && token->length == 1 && *token->text == sign;
}

static bool is_name(const struct scan_token *token)
{
    return token->kind == SCAN_WORD || token->kind == SCAN_QUOTED;
}

static int refuse(const struct scan_token *token, const char *what, const char *reason, struct error *reterr)
{
    return error_set(reterr, ERROR_INVALID, "line %u: %s %s: a check is one SELECT that only reads", token->line, what,
                     reason);
}

static bool matches(const char *pattern, const char *name, size_t length)
{
    const char *star = strchr(pattern, '*');
    size_t head = star ? (size_t)(star - pattern) : strlen(pattern);
    size_t tail = star ? strlen(star + 1) : 0;
    if (length < head + tail || (!star && length != head))
        return false;
    return strncasecmp(pattern, name, head) == 0 && (!star || strncasecmp(star + 1, name + length - tail, tail) == 0);
}

/* A call of a function that does more than read. MySQL's own functions are never qualified. */
static int check_call(const struct reading *reading, struct error *reterr)
{
    const struct scan_token *token = &reading->tokens[0];
    if (!is_name(token) || !is_sign(&reading->tokens[1], '('))
        return 0;
    if (reading->engine == MYSQL && (token->kind == SCAN_QUOTED || is_sign(&reading->previous, '.')))
        return 0;
    bool quoted = token->kind == SCAN_QUOTED && token->length >= 2;
    const char *name = token->text + quoted;
    size_t length = token->length - (quoted ? 2 : 0);
    for (size_t i = 0; i < ARRAY_LENGTH(functions); i++) {
        if (!(functions[i].engines & reading->engine) || !matches(functions[i].name, name, length))
            continue;
        char what[80] = "";
        snprintf(what, sizeof what, "%.*s()", (int)(length < 70 ? length : 70), name);
        return refuse(token, what, functions[i].reason, reterr);
    }
    return 0;
}

static int check_clause(const struct reading *reading, struct error *reterr)
{
    for (size_t i = 0; i < ARRAY_LENGTH(clauses); i++) {
        char what[40] = "";
        size_t count = 0;
        while (count < AHEAD && clauses[i].words[count] &&
               scan_token_is(&reading->tokens[count], clauses[i].words[count])) {
            size_t used = strlen(what);
            snprintf(what + used, sizeof what - used, "%s%s", count > 0 ? " " : "", clauses[i].words[count]);
            count++;
        }
        if (count == AHEAD || !clauses[i].words[count])
            return refuse(&reading->tokens[0], what, clauses[i].reason, reterr);
    }
    return 0;
}

/* What writes begins behind a parenthesis: of WITH, or of its end. As a function's or column's name it is harmless. */
static int check_writer(const struct reading *reading, struct error *reterr)
{
    if (!is_sign(&reading->previous, '(') && !is_sign(&reading->previous, ')'))
        return 0;
    if (!is_name(&reading->tokens[1]))
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(writers); i++)
        if (scan_token_is(&reading->tokens[0], writers[i]))
            return refuse(&reading->tokens[0], writers[i], "writes", reterr);
    return 0;
}

static int check_beginning(const struct scan_token *token, const char *which, struct error *reterr)
{
    if (token->kind == SCAN_END)
        return error_set(reterr, ERROR_INVALID, "there is no statement: a check is one SELECT");
    for (size_t i = 0; i < ARRAY_LENGTH(beginnings) && !*which; i++)
        if (scan_token_is(token, beginnings[i]))
            return 0;
    char word[32] = "";
    size_t length = token->length < sizeof word - 1 ? token->length : sizeof word - 1;
    if (token->kind == SCAN_WORD)
        for (size_t i = 0; i < length; i++)
            word[i] =
                (char)(token->text[i] >= 'a' && token->text[i] <= 'z' ? token->text[i] - 'a' + 'A' : token->text[i]);
    return error_set(reterr, ERROR_INVALID, "line %u: this is %s%s%s%s: a check is one SELECT", token->line,
                     *which  ? which
                     : *word ? ""
                             : "no query",
                     *which && *word ? " (" : "", word, *which && *word ? ")" : "");
}

/* What may not stand at the newest token, whatever its place. */
static int check_token(const struct reading *reading, unsigned depth, struct error *reterr)
{
    const struct scan_token *token = &reading->tokens[0];
    if (token->kind == SCAN_OPEN)
        return error_set(reterr, ERROR_INVALID, "line %u: a quote or comment begins that does not end", token->line);
    if (is_sign(token, ')') && depth == 0)
        return error_set(reterr, ERROR_INVALID, "line %u: a parenthesis ends that did not begin", token->line);
    if (reading->executable)
        return refuse(token, "a comment", "holds what MySQL runs", reterr);
    if (reading->hint)
        return refuse(token, reading->hint, "changes settings", reterr);
    if (check_call(reading, reterr) < 0 || check_clause(reading, reterr) < 0)
        return -1;
    return check_writer(reading, reterr);
}

static int check_all(struct reading *reading, size_t *ret_length, struct error *reterr)
{
    const char *text = reading->scan.next;
    unsigned depth = 0;
    bool begun = false;
    for (size_t i = 0; i < AHEAD; i++)
        step(reading);
    for (; reading->tokens[0].kind != SCAN_END && !is_sign(&reading->tokens[0], ';'); step(reading)) {
        const struct scan_token *token = &reading->tokens[0];
        if (check_token(reading, depth, reterr) < 0)
            return -1;
        depth += is_sign(token, '(') ? 1 : 0;
        depth -= is_sign(token, ')') ? 1 : 0;
        if (!begun && !is_sign(token, '(') && check_beginning(token, "", reterr) < 0)
            return -1;
        begun = begun || !is_sign(token, '(');
    }
    if (!begun)
        return check_beginning(&(struct scan_token){.kind = SCAN_END}, "", reterr);
    if (depth > 0)
        return error_set(reterr, ERROR_INVALID, "line %u: a parenthesis does not end", reading->tokens[0].line);
    *ret_length = (size_t)(reading->previous.text + reading->previous.length - text);
    while (is_sign(&reading->tokens[0], ';'))
        step(reading);
    if (reading->tokens[0].kind != SCAN_END)
        return check_beginning(&reading->tokens[0], "a second statement", reterr);
    return 0;
}

static unsigned engine_of(const char *name)
{
    static const struct {
        const char *name;
        unsigned engine;
    } names[] = {{"postgres", POSTGRES}, {"mysql", MYSQL}, {"mariadb", MYSQL}, {"sqlite", SQLITE}};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].name, name) == 0)
            return names[i].engine;
    return 0;
}

static struct reading reading_of(const char *engine, const char *sql, size_t length)
{
    unsigned number = engine_of(engine);
    return (struct reading){
        .engine = number,
        .scan = {.next = sql, .end = sql + length, .line = 1, .mysql = number == MYSQL},
        .gap = sql,
    };
}

int sql_query_check(const char *engine, const char *sql, size_t *ret_length, struct error *reterr)
{
    struct reading reading = reading_of(engine, sql, strlen(sql));
    *ret_length = 0;
    if (reading.engine == 0)
        return error_set(reterr, ERROR_INTERNAL, "no engine is called %s", engine);
    return check_all(&reading, ret_length, reterr);
}

bool sql_query_is_limited(const char *engine, const char *sql, size_t length)
{
    struct reading reading = reading_of(engine, sql, length);
    unsigned depth = 0;
    for (size_t i = 0; i < AHEAD; i++)
        step(&reading);
    for (; reading.tokens[0].kind != SCAN_END && reading.tokens[0].kind != SCAN_OPEN; step(&reading)) {
        const struct scan_token *token = &reading.tokens[0];
        bool limits = scan_token_is(token, "LIMIT") || scan_token_is(token, "FETCH") || scan_token_is(token, "OFFSET");
        if (limits && depth == 0)
            return true;
        depth += is_sign(token, '(') ? 1 : 0;
        depth -= is_sign(token, ')') && depth > 0 ? 1 : 0;
    }
    return false;
}
