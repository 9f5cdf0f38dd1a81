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
    bool in_class; /* where lists hold pairs, too */
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

/* Behind an opening bracket, up to behind the one that closes it. */
static int skip_brackets(struct scanner *scanner)
{
    size_t line = scanner->line;
    for (size_t depth = 1; depth > 0;) {
        int byte = peek(scanner, 0);
        const char *text = NULL;
        size_t length = 0;
        if (byte < 0)
            return fail(scanner, line, "a bracket is not closed");
        if (byte == '#') {
            skip_comment(scanner);
        } else if (is_quote(byte)) {
            if (skip_string(scanner, &text, &length) < 0)
                return -1;
        } else {
            depth += byte == '(' || byte == '[' || byte == '{';
            depth -= byte == ')' || byte == ']' || byte == '}';
            step(scanner);
        }
    }
    return 0;
}

/* A growing list of texts. */
struct texts {
    const char **items;
    size_t count;
    size_t capacity;
};

static int add_text(struct scanner *scanner, struct texts *texts)
{
    if (texts->count >= LIMIT_LIST_ELEMENTS)
        return fail(scanner, scanner->line, "too many revisions in one list");
    if (!mem_grow(&texts->items, &texts->capacity, texts->count, sizeof *texts->items, LIMIT_LIST_ELEMENTS))
        return error_no_memory(scanner->reterr);
    if (read_text(scanner, true, &texts->items[texts->count]) < 0)
        return -1;
    texts->count++;
    return 0;
}

/* `("a", "b")`, or a call such as `migrations.swappable_dependency(settings.AUTH_USER_MODEL)`, whose result only a run
 * could tell. */
static int read_pair(struct scanner *scanner, struct texts *texts)
{
    int open = peek(scanner, 0);
    if (open != '(' && open != '[') {
        while (is_identifier(peek(scanner, 0)) || peek(scanner, 0) == '.')
            scanner->at++;
        skip_blanks(scanner, true);
        if (peek(scanner, 0) != '(')
            return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
        scanner->at++;
        return skip_brackets(scanner);
    }
    scanner->at++;
    for (size_t i = 0; i < 2; i++) {
        skip_blanks(scanner, true);
        if (!at_string(scanner))
            return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
        if (add_text(scanner, texts) < 0)
            return -1;
        if (peek(scanner, 0) == ',')
            scanner->at++;
        skip_blanks(scanner, true);
    }
    if (peek(scanner, 0) != (open == '(' ? ')' : ']'))
        return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
    scanner->at++;
    return 0;
}

/* Behind the opening bracket of a list of pairs. */
static int read_pairs(struct scanner *scanner, int close, struct texts *texts)
{
    for (;;) {
        skip_blanks(scanner, true);
        if (peek(scanner, 0) == close)
            break;
        if (read_pair(scanner, texts) < 0)
            return -1;
        skip_blanks(scanner, true);
        if (peek(scanner, 0) == ',')
            scanner->at++;
        else if (peek(scanner, 0) != close)
            return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
    }
    scanner->at++;
    return 0;
}

static void cleanup_texts(struct texts *texts)
{
    mem_free(texts->items);
}

/* Whether a list of pairs begins: its first element is no text. */
static bool at_pair(const struct scanner *scanner)
{
    size_t length = identifier_length(scanner);
    int byte = peek(scanner, length);
    return length > 0 ? !at_string(scanner) : byte == '(' || byte == '[';
}

