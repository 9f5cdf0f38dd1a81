/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/python_values.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

/* Far more than a merge has parents; each is a text of its own. */
#define LIMIT_LIST_ELEMENTS 4096u
#define LIMIT_LITERAL_BYTES 4096u

struct scanner {
    const char *at;
    const char *end;
    size_t line;
    const char *file;
    struct arena *arena;
    struct error *reterr;
};

static int fail(const struct scanner *scanner, size_t line, const char *what)
{
    return error_set(scanner->reterr, ERROR_INVALID, "%s:%zu: %s", scanner->file, line, what);
}

static int peek(const struct scanner *scanner, size_t ahead)
{
    return (size_t)(scanner->end - scanner->at) > ahead ? (unsigned char)scanner->at[ahead] : -1;
}

/* One byte on, counting lines. */
static void step(struct scanner *scanner)
{
    if (*scanner->at == '\n')
        scanner->line++;
    scanner->at++;
}

static bool is_quote(int byte)
{
    return byte == '\'' || byte == '"';
}

static bool is_identifier(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte >= 0x80;
}

static void skip_comment(struct scanner *scanner)
{
    while (peek(scanner, 0) >= 0 && peek(scanner, 0) != '\n')
        scanner->at++;
}

/* Blanks and joined lines; inside brackets, line ends and comments too. */
static void skip_blanks(struct scanner *scanner, bool bracketed)
{
    for (;;) {
        int byte = peek(scanner, 0);
        if (byte == '\\' && (peek(scanner, 1) == '\n' || (peek(scanner, 1) == '\r' && peek(scanner, 2) == '\n'))) {
            while (*scanner->at != '\n')
                scanner->at++;
            step(scanner);
        } else if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\f' || (bracketed && byte == '\n')) {
            step(scanner);
        } else if (bracketed && byte == '#') {
            skip_comment(scanner);
        } else {
            return;
        }
    }
}

/* Passes the string whose quote is next; its content, between the quotes, is left in `ret_text`. */
static int skip_string(struct scanner *scanner, const char **ret_text, size_t *ret_length)
{
    size_t line = scanner->line;
    int quote = peek(scanner, 0);
    size_t width = peek(scanner, 1) == quote && peek(scanner, 2) == quote ? 3 : 1;
    scanner->at += width;
    *ret_text = scanner->at;
    for (;;) {
        int byte = peek(scanner, 0);
        if (byte < 0 || (byte == '\n' && width == 1))
            return fail(scanner, line, "a string is not closed");
        if (byte == '\\' && peek(scanner, 1) >= 0) {
            step(scanner);
            step(scanner);
            continue;
        }
        if (byte == quote && (width == 1 || (peek(scanner, 1) == quote && peek(scanner, 2) == quote)))
            break;
        step(scanner);
    }
    *ret_length = (size_t)(scanner->at - *ret_text);
    scanner->at += width;
    return 0;
}

/* To the end of the logical line, which brackets and strings carry over line ends. */
static int skip_statement(struct scanner *scanner)
{
    size_t line = scanner->line;
    size_t depth = 0;
    while (scanner->at < scanner->end) {
        int byte = peek(scanner, 0);
        const char *text = NULL;
        size_t length = 0;
        if (byte == '#') {
            skip_comment(scanner);
            continue;
        }
        if (is_quote(byte)) {
            if (skip_string(scanner, &text, &length) < 0)
                return -1;
            continue;
        }
        if (byte == '\\' && peek(scanner, 1) >= 0) {
            skip_blanks(scanner, false);
            if (peek(scanner, 0) == '\\')
                scanner->at++;
            continue;
        }
        if (byte == '(' || byte == '[' || byte == '{')
            depth++;
        else if ((byte == ')' || byte == ']' || byte == '}') && depth > 0)
            depth--;
        step(scanner);
        if (byte == '\n' && depth == 0)
            return 0;
    }
    return depth > 0 ? fail(scanner, line, "a bracket is not closed") : 0;
}

/* The identifier that is next; its length. */
static size_t identifier_length(const struct scanner *scanner)
{
    size_t length = 0;
    while (is_identifier(peek(scanner, length)))
        length++;
    return length;
}

static int add_literal(struct scanner *scanner, const char *text, size_t length, bool raw, struct strbuf *out)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\\' && !raw) {
            i++;
            if (i >= length || !(text[i] == '\\' || is_quote((unsigned char)text[i])))
                return fail(scanner, scanner->line, "an escape in a revision is not understood");
        }
        if (text[i] == '\0')
            return fail(scanner, scanner->line, "a revision with a NUL byte");
        strbuf_add_char(out, text[i]);
    }
    return 0;
}

/* Whether a string literal is next, perhaps behind a prefix of one letter. */
static bool at_string(const struct scanner *scanner)
{
    size_t prefix = identifier_length(scanner);
    return prefix <= 2 && is_quote(peek(scanner, prefix));
}

/* One string, or several side by side, which Python joins. */
static int read_text(struct scanner *scanner, bool bracketed, const char **ret_text)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_LITERAL_BYTES);
    while (at_string(scanner)) {
        size_t prefix = identifier_length(scanner);
        int letter = prefix ? peek(scanner, 0) | 0x20 : 'u';
        if (prefix > 1 || (letter != 'r' && letter != 'u'))
            return fail(scanner, scanner->line, "only plain strings can be read");
        scanner->at += prefix;
        const char *text = NULL;
        size_t length = 0;
        if (skip_string(scanner, &text, &length) < 0 || add_literal(scanner, text, length, letter == 'r', &out) < 0)
            return -1;
        skip_blanks(scanner, bracketed);
    }
    if (!strbuf_ok(&out) && out.length >= LIMIT_LITERAL_BYTES)
        return fail(scanner, scanner->line, "a string is too long for a revision");
    if (!strbuf_ok(&out))
        return error_no_memory(scanner->reterr);
    if (!utf8_is_valid(strbuf_text(&out), out.length))
        return fail(scanner, scanner->line, "a revision is not UTF-8");
    *ret_text = arena_strndup(scanner->arena, strbuf_text(&out), out.length);
    return *ret_text ? 0 : error_no_memory(scanner->reterr);
}

