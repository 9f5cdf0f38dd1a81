/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_program.h"

#include <ctype.h>

#include "base/cleanup.h"
#include "dialect/mysql_lexer.h"

struct program {
    struct mysql_lexer lexer;
    struct mysql_token token;
    const char *behind; /* the end of the token before it: comments stand between the two */
};

static void advance(struct program *program)
{
    program->behind = program->token.text + program->token.length;
    program->token = mysql_lexer_next(&program->lexer);
}

static bool accept(struct program *program, const char *word)
{
    bool found = mysql_token_is(&program->token, word);
    if (found)
        advance(program);
    return found;
}

/* To the word, and behind it. */
static bool find(struct program *program, const char *word)
{
    while (program->token.kind != MYSQL_TOKEN_END && program->token.kind != MYSQL_TOKEN_BROKEN) {
        if (accept(program, word))
            return true;
        advance(program);
    }
    return false;
}

/* "(…)", behind it. */
static bool skip_parentheses(struct program *program)
{
    size_t depth = 0;
    while (program->token.kind != MYSQL_TOKEN_END && program->token.kind != MYSQL_TOKEN_BROKEN) {
        depth += mysql_token_is_symbol(&program->token, '(');
        bool last = mysql_token_is_symbol(&program->token, ')') && --depth == 0;
        advance(program);
        if (last)
            return true;
        if (depth == 0)
            return false;
    }
    return false;
}

/* "varchar(20) CHARSET utf8mb4 COLLATE utf8mb4_bin". */
static bool skip_type(struct program *program)
{
    advance(program);
    if (mysql_token_is_symbol(&program->token, '(') && !skip_parentheses(program))
        return false;
    for (;;) {
        if (accept(program, "unsigned") || accept(program, "zerofill") || accept(program, "precision"))
            continue;
        if (accept(program, "character") && !accept(program, "set"))
            return false;
        if (!accept(program, "charset") && !accept(program, "set") && !accept(program, "collate"))
            return true;
        advance(program);
    }
}

/* What a routine says of itself before its body, each of one to four words. */
static bool skip_characteristic(struct program *program)
{
    static const char *const words[][4] = {
        {"LANGUAGE", "SQL"},
        {"NOT", "DETERMINISTIC"},
        {"DETERMINISTIC"},
        {"CONTAINS", "SQL"},
        {"NO", "SQL"},
        {"READS", "SQL", "DATA"},
        {"MODIFIES", "SQL", "DATA"},
        {"SQL", "SECURITY", "DEFINER"},
        {"SQL", "SECURITY", "INVOKER"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        struct program before = *program;
        size_t count = 0;
        while (count < 4 && words[i][count] && accept(program, words[i][count]))
            count++;
        if (count == 4 || !words[i][count])
            return true;
        *program = before;
    }
    if (!accept(program, "COMMENT"))
        return false;
    advance(program);
    return true;
}

/* The head is the server's own; the parameters are as somebody typed them. */
static bool skip_routine(struct program *program)
{
    while (!mysql_token_is_symbol(&program->token, '(')) {
        if (program->token.kind == MYSQL_TOKEN_END || program->token.kind == MYSQL_TOKEN_BROKEN)
            return false;
        advance(program);
    }
    if (!skip_parentheses(program))
        return false;
    if (accept(program, "RETURNS") && !skip_type(program))
        return false;
    while (skip_characteristic(program)) {
    }
    return true;
}

static bool skip_trigger(struct program *program)
{
    if (!find(program, "FOR") || !accept(program, "EACH") || !accept(program, "ROW"))
        return false;
    if (accept(program, "FOLLOWS") || accept(program, "PRECEDES"))
        advance(program);
    return true;
}

bool mysql_program_body(enum mysql_program kind, const char *text, size_t length, const char **ret_body,
                        size_t *ret_length)
{
    struct program program = {.behind = text};
    mysql_lexer_init(&program.lexer, text, length);
    program.token = mysql_lexer_next(&program.lexer);
    bool understood = false;
    if (kind == MYSQL_PROGRAM_ROUTINE)
        understood = skip_routine(&program);
    else if (kind == MYSQL_PROGRAM_TRIGGER)
        understood = skip_trigger(&program);
    else
        understood = find(&program, "DO");
    const char *end = text + length;
    const char *body = program.behind;
    while (body < end && isspace((unsigned char)*body))
        body++;
    while (end > body && isspace((unsigned char)end[-1]))
        end--;
    *ret_body = body;
    *ret_length = (size_t)(end - body);
    return understood && end > body;
}