/* Behind an opening bracket. One text in round brackets without a comma is that text. */
static int read_list(struct scanner *scanner, int open, struct python_value *value)
{
    int close = open == '(' ? ')' : open == '[' ? ']' : '}';
    cleanup(texts) struct texts texts = {0};
    bool comma = false;
    skip_blanks(scanner, true);
    if (scanner->in_class && at_pair(scanner))
        return read_pairs(scanner, close, &texts) < 0
                   ? -1
                   : set_texts(scanner, value, PYTHON_PAIRS, texts.items, texts.count);
    for (;;) {
        skip_blanks(scanner, true);
        if (peek(scanner, 0) == close)
            break;
        if ((texts.count > 0 && !comma) || !at_string(scanner))
            return fail(scanner, scanner->line, "the value is not a literal, so it cannot be read");
        if (add_text(scanner, &texts) < 0)
            return -1;
        comma = peek(scanner, 0) == ',';
        if (comma)
            scanner->at++;
    }
    scanner->at++;
    bool scalar = open == '(' && texts.count == 1 && !comma;
    return set_texts(scanner, value, scalar ? PYTHON_TEXT : PYTHON_LIST, texts.items, texts.count);
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

/* One statement: an assignment to a name that is asked for, or anything else. */
static int read_statement(struct scanner *scanner, const char *const *names, size_t name_count,
                          struct python_value *values)
{
    for (;;) {
        size_t identifier = identifier_length(scanner);
        size_t name = name_of(scanner, identifier, names, name_count);
        if (name >= name_count)
            return skip_statement(scanner);
        scanner->at += identifier;
        if (read_assignment(scanner, &values[name]) < 0)
            return -1;
        if (peek(scanner, 0) != ';')
            return skip_statement(scanner);
        scanner->at++;
        skip_blanks(scanner, false);
    }
}

static struct scanner scanner_of(const char *text, size_t length, const char *file, struct arena *arena,
                                 struct error *reterr)
{
    struct scanner scanner = {
        .at = text, .end = text + length, .line = 1, .file = file, .arena = arena, .reterr = reterr};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        scanner.at += 3;
    return scanner;
}

int python_read_values(const char *text, size_t length, const char *file, const char *const *names, size_t name_count,
                       struct arena *arena, struct python_value *ret_values, struct error *reterr)
{
    struct scanner scanner = scanner_of(text, length, file, arena, reterr);
    memset(ret_values, 0, name_count * sizeof *ret_values);
    while (scanner.at < scanner.end)
        if (read_statement(&scanner, names, name_count, ret_values) < 0)
            return -1;
    return 0;
}

/* Whether a class statement of that name is next; of any, with NULL. */
static bool at_class(const struct scanner *scanner, const char *name)
{
    struct scanner ahead = *scanner;
    if (identifier_length(&ahead) != 5 || memcmp(ahead.at, "class", 5) != 0)
        return false;
    ahead.at += 5;
    skip_blanks(&ahead, false);
    return !name || name_of(&ahead, identifier_length(&ahead), &name, 1) == 0;
}

/* Blanks at the beginning of the line; a tab counts as one, since both sides of a body are indented alike. */
static size_t indentation(const struct scanner *scanner)
{
    size_t width = 0;
    while (peek(scanner, width) == ' ' || peek(scanner, width) == '\t')
        width++;
    return width;
}

static bool is_empty_line(const struct scanner *scanner, size_t indent)
{
    int byte = peek(scanner, indent);
    return byte == '\n' || byte == '\r' || byte == '\f' || byte == '#' || byte < 0;
}

/* Behind the class statement's line, to the first line that is not indented. What is indented more than the first
 * line is in a method. */
static int read_body(struct scanner *scanner, const char *const *names, size_t name_count, struct python_value *values)
{
    size_t body = 0;
    while (scanner->at < scanner->end) {
        size_t indent = indentation(scanner);
        bool empty = is_empty_line(scanner, indent);
        if (!empty && indent == 0)
            return 0;
        if (!empty && body == 0)
            body = indent;
        scanner->at += indent;
        bool counts = !empty && indent == body;
        if ((counts ? read_statement(scanner, names, name_count, values) : skip_statement(scanner)) < 0)
            return -1;
    }
    return 0;
}

int python_read_class(const char *text, size_t length, const char *file, const char *class_name,
                      const char *const *names, size_t name_count, struct arena *arena, struct python_value *ret_values,
                      size_t *ret_line, struct error *reterr)
{
    struct scanner scanner = scanner_of(text, length, file, arena, reterr);
    memset(ret_values, 0, name_count * sizeof *ret_values);
    scanner.in_class = true;
    *ret_line = 0;
    while (scanner.at < scanner.end) {
        bool class = at_class(&scanner, class_name);
        if (class)
            *ret_line = scanner.line;
        if (skip_statement(&scanner) < 0 || (class && read_body(&scanner, names, name_count, ret_values) < 0))
            return -1;
    }
    return 0;
}
