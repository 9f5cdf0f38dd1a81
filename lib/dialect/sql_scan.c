/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sql_scan.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static size_t left(const struct scan *scan)
{
    return (size_t)(scan->end - scan->next);
}

static bool starts(const struct scan *scan, const char *text)
{
    size_t length = strlen(text);
    return left(scan) >= length && memcmp(scan->next, text, length) == 0;
}

void scan_advance(struct scan *scan, size_t length)
{
    for (size_t i = 0; i < length && scan->next < scan->end; i++)
        scan->line += *scan->next++ == '\n';
}

static void skip_line(struct scan *scan)
{
    const char *newline = memchr(scan->next, '\n', left(scan));
    scan->next = newline ? newline : scan->end;
}

/* PostgreSQL's comments nest, MySQL's do not. */
static bool skip_comment(struct scan *scan)
{
    unsigned depth = 0;
    do {
        if (starts(scan, "/*") && (depth == 0 || !scan->mysql)) {
            depth++;
            scan_advance(scan, 2);
        } else if (starts(scan, "*/")) {
            depth--;
            scan_advance(scan, 2);
        } else {
            scan_advance(scan, 1);
        }
    } while (depth > 0 && scan->next < scan->end);
    return depth == 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool is_line_comment(const struct scan *scan)
{
    if (!scan->mysql)
        return starts(scan, "--");
    /* To MySQL "--1" is a sum. */
    return starts(scan, "#") || (starts(scan, "--") && (left(scan) == 2 || (unsigned char)scan->next[2] <= ' '));
}

/* "/" "*!50003" and "/" "*M!100300": the server executes what is in it. */
static size_t conditional_length(const struct scan *scan)
{
    size_t length = starts(scan, "/*!") ? 3 : starts(scan, "/*M!") ? 4 : 0;
    while (length > 0 && length < left(scan) && isdigit((unsigned char)scan->next[length]))
        length++;
    return length;
}

bool scan_blanks(struct scan *scan)
{
    while (scan->next < scan->end) {
        size_t conditional = scan->mysql ? conditional_length(scan) : 0;
        if (is_blank(*scan->next)) {
            scan_advance(scan, 1);
        } else if (starts(scan, SCRIPT_BREAKPOINT)) {
            return true;
        } else if (is_line_comment(scan)) {
            skip_line(scan);
        } else if (conditional > 0) {
            scan->conditional = true;
            scan_advance(scan, conditional);
        } else if (scan->conditional && starts(scan, "*/")) {
            scan->conditional = false;
            scan_advance(scan, 2);
        } else if (starts(scan, "/*")) {
            if (!skip_comment(scan))
                return false;
        } else {
            return true;
        }
    }
    return true;
}

/* Past a quoted text whose quote doubles itself; `escapes`: a backslash takes the next byte along. */
static bool skip_quoted(struct scan *scan, char quote, bool escapes)
{
    scan_advance(scan, 1);
    while (scan->next < scan->end) {
        char byte = *scan->next;
        if (byte == '\\' && escapes) {
            scan_advance(scan, 2);
            continue;
        }
        scan_advance(scan, 1);
        if (byte != quote)
            continue;
        if (scan->next == scan->end || *scan->next != quote)
            return true;
        scan_advance(scan, 1);
    }
    return false;
}

static bool is_word_start(char byte)
{
    return isalpha((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

static bool is_word(char byte)
{
    return is_word_start(byte) || isdigit((unsigned char)byte) || byte == '$';
}

/* Length of "$tag$" at `next`; 0 if there is none. */
static size_t dollar_tag(const struct scan *scan)
{
    size_t length = 1;
    while (length < left(scan) && is_word(scan->next[length]) && scan->next[length] != '$')
        length++;
    bool digit = length > 1 && isdigit((unsigned char)scan->next[1]);
    return length < left(scan) && scan->next[length] == '$' && !digit ? length + 1 : 0;
}

static bool skip_dollar_quoted(struct scan *scan, size_t tag)
{
    const char *found = memmem(scan->next + tag, left(scan) - tag, scan->next, tag);
    scan_advance(scan, found ? (size_t)(found - scan->next) + tag : left(scan));
    return found != NULL;
}

static enum scan_kind take_quoted(struct scan *scan, bool escapes)
{
    char quote = *scan->next;
    if (!skip_quoted(scan, quote, escapes && quote != '`'))
        return SCAN_OPEN;
    return quote == '`' || (quote == '"' && !scan->mysql) ? SCAN_QUOTED : SCAN_STRING;
}

static enum scan_kind take_word(struct scan *scan)
{
    size_t length = 1;
    while (length < left(scan) && is_word(scan->next[length]))
        length++;
    bool prefix = length == 1 && left(scan) > 1 && scan->next[1] == '\'' && !scan->mysql;
    bool escapes = prefix && (*scan->next == 'e' || *scan->next == 'E');
    scan_advance(scan, length);
    return prefix && strchr("eEbBxXnN", scan->next[-1]) ? take_quoted(scan, escapes) : SCAN_WORD;
}

static enum scan_kind take_token(struct scan *scan)
{
    char byte = *scan->next;
    if (byte == '\'' || byte == '"' || (byte == '`' && scan->mysql))
        return take_quoted(scan, scan->mysql);
    if (is_word_start(byte))
        return take_word(scan);
    size_t tag = byte == '$' && !scan->mysql ? dollar_tag(scan) : 0;
    if (tag > 0)
        return skip_dollar_quoted(scan, tag) ? SCAN_STRING : SCAN_OPEN;
    if (!isdigit((unsigned char)byte)) {
        scan_advance(scan, 1);
        return SCAN_SIGN;
    }
    while (scan->next < scan->end && is_word(*scan->next))
        scan_advance(scan, 1);
    return SCAN_NUMBER;
}

struct scan_token scan_next(struct scan *scan)
{
    struct scan_token token = {.kind = SCAN_OPEN, .text = scan->next, .line = scan->line};
    if (!scan_blanks(scan))
        return token;
    token = (struct scan_token){.kind = SCAN_END, .text = scan->next, .line = scan->line};
    if (scan->next < scan->end)
        token.kind = take_token(scan);
    token.length = (size_t)(scan->next - token.text);
    return token;
}

bool scan_token_is(const struct scan_token *token, const char *word)
{
    return token->kind == SCAN_WORD && strlen(word) == token->length &&
           strncasecmp(token->text, word, token->length) == 0;
}

void scan_add_word(struct sql_words *words, const struct scan_token *token)
{
    if (words->count == SQL_WORDS)
        return;
    char *word = words->words[words->count++];
    size_t length = token->kind == SCAN_WORD ? token->length : 0;
    length = length < SQL_WORD_SIZE ? length : SQL_WORD_SIZE - 1;
    for (size_t i = 0; i < length; i++)
        word[i] = (char)toupper((unsigned char)token->text[i]);
    word[length] = '\0';
}
