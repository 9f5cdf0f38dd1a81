/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

struct keyword {
    const char *text;
    enum postgres_token_kind kind;
};

#define RESERVED(word)                                                                                                 \
    {                                                                                                                  \
        word, POSTGRES_TOKEN_KEYWORD                                                                                   \
    }
#define GRAMMAR(word)                                                                                                  \
    {                                                                                                                  \
        word, POSTGRES_TOKEN_WORD                                                                                      \
    }

/* The words that the server quotes when they are names, sorted. Those around JSON that 16 and 17 brought are left out:
 * older servers print columns of these names bare, newer ones in quotes. */
static const struct keyword keywords[] = {
    RESERVED("all"),
    RESERVED("analyse"),
    RESERVED("analyze"),
    RESERVED("and"),
    RESERVED("any"),
    RESERVED("array"),
    RESERVED("as"),
    RESERVED("asc"),
    RESERVED("asymmetric"),
    RESERVED("authorization"),
    GRAMMAR("between"),
    GRAMMAR("bigint"),
    RESERVED("binary"),
    GRAMMAR("bit"),
    GRAMMAR("boolean"),
    RESERVED("both"),
    RESERVED("case"),
    RESERVED("cast"),
    GRAMMAR("char"),
    GRAMMAR("character"),
    RESERVED("check"),
    GRAMMAR("coalesce"),
    RESERVED("collate"),
    RESERVED("collation"),
    RESERVED("column"),
    RESERVED("concurrently"),
    RESERVED("constraint"),
    RESERVED("create"),
    RESERVED("cross"),
    RESERVED("current_catalog"),
    RESERVED("current_date"),
    RESERVED("current_role"),
    RESERVED("current_schema"),
    RESERVED("current_time"),
    RESERVED("current_timestamp"),
    RESERVED("current_user"),
    GRAMMAR("dec"),
    GRAMMAR("decimal"),
    RESERVED("default"),
    RESERVED("deferrable"),
    RESERVED("desc"),
    RESERVED("distinct"),
    RESERVED("do"),
    RESERVED("else"),
    RESERVED("end"),
    RESERVED("except"),
    GRAMMAR("exists"),
    GRAMMAR("extract"),
    RESERVED("false"),
    RESERVED("fetch"),
    GRAMMAR("float"),
    RESERVED("for"),
    RESERVED("foreign"),
    RESERVED("freeze"),
    RESERVED("from"),
    RESERVED("full"),
    RESERVED("grant"),
    GRAMMAR("greatest"),
    RESERVED("group"),
    GRAMMAR("grouping"),
    RESERVED("having"),
    RESERVED("ilike"),
    RESERVED("in"),
    RESERVED("initially"),
    RESERVED("inner"),
    GRAMMAR("inout"),
    GRAMMAR("int"),
    GRAMMAR("integer"),
    RESERVED("intersect"),
    GRAMMAR("interval"),
    RESERVED("into"),
    RESERVED("is"),
    RESERVED("isnull"),
    RESERVED("join"),
    RESERVED("lateral"),
    RESERVED("leading"),
    GRAMMAR("least"),
    RESERVED("left"),
    RESERVED("like"),
    RESERVED("limit"),
    RESERVED("localtime"),
    RESERVED("localtimestamp"),
    GRAMMAR("national"),
    RESERVED("natural"),
    GRAMMAR("nchar"),
    GRAMMAR("none"),
    GRAMMAR("normalize"),
    RESERVED("not"),
    RESERVED("notnull"),
    RESERVED("null"),
    GRAMMAR("nullif"),
    GRAMMAR("numeric"),
    RESERVED("offset"),
    RESERVED("on"),
    RESERVED("only"),
    RESERVED("or"),
    RESERVED("order"),
    GRAMMAR("out"),
    RESERVED("outer"),
    RESERVED("overlaps"),
    GRAMMAR("overlay"),
    RESERVED("placing"),
    GRAMMAR("position"),
    GRAMMAR("precision"),
    RESERVED("primary"),
    GRAMMAR("real"),
    RESERVED("references"),
    RESERVED("returning"),
    RESERVED("right"),
    GRAMMAR("row"),
    RESERVED("select"),
    RESERVED("session_user"),
    GRAMMAR("setof"),
    RESERVED("similar"),
    GRAMMAR("smallint"),
    RESERVED("some"),
    GRAMMAR("substring"),
    RESERVED("symmetric"),
    RESERVED("system_user"),
    RESERVED("table"),
    RESERVED("tablesample"),
    RESERVED("then"),
    GRAMMAR("time"),
    GRAMMAR("timestamp"),
    RESERVED("to"),
    RESERVED("trailing"),
    GRAMMAR("treat"),
    GRAMMAR("trim"),
    RESERVED("true"),
    RESERVED("union"),
    RESERVED("unique"),
    RESERVED("user"),
    RESERVED("using"),
    GRAMMAR("values"),
    GRAMMAR("varchar"),
    RESERVED("variadic"),
    RESERVED("verbose"),
    RESERVED("when"),
    RESERVED("where"),
    RESERVED("window"),
    RESERVED("with"),
    GRAMMAR("xmlattributes"),
    GRAMMAR("xmlconcat"),
    GRAMMAR("xmlelement"),
    GRAMMAR("xmlexists"),
    GRAMMAR("xmlforest"),
    GRAMMAR("xmlnamespaces"),
    GRAMMAR("xmlparse"),
    GRAMMAR("xmlpi"),
    GRAMMAR("xmlroot"),
    GRAMMAR("xmlserialize"),
    GRAMMAR("xmltable"),
};

