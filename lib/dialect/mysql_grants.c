/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_grants.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "dialect/mysql_lexer.h"

/* What privileges let a role do here. */
enum {
    MAY_LIST = 1 << 0, /* any privilege on a table lists it */
    MAY_SELECT = 1 << 1,
    MAY_SEE_TRIGGERS = 1 << 2,
    MAY_SEE_EVENTS = 1 << 3,
    MAY_SEE_ROUTINES = 1 << 4, /* that there are any; their bodies are another matter */
    MAY_ALL = MAY_LIST | MAY_SELECT | MAY_SEE_TRIGGERS | MAY_SEE_EVENTS | MAY_SEE_ROUTINES,
};

static const struct {
    const char *words; /* joined by blanks */
    unsigned rights;
} privileges[] = {
    {"ALL PRIVILEGES", MAY_ALL},
    {"ALL", MAY_ALL},
    {"SELECT", MAY_LIST | MAY_SELECT},
    {"SHOW VIEW", MAY_LIST},
    {"INSERT", MAY_LIST},
    {"UPDATE", MAY_LIST},
    {"DELETE", MAY_LIST},
    {"CREATE", MAY_LIST},
    {"DROP", MAY_LIST},
    {"REFERENCES", MAY_LIST},
    {"INDEX", MAY_LIST},
    {"ALTER", MAY_LIST},
    {"CREATE VIEW", MAY_LIST},
    {"TRIGGER", MAY_LIST | MAY_SEE_TRIGGERS},
    {"DELETE HISTORY", MAY_LIST},
    {"EVENT", MAY_SEE_EVENTS},
    {"EXECUTE", MAY_SEE_ROUTINES},
    {"ALTER ROUTINE", MAY_SEE_ROUTINES},
    {"CREATE ROUTINE", MAY_SEE_ROUTINES},
    {"SHOW CREATE ROUTINE", MAY_SEE_ROUTINES},
    {"SHOW_ROUTINE", MAY_SEE_ROUTINES},
};

struct table_rights {
    char *table;
    unsigned rights;
};

struct pattern_rights {
    char *pattern;
    unsigned rights;
};

struct mysql_grants {
    char *database;
    unsigned global;
    unsigned revoked; /* taken away from the global ones for this database */
    bool partial_revokes;
    bool reads_proc;                 /* MariaDB's mysql.proc, which holds all routines */
    struct pattern_rights *patterns; /* those that match the database */
    size_t pattern_count;
    size_t pattern_capacity;
    struct table_rights *tables;
    size_t table_count;
    size_t table_capacity;
};

struct mysql_grants *mysql_grants_new(const char *database)
{
    cleanup(mysql_grants) struct mysql_grants *grants = mem_calloc(1, sizeof(*grants));
    if (!grants)
        return NULL;
    grants->database = mem_strdup(database);
    return grants->database ? take(grants) : NULL;
}

void mysql_grants_free(struct mysql_grants *grants)
{
    if (!grants)
        return;
    for (size_t i = 0; i < grants->pattern_count; i++)
        mem_free(grants->patterns[i].pattern);
    for (size_t i = 0; i < grants->table_count; i++)
        mem_free(grants->tables[i].table);
    mem_free(grants->patterns);
    mem_free(grants->tables);
    mem_free(grants->database);
    mem_free(grants);
}

/* The server's LIKE: `%` any run, `_` one byte, a backslash makes the next one plain. Linear, with one point to go back
 * to. */
static bool like_match(const char *pattern, const char *text)
{
    const char *retry_pattern = NULL;
    const char *retry_text = NULL;
    for (;;) {
        if (*pattern == '%') {
            retry_pattern = ++pattern;
            retry_text = text;
            continue;
        }
        bool escaped = *pattern == '\\' && pattern[1] != '\0';
        char wanted = escaped ? pattern[1] : *pattern;
        if (*text == '\0' && wanted == '\0')
            return true;
        if (*text != '\0' && wanted != '\0' && ((!escaped && wanted == '_') || wanted == *text)) {
            pattern += escaped ? 2 : 1;
            text++;
            continue;
        }
        if (!retry_pattern || *retry_text == '\0')
            return false;
        pattern = retry_pattern;
        text = ++retry_text;
    }
}

static bool covers(const struct mysql_grants *grants, const char *pattern)
{
    return strcmp(pattern, grants->database) == 0 || like_match(pattern, grants->database);
}

static bool add_pattern(struct mysql_grants *grants, const char *pattern, unsigned rights)
{
    for (size_t i = 0; i < grants->pattern_count; i++) {
        if (strcmp(grants->patterns[i].pattern, pattern) == 0) {
            grants->patterns[i].rights |= rights;
            return true;
        }
    }
    if (!mem_grow(&grants->patterns, &grants->pattern_capacity, grants->pattern_count, sizeof(*grants->patterns),
                  LIMIT_TABLES))
        return false;
    char *copy = mem_strdup(pattern);
    if (copy)
        grants->patterns[grants->pattern_count++] = (struct pattern_rights){.pattern = copy, .rights = rights};
    return copy != NULL;
}

static bool add_table(struct mysql_grants *grants, const char *table, unsigned rights)
{
    if (!mem_grow(&grants->tables, &grants->table_capacity, grants->table_count, sizeof(*grants->tables), LIMIT_TABLES))
        return false;
    char *copy = mem_strdup(table);
    if (copy)
        grants->tables[grants->table_count++] = (struct table_rights){.table = copy, .rights = rights};
    return copy != NULL;
}

/* One privilege, "SHOW VIEW" or "SELECT (`a`, `b`)", up to the comma or keyword behind it. A list of columns lets a
 * role see the table and counts as reading it: whether these columns do shows when it is read. */