static int set_texts(const struct scanner *scanner, struct python_value *value, enum python_kind kind,
                     const char *const *texts, size_t count)
{
    const char **copy = arena_array(scanner->arena, count, sizeof *copy);
    if (!copy)
        return error_no_memory(scanner->reterr);
    for (size_t i = 0; i < count; i++)
        copy[i] = texts[i];
    value->kind = kind;
    value->texts = copy;
    value->count = count;
    return 0;
}

/* Behind an opening bracket. One text in round brackets without a comma is that text. */
static int read_list(struct scanner *scanner, int open, struct python_value *value)
{
    int close = open == '(' ? ')' : open == '[' ? ']' : '}';
    cleanup(free) const char **texts = NULL;
    size_t count = 0;
    size_t capacity = 0;
    bool comma = false;
    for (;;) {
        skip_blanks(scanner, true);
        if (peek(scanner, 0) == close)
            break;
        if ((count > 0 && !comma) || !at_string(scanner))
            return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
        if (count >= LIMIT_LIST_ELEMENTS)
            return fail(scanner, scanner->line, "too many revisions in one list");
        if (!mem_grow(&texts, &capacity, count, sizeof *texts, LIMIT_LIST_ELEMENTS))
            return error_no_memory(scanner->reterr);
        if (read_text(scanner, true, &texts[count]) < 0)
            return -1;
        count++;
        comma = peek(scanner, 0) == ',';
        if (comma)
            scanner->at++;
    }
    scanner->at++;
    bool scalar = open == '(' && count == 1 && !comma;
    return set_texts(scanner, value, scalar ? PYTHON_TEXT : PYTHON_LIST, texts, count);
}

static int read_value(struct scanner *scanner, struct python_value *value)
{
    value->line = scanner->line;
    skip_blanks(scanner, false);
    int byte = peek(scanner, 0);
    if (byte == '(' || byte == '[' || byte == '{') {
        scanner->at++;
        return read_list(scanner, byte, value);
    }
    if (at_string(scanner)) {
        const char *text = NULL;
        return read_text(scanner, false, &text) < 0 ? -1 : set_texts(scanner, value, PYTHON_TEXT, &text, 1);
    }
    if (identifier_length(scanner) == 4 && memcmp(scanner->at, "None", 4) == 0) {
        scanner->at += 4;
        value->kind = PYTHON_NONE;
        value->texts = NULL;
        value->count = 0;
        return 0;
    }
    return fail(scanner, value->line, "the value is not a literal, so it cannot be read");
}

/* Behind `name:`, up to the `=`; false if the statement ends without one. */
static int skip_annotation(struct scanner *scanner, bool *ret_assigned)
{
    *ret_assigned = false;
    size_t depth = 0;
    while (scanner->at < scanner->end) {
        int byte = peek(scanner, 0);
        const char *text = NULL;
        size_t length = 0;
        if (is_quote(byte)) {
            if (skip_string(scanner, &text, &length) < 0)
                return -1;
            continue;
        }
        if (byte == '[' || byte == '(')
            depth++;
        else if ((byte == ']' || byte == ')') && depth > 0)
            depth--;
        else if (depth == 0 && (byte == '\n' || byte == '#' || byte == '='))
            break;
        step(scanner);
    }
    *ret_assigned = peek(scanner, 0) == '=';
    return 0;
}

/* Behind a name that is asked for. */
static int read_assignment(struct scanner *scanner, struct python_value *value)
{
    skip_blanks(scanner, false);
    bool assigned = peek(scanner, 0) == '=' && peek(scanner, 1) != '=';
    if (peek(scanner, 0) == ':') {
        scanner->at++;
        if (skip_annotation(scanner, &assigned) < 0)
            return -1;
    } else if (peek(scanner, 0) == '+' && peek(scanner, 1) == '=') {
        return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
    }
    if (!assigned)
        return 0;
    scanner->at++;
    if (read_value(scanner, value) < 0)
        return -1;
    skip_blanks(scanner, false);
    int byte = peek(scanner, 0);
    if (byte >= 0 && byte != '\n' && byte != '#' && byte != ';')
        return fail(scanner, value->line, "the value is not a literal, so it cannot be read");
    return 0;
}

static size_t name_of(const struct scanner *scanner, size_t length, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(names[i]) == length && memcmp(names[i], scanner->at, length) == 0)
            return i;
    return count;
}

int python_read_values(const char *text, size_t length, const char *file, const char *const *names, size_t name_count,
                       struct arena *arena, struct python_value *ret_values, struct error *reterr)
{
    struct scanner scanner = {
        .at = text, .end = text + length, .line = 1, .file = file, .arena = arena, .reterr = reterr};
    memset(ret_values, 0, name_count * sizeof *ret_values);
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        scanner.at += 3;
    while (scanner.at < scanner.end) {
        size_t identifier = identifier_length(&scanner);
        size_t name = name_of(&scanner, identifier, names, name_count);
        if (name < name_count) {
            scanner.at += identifier;
            if (read_assignment(&scanner, &ret_values[name]) < 0)
                return -1;
        }
        if (name < name_count && peek(&scanner, 0) == ';') {
            scanner.at++;
            skip_blanks(&scanner, false);
        } else if (skip_statement(&scanner) < 0) {
            return -1;
        }
    }
    return 0;
}
