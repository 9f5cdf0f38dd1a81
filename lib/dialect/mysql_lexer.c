/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_lexer.h"

#include <string.h>
#include <strings.h>

static bool is_space(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Bytes above ASCII may stand in unquoted identifiers. */
static bool is_word(char byte)
{
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
    return letter || is_digit(byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

void mysql_lexer_init(struct mysql_lexer *lexer, const char *text, size_t length)
{
    *lexer = (struct mysql_lexer){.at = text, .end = text + length};
}

static bool looking_at(const struct mysql_lexer *lexer, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(lexer->end - lexer->at) >= length && memcmp(lexer->at, text, length) == 0;
}

/* Steps into a version comment: its opening and its number disappear. */
static void open_version_comment(struct mysql_lexer *lexer, size_t opening)
{
    lexer->at += opening;
    while (lexer->at < lexer->end && is_digit(*lexer->at))
        lexer->at++;
    lexer->in_version_comment = true;
}

static void skip_comment(struct mysql_lexer *lexer)
{
    lexer->at += 2;
    while (lexer->at < lexer->end && !looking_at(lexer, "*/"))
        lexer->at++;
    lexer->at += lexer->at < lexer->end ? 2 : 0;
}

/* Positions are kept in locals where many bytes are passed: the compiler must take any byte for a part of the lexer. */
static void skip_spaces(struct mysql_lexer *lexer)
{
    const char *at = lexer->at;
    while (at < lexer->end && is_space(*at))
        at++;
    lexer->at = at;
}

static bool skip_blanks(struct mysql_lexer *lexer)
{
    const char *start = lexer->at;
    for (;;) {
        skip_spaces(lexer);
        if (lexer->at == lexer->end || (*lexer->at != '/' && *lexer->at != '*')) {
            break;
        } else if (looking_at(lexer, "/*!")) {
            open_version_comment(lexer, 3);
        } else if (looking_at(lexer, "/*M!")) {
            open_version_comment(lexer, 4);
        } else if (looking_at(lexer, "/*")) {
            skip_comment(lexer);
        } else if (lexer->in_version_comment && looking_at(lexer, "*/")) {
            lexer->at += 2;
            lexer->in_version_comment = false;
        } else {
            break;
        }
    }
    return lexer->at != start;
}

/* Backslash escapes live in strings only; a doubled quote stands for itself everywhere. */
static void read_quoted(struct mysql_lexer *lexer, struct mysql_token *token)
{
    const char *at = lexer->at;
    const char *end = lexer->end;
    char quote = *at++;
    bool escapes = quote != '`';
    token->kind = MYSQL_TOKEN_BROKEN;
    while (at < end) {
        char byte = *at++;
        if (byte == '\\' && escapes && at < end) {
            token->escaped = true;
            at++;
        } else if (byte == quote && at < end && *at == quote) {
            token->escaped = true;
            at++;
        } else if (byte == quote) {
            token->kind = escapes ? MYSQL_TOKEN_STRING : MYSQL_TOKEN_NAME;
            break;
        }
    }
    lexer->at = at;
}

static void read_word(struct mysql_lexer *lexer, struct mysql_token *token)
{
    const char *at = lexer->at;
    token->kind = MYSQL_TOKEN_WORD;
    while (at < lexer->end && is_word(*at))
        at++;
    lexer->at = at;
}

static void read_number(struct mysql_lexer *lexer, struct mysql_token *token)
{
    token->kind = MYSQL_TOKEN_NUMBER;
    while (lexer->at < lexer->end) {
        char byte = *lexer->at;
        bool sign = (byte == '+' || byte == '-') && (lexer->at[-1] == 'e' || lexer->at[-1] == 'E');
        if (!is_word(byte) && byte != '.' && !sign)
            break;
        lexer->at++;
    }
}

struct mysql_token mysql_lexer_next(struct mysql_lexer *lexer)
{
    bool spaced = skip_blanks(lexer);
    struct mysql_token token = {.spaced = spaced, .text = lexer->at};
    if (lexer->at >= lexer->end)
        return token;
    char byte = *lexer->at;
    if (byte == '`' || byte == '\'' || byte == '"') {
        read_quoted(lexer, &token);
    } else if (is_digit(byte)) {
        lexer->at++;
        read_number(lexer, &token);
    } else if (is_word(byte)) {
        read_word(lexer, &token);
    } else {
        token.kind = MYSQL_TOKEN_SYMBOL;
        lexer->at++;
    }
    token.length = (size_t)(lexer->at - token.text);
    return token;
}

bool mysql_token_is(const struct mysql_token *token, const char *word)
{
    if (token->kind != MYSQL_TOKEN_WORD || ((*token->text ^ *word) & ~0x20) != 0)
        return false;
    return strncasecmp(token->text, word, token->length) == 0 && word[token->length] == '\0';
}

bool mysql_token_is_symbol(const struct mysql_token *token, char symbol)
{
    return token->kind == MYSQL_TOKEN_SYMBOL && *token->text == symbol;
}

static char unescape(char byte)
{
    switch (byte) {
    case '0':
        return '\0';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'Z':
        return 0x1a;
    default:
        return byte;
    }
}

void mysql_token_decode(const struct mysql_token *token, struct strbuf *out)
{
    bool quoted = token->kind == MYSQL_TOKEN_NAME || token->kind == MYSQL_TOKEN_STRING;
    size_t margin = quoted ? 1 : 0;
    if (!quoted || !token->escaped) {
        strbuf_add(out, token->text + margin, token->length - 2 * margin);
        return;
    }
    char quote = *token->text;
    for (size_t i = 1; i + 1 < token->length; i++) {
        char byte = token->text[i];
        if (byte == '\\' && quote != '`')
            byte = unescape(token->text[++i]);
        else if (byte == quote)
            i++;
        strbuf_add_char(out, byte);
    }
}

void mysql_quote_name(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, '`');
    for (; *text != '\0'; text++) {
        if (*text == '`')
            strbuf_add_char(out, '`');
        strbuf_add_char(out, *text);
    }
    strbuf_add_char(out, '`');
}

void mysql_quote_string(struct strbuf *out, const char *text, size_t length)
{
    strbuf_add_char(out, '\'');
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\'')
            strbuf_add_string(out, "''");
        else if (byte == '\\')
            strbuf_add_string(out, "\\\\");
        else if (byte == '\0')
            strbuf_add_string(out, "\\0");
        else
            strbuf_add_char(out, byte);
    }
    strbuf_add_char(out, '\'');
}