static unsigned read_privilege(struct mysql_lexer *lexer, struct mysql_token *token)
{
    char words[64] = "";
    size_t length = 0;
    size_t depth = 0;
    for (; token->kind != MYSQL_TOKEN_END; *token = mysql_lexer_next(lexer)) {
        depth += mysql_token_is_symbol(token, '(');
        if (depth > 0) {
            depth -= mysql_token_is_symbol(token, ')');
            continue;
        }
        if (token->kind != MYSQL_TOKEN_WORD || mysql_token_is(token, "ON") || mysql_token_is(token, "TO"))
            break;
        if (length + token->length + 2 > sizeof(words))
            continue;
        if (length > 0)
            words[length++] = ' ';
        memcpy(words + length, token->text, token->length);
        length += token->length;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(privileges); i++) {
        if (strcasecmp(words, privileges[i].words) == 0)
            return privileges[i].rights;
    }
    return 0;
}

static unsigned read_privileges(struct mysql_lexer *lexer, struct mysql_token *token)
{
    unsigned rights = read_privilege(lexer, token);
    while (mysql_token_is_symbol(token, ',')) {
        *token = mysql_lexer_next(lexer);
        rights |= read_privilege(lexer, token);
    }
    return rights;
}

static bool apply(struct mysql_grants *grants, bool revoke, unsigned rights, const char *database, const char *table)
{
    /* Reading every table includes those that hold the routines. */
    if (!database || revoke)
        rights |= rights & MAY_SELECT ? MAY_SEE_ROUTINES : 0;
    if (!database) {
        grants->global |= revoke ? 0 : rights;
        return true;
    }
    if (strcmp(database, "mysql") == 0 && (!table || strcasecmp(table, "proc") == 0) && (rights & MAY_SELECT))
        grants->reads_proc = !revoke;
    grants->partial_revokes |= revoke;
    if (table)
        return revoke || strcmp(database, grants->database) != 0 || add_table(grants, table, rights);
    if (!covers(grants, database))
        return true;
    if (revoke) {
        /* Losing one of the privileges that list tables may leave another one; the safe reading is that none is left.
         */
        grants->revoked |= rights;
        return true;
    }
    return add_pattern(grants, database, rights);
}

bool mysql_grants_add(struct mysql_grants *grants, const char *line, size_t length)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, line, length);
    struct mysql_token token = mysql_lexer_next(&lexer);
    bool revoke = mysql_token_is(&token, "REVOKE");
    if (!revoke && !mysql_token_is(&token, "GRANT"))
        return true;
    token = mysql_lexer_next(&lexer);
    unsigned rights = read_privileges(&lexer, &token);
    if (!mysql_token_is(&token, "ON"))
        return true;
    struct mysql_token database = mysql_lexer_next(&lexer);
    struct mysql_token dot = mysql_lexer_next(&lexer);
    struct mysql_token table = mysql_lexer_next(&lexer);
    if (!mysql_token_is_symbol(&dot, '.'))
        return true;
    bool all_tables = mysql_token_is_symbol(&table, '*');
    if (mysql_token_is_symbol(&database, '*'))
        return !all_tables || apply(grants, revoke, rights, NULL, NULL);
    cleanup(strbuf) struct strbuf database_name = STRBUF(LIMIT_DEFINITION_BYTES);
    cleanup(strbuf) struct strbuf table_name = STRBUF(LIMIT_DEFINITION_BYTES);
    mysql_token_decode(&database, &database_name);
    mysql_token_decode(&table, &table_name);
    return strbuf_ok(&database_name) && strbuf_ok(&table_name) &&
           apply(grants, revoke, rights, strbuf_text(&database_name), all_tables ? NULL : strbuf_text(&table_name));
}

static bool is_pattern(const char *text)
{
    return strpbrk(text, "%_\\") != NULL;
}

/* Of several grants that match a database the server follows one, by an order of its own that roles blur: the name
 * itself wins, and of patterns only what all of them give is certain. Where parts are revoked, `_` and `%` stand for
 * themselves, so that a pattern proves nothing. */
static unsigned database_rights(const struct mysql_grants *grants)
{
    unsigned common = grants->pattern_count > 0 ? MAY_ALL : 0;
    for (size_t i = 0; i < grants->pattern_count; i++) {
        if (strcmp(grants->patterns[i].pattern, grants->database) == 0)
            return grants->patterns[i].rights;
        common &= grants->partial_revokes && is_pattern(grants->patterns[i].pattern) ? 0 : grants->patterns[i].rights;
    }
    return common;
}

static bool has(const struct mysql_grants *grants, unsigned right)
{
    return ((grants->global & ~grants->revoked) | database_rights(grants)) & right;
}

bool mysql_grants_sees_tables(const struct mysql_grants *grants)
{
    return has(grants, MAY_LIST);
}

bool mysql_grants_sees_triggers(const struct mysql_grants *grants)
{
    return has(grants, MAY_SEE_TRIGGERS);
}

bool mysql_grants_sees_events(const struct mysql_grants *grants)
{
    return has(grants, MAY_SEE_EVENTS);
}

bool mysql_grants_sees_routines(const struct mysql_grants *grants)
{
    return grants->reads_proc || has(grants, MAY_SEE_ROUTINES);
}

bool mysql_grants_can_select(const struct mysql_grants *grants, const char *table)
{
    if (has(grants, MAY_SELECT))
        return true;
    for (size_t i = 0; table && i < grants->table_count; i++) {
        if ((grants->tables[i].rights & MAY_SELECT) && strcasecmp(grants->tables[i].table, table) == 0)
            return true;
    }
    return false;
}