enum { LONGEST_KEYWORD = 17 };

static const char operator_bytes[] = "+-*/<>=~!@#%^&|`?";

static int compare_keyword(const void *word, const void *keyword)
{
    return strcmp(word, ((const struct keyword *)keyword)->text);
}

enum postgres_token_kind postgres_word_kind(const char *text, size_t length)
{
    char word[LONGEST_KEYWORD + 1] = "";
    if (length > LONGEST_KEYWORD)
        return POSTGRES_TOKEN_NAME;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + ('a' - 'A') : text[i]);
    const struct keyword *keyword =
        bsearch(word, keywords, ARRAY_LENGTH(keywords), sizeof keywords[0], compare_keyword);
    return keyword ? keyword->kind : POSTGRES_TOKEN_NAME;
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool starts_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || (byte & 0x80);
}

static bool continues_word(char byte)
{
    return starts_word(byte) || is_digit(byte) || byte == '$';
}

static bool is_operator_byte(char byte)
{
    return byte != '\0' && strchr(operator_bytes, byte);
}

/* Comments nest. NULL if it does not end. */
static const char *skip_comment(const char *at, const char *end)
{
    size_t depth = 0;
    while (end - at >= 2) {
        if (at[0] == '/' && at[1] == '*') {
            depth++;
            at += 2;
        } else if (at[0] == '*' && at[1] == '/') {
            depth--;
            at += 2;
            if (depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return NULL;
}

/* To the next token; false at a comment that does not end. */
static bool skip_blanks(struct postgres_lexer *lexer)
{
    for (;;) {
        while (lexer->next < lexer->end && is_blank(*lexer->next))
            lexer->next++;
        if (lexer->end - lexer->next < 2)
            return true;
        if (lexer->next[0] == '-' && lexer->next[1] == '-') {
            const char *line = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));
            lexer->next = line ? line : lexer->end;
        } else if (lexer->next[0] == '/' && lexer->next[1] == '*') {
            const char *behind = skip_comment(lexer->next, lexer->end);
            if (!behind)
                return false;
            lexer->next = behind;
        } else {
            return true;
        }
    }
}

/* The token from where the lexer stands to `behind`; NULL: it does not end. */
static struct postgres_token make(struct postgres_lexer *lexer, enum postgres_token_kind kind, const char *behind)
{
    if (!behind) {
        kind = POSTGRES_TOKEN_BROKEN;
        behind = lexer->end;
    }
    struct postgres_token token = {kind, lexer->next, (size_t)(behind - lexer->next)};
    lexer->next = behind;
    return token;
}

/* Behind the quote that ends what starts at `at`, the opening quote. */
static const char *skip_quoted(const char *at, const char *end, bool escapes)
{
    char quote = *at++;
    for (; at < end; at++) {
        if (escapes && *at == '\\' && end - at > 1)
            at++;
        else if (*at == quote && end - at > 1 && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return NULL;
}

/* $tag$ … $tag$, or NULL if no dollar quote starts here. */
static const char *dollar_tag_end(const char *at, const char *end)
{
    const char *tag = at + 1;
    if (tag < end && is_digit(*tag))
        return NULL;
    while (tag < end && *tag != '$' && continues_word(*tag))
        tag++;
    return tag < end && *tag == '$' ? tag + 1 : NULL;
}

static struct postgres_token lex_dollar(struct postgres_lexer *lexer)
{
    const char *start = lexer->next;
    const char *body = dollar_tag_end(start, lexer->end);
    if (body) {
        const char *close = memmem(body, (size_t)(lexer->end - body), start, (size_t)(body - start));
        return make(lexer, POSTGRES_TOKEN_STRING, close ? close + (body - start) : NULL);
    }
    const char *behind = start + 1;
    while (behind < lexer->end && is_digit(*behind))
        behind++;
    return make(lexer, behind > start + 1 ? POSTGRES_TOKEN_PARAMETER : POSTGRES_TOKEN_SIGN, behind);
}

static struct postgres_token lex_quoted_name(struct postgres_lexer *lexer)
{
    struct postgres_token token = make(lexer, POSTGRES_TOKEN_NAME, skip_quoted(lexer->next, lexer->end, false));
    if (token.kind != POSTGRES_TOKEN_NAME || token.length < 3)
        return token;
    const char *name = token.text + 1;
    size_t length = token.length - 2;
    for (size_t i = 0; i < length; i++) {
        bool plain =
            (name[i] >= 'a' && name[i] <= 'z') || name[i] == '_' || (i > 0 && (is_digit(name[i]) || name[i] == '$'));
        if (!plain)
            return token;
    }
    if (postgres_word_kind(name, length) == POSTGRES_TOKEN_NAME)
        token = (struct postgres_token){POSTGRES_TOKEN_NAME, name, length};
    return token;
}

/* Behind a number: 1, 1.5, .5, 1e-3, 0x1F, 1_000. */
static const char *skip_number(const char *at, const char *end)
{
    bool point = false;
    for (; at < end; at++) {
        if (*at == '.' && !point)
            point = true;
        else if ((*at == 'e' || *at == 'E') && end - at > 2 && (at[1] == '+' || at[1] == '-') && is_digit(at[2]))
            at++;
        else if (!is_digit(*at) && !starts_word(*at))
            break;
    }
    return at;
}

/* Like the server: an operator ends before a comment, and ends in + or - only if it holds one of these bytes. */
static const char *skip_operator(const char *at, const char *end)
{
    const char *behind = at;
    bool special = false;
    for (; behind < end && is_operator_byte(*behind); behind++) {
        bool comment =
            end - behind > 1 && ((behind[0] == '-' && behind[1] == '-') || (behind[0] == '/' && behind[1] == '*'));
        if (comment && behind > at)
            break;
        special |= strchr("~!@#%^&|`?", *behind) != NULL;
    }
    while (!special && behind - at > 1 && (behind[-1] == '+' || behind[-1] == '-'))
        behind--;
    return behind;
}

/* A word, or a string with a letter before it: E'', B'', X'', N'', U&''. */
static struct postgres_token lex_word(struct postgres_lexer *lexer)
{
    const char *at = lexer->next;
    const char *end = lexer->end;
    if (end - at > 1 && at[1] == '\'' && strchr("EeBbXxNn", *at))
        return make(lexer, POSTGRES_TOKEN_STRING, skip_quoted(at + 1, end, *at == 'E' || *at == 'e'));
    if (end - at > 2 && (*at == 'U' || *at == 'u') && at[1] == '&' && (at[2] == '\'' || at[2] == '"'))
        return make(lexer, at[2] == '"' ? POSTGRES_TOKEN_NAME : POSTGRES_TOKEN_STRING, skip_quoted(at + 2, end, false));
    while (at < end && continues_word(*at))
        at++;
    return make(lexer, postgres_word_kind(lexer->next, (size_t)(at - lexer->next)), at);
}

struct postgres_token postgres_lexer_next(struct postgres_lexer *lexer)
{
    if (!skip_blanks(lexer))
        return make(lexer, POSTGRES_TOKEN_BROKEN, lexer->end);
    const char *at = lexer->next;
    const char *end = lexer->end;
    if (at == end)
        return (struct postgres_token){POSTGRES_TOKEN_END, end, 0};
    if (starts_word(*at))
        return lex_word(lexer);
    if (*at == '\'')
        return make(lexer, POSTGRES_TOKEN_STRING, skip_quoted(at, end, false));
    if (*at == '"')
        return lex_quoted_name(lexer);
    if (is_digit(*at) || (*at == '.' && end - at > 1 && is_digit(at[1])))
        return make(lexer, POSTGRES_TOKEN_NUMBER, skip_number(at, end));
    if (*at == '$')
        return lex_dollar(lexer);
    if (*at == ':' && end - at > 1 && (at[1] == ':' || at[1] == '='))
        return make(lexer, POSTGRES_TOKEN_SIGN, at + 2);
    if (is_operator_byte(*at)) {
        const char *behind = skip_operator(at, end);
        bool arrow = behind - at == 2 && at[0] == '=' && at[1] == '>';
        return make(lexer, arrow ? POSTGRES_TOKEN_SIGN : POSTGRES_TOKEN_OPERATOR, behind);
    }
    return make(lexer, POSTGRES_TOKEN_SIGN, at + 1);
}

bool postgres_token_is(const struct postgres_token *token, const char *text)
{
    if (token->kind == POSTGRES_TOKEN_STRING || token->kind == POSTGRES_TOKEN_BROKEN)
        return false;
    return strncasecmp(token->text, text, token->length) == 0 && text[token->length] == '\0';
}
