/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/ruby_reader.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

/* Arrays and hashes in one another: defaults of json columns. */
enum { RUBY_DEPTH = 32, RUBY_TEXT_BYTES = 1024 * 1024 };

int ruby_fail(struct ruby_reader *reader, unsigned line, const char *format, ...)
{
    char text[256] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    utf8_make_line(text, sizeof text);
    return error_set(reader->reterr, ERROR_INVALID, "%s:%u: %s", reader->name, line, text);
}

static bool starts(const struct ruby_reader *reader, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(reader->end - reader->next) >= length && memcmp(reader->next, text, length) == 0;
}

static char peek(const struct ruby_reader *reader)
{
    return reader->next < reader->end ? *reader->next : '\0';
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

static int pass_comment(struct ruby_reader *reader)
{
    const char *newline = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
    const char *end = newline ? newline : reader->end;
    int status = reader->comment
                     ? reader->comment(reader->payload, reader->next, (size_t)(end - reader->next), reader->line)
                     : 0;
    reader->next = end;
    return status < 0 ? error_no_memory(reader->reterr) : 0;
}

/* Blanks and, with `lines`, ends of lines and comments. */
static int pass_blanks(struct ruby_reader *reader, bool lines)
{
    while (reader->next < reader->end) {
        char byte = *reader->next;
        if (byte == '\n' && !lines)
            return 0;
        if (byte == '#') {
            if (pass_comment(reader) < 0)
                return -1;
        } else if (byte == '\n' || byte == ' ' || byte == '\t' || byte == '\r' || (byte == ';' && lines)) {
            reader->line += byte == '\n';
            reader->next++;
        } else {
            return 0;
        }
    }
    return 0;
}

static bool accept(struct ruby_reader *reader, const char *text)
{
    if (!starts(reader, text))
        return false;
    reader->next += strlen(text);
    return true;
}

/* The word that begins here; its length is 0 if none does. */
static size_t word_length(const struct ruby_reader *reader)
{
    size_t length = 0;
    size_t left = (size_t)(reader->end - reader->next);
    if (left == 0 || isdigit((unsigned char)*reader->next))
        return 0;
    while (length < left && is_word(reader->next[length]))
        length++;
    return length;
}

static bool accept_word(struct ruby_reader *reader, const char *word)
{
    size_t length = word_length(reader);
    if (length != strlen(word) || memcmp(reader->next, word, length) != 0)
        return false;
    reader->next += length;
    return true;
}

static const char *copy(struct ruby_reader *reader, const char *text, size_t length)
{
    const char *kept = arena_strndup(reader->arena, text, length);
    if (!kept)
        error_no_memory(reader->reterr);
    return kept;
}

static int add_code_point(struct strbuf *out, uint32_t point)
{
    if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return -1;
    if (point < 0x80) {
        strbuf_add_char(out, (char)point);
    } else if (point < 0x800) {
        strbuf_add_char(out, (char)(0xc0 | point >> 6));
        strbuf_add_char(out, (char)(0x80 | (point & 0x3f)));
    } else if (point < 0x10000) {
        strbuf_add_char(out, (char)(0xe0 | point >> 12));
        strbuf_add_char(out, (char)(0x80 | (point >> 6 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (point & 0x3f)));
    } else {
        strbuf_add_char(out, (char)(0xf0 | point >> 18));
        strbuf_add_char(out, (char)(0x80 | (point >> 12 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (point >> 6 & 0x3f)));
        strbuf_add_char(out, (char)(0x80 | (point & 0x3f)));
    }
    return 0;
}

static int hex_digit(char byte)
{
    if (isdigit((unsigned char)byte))
        return byte - '0';
    byte = (char)tolower((unsigned char)byte);
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Up to `count` hexadecimal digits. */
static int add_hex(struct ruby_reader *reader, size_t count, bool point, struct strbuf *out)
{
    uint32_t value = 0;
    size_t digits = 0;
    bool braces = point && accept(reader, "{");
    count = braces ? 6 : count;
    while (digits < count && hex_digit(peek(reader)) >= 0) {
        value = value * 16 + (uint32_t)hex_digit(peek(reader));
        reader->next++;
        digits++;
    }
    if (digits == 0 || (braces && !accept(reader, "}")) || value == 0)
        return -1;
    if (point)
        return add_code_point(out, value);
    strbuf_add_char(out, (char)value);
    return 0;
}

/* What follows a backslash in double quotes. */
static int add_escape(struct ruby_reader *reader, struct strbuf *out)
{
    static const struct {
        char letter;
        char byte;
    } escapes[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'e', 27}, {'a', 7},
                   {'b', 8},    {'f', 12},   {'v', 11},   {'s', ' '}};
    char letter = peek(reader);
    reader->next++;
    if (letter == 'u')
        return add_hex(reader, 4, true, out);
    if (letter == 'x')
        return add_hex(reader, 2, false, out);
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (escapes[i].letter == letter) {
            strbuf_add_char(out, escapes[i].byte);
            return 0;
        }
    if (isdigit((unsigned char)letter))
        return -1;
    strbuf_add_char(out, letter);
    return 0;
}

static const char *read_string(struct ruby_reader *reader)
{
    cleanup(strbuf) struct strbuf text = STRBUF(RUBY_TEXT_BYTES);
    unsigned line = reader->line;
    const char *begin = reader->next;
    char quote = *reader->next++;
    for (;;) {
        if (reader->next >= reader->end) {
            ruby_fail(reader, line, "the string that begins here does not end");
            return NULL;
        }
        char byte = *reader->next++;
        reader->line += byte == '\n';
        if (byte == quote)
            break;
        if (byte == '#' && quote == '"' && (peek(reader) == '{' || peek(reader) == '@' || peek(reader) == '$')) {
            ruby_fail(reader, line, "a string with code in it is not evaluated here");
            return NULL;
        }
        bool plain_escape = quote == '\'' && (peek(reader) == '\'' || peek(reader) == '\\');
        if (byte == '\\' && reader->next < reader->end && (quote == '"' || plain_escape)) {
            if (quote == '"' ? add_escape(reader, &text) < 0 : (strbuf_add_char(&text, *reader->next++), false)) {
                ruby_fail(reader, line, "an escape in this string is not understood");
                return NULL;
            }
            continue;
        }
        strbuf_add_char(&text, byte);
    }
    if (!strbuf_ok(&text)) {
        if (reader->next - begin > RUBY_TEXT_BYTES)
            ruby_fail(reader, line, "a string is too long");
        else
            error_no_memory(reader->reterr);
        return NULL;
    }
    return copy(reader, strbuf_text(&text), text.length);
}

static struct ruby_value *make(struct ruby_reader *reader, enum ruby_kind kind, const char *text)
{
    struct ruby_value *value = text ? arena_alloc(reader->arena, sizeof *value) : NULL;
    if (!value) {
        if (text)
            error_no_memory(reader->reterr);
        return NULL;
    }
    value->kind = kind;
    value->text = text;
    return value;
}

static struct ruby_value *read_value(struct ruby_reader *reader);

/* "key: ", "\"key\": " or "\"key\" => "; NULL in `*ret_key` if none begins here. */
static int read_key(struct ruby_reader *reader, const char **ret_key, bool *ret_string)
{
    struct ruby_reader before = *reader;
    *ret_key = NULL;
    *ret_string = false;
    const char *key = NULL;
    if (peek(reader) == '"' || peek(reader) == '\'') {
        key = read_string(reader);
        *ret_string = true;
    } else if (peek(reader) == ':' && is_word(reader->next + 1 < reader->end ? reader->next[1] : ' ')) {
        reader->next++;
        size_t length = word_length(reader);
        key = copy(reader, reader->next, length);
        reader->next += length;
        *ret_string = true;
    } else {
        size_t length = word_length(reader);
        if (length == 0)
            return 0;
        key = copy(reader, reader->next, length);
        reader->next += length;
        if (!key)
            return -1;
        if (peek(reader) != ':' || (reader->next + 1 < reader->end && reader->next[1] == ':')) {
            *reader = before;
            return 0;
        }
        reader->next++;
        *ret_key = key;
        return 0;
    }
    if (!key)
        return -1;
    if (peek(reader) == ':') {
        reader->next++;
        *ret_string = false;
        *ret_key = key;
        return 0;
    }
    if (pass_blanks(reader, false) < 0)
        return -1;
    if (accept(reader, "=>")) {
        *ret_key = key;
        return 0;
    }
    *reader = before;
    return 0;
}

/* Elements of an array, members of a hash, or both mixed as in a call's arguments; `end` closes, "": the line does. */
static int read_elements(struct ruby_reader *reader, const char *end, struct ruby_value **elements,
                         struct ruby_value **members)
{
    bool lines = *end != '\0';
    for (;;) {
        const char *key = NULL;
        bool string = false;
        unsigned line = reader->line;
        if (pass_blanks(reader, lines) < 0)
            return -1;
        if (lines && accept(reader, end))
            return 0;
        if (read_key(reader, &key, &string) < 0 || pass_blanks(reader, true) < 0)
            return -1;
        struct ruby_value *value = read_value(reader);
        if (!value)
            return -1;
        struct ruby_value **list = key ? members : elements;
        if (!list)
            return ruby_fail(reader, line, key ? "a named value does not belong here" : "a value lacks its name");
        value->key = key;
        value->key_is_string = string;
        while (*list)
            list = &(*list)->next;
        *list = value;
        if (pass_blanks(reader, lines) < 0)
            return -1;
        if (accept(reader, ",")) {
            if (pass_blanks(reader, true) < 0)
                return -1;
            continue;
        }
        if (!lines)
            return 0;
        if (!accept(reader, end))
            return ruby_fail(reader, reader->line, "'%s' is missing", end);
        return 0;
    }
}

static struct ruby_value *read_collection(struct ruby_reader *reader, enum ruby_kind kind)
{
    struct ruby_value *value = make(reader, kind, "");
    bool array = kind == RUBY_ARRAY;
    reader->next++;
    if (!value || read_elements(reader, array ? "]" : "}", array ? &value->first : NULL, array ? NULL : &value->first))
        return NULL;
    return value;
}

/* -> { "now()" } */
static struct ruby_value *read_lambda(struct ruby_reader *reader)
{
    unsigned line = reader->line;
    reader->next += 2;
    if (pass_blanks(reader, false) < 0)
        return NULL;
    if (accept(reader, "{") && pass_blanks(reader, true) == 0 && (peek(reader) == '"' || peek(reader) == '\'')) {
        const char *text = read_string(reader);
        if (!text)
            return NULL;
        if (pass_blanks(reader, true) == 0 && accept(reader, "}"))
            return make(reader, RUBY_LAMBDA, text);
    }
    ruby_fail(reader, line, "a block that is more than one string is not evaluated here");
    return NULL;
}

static struct ruby_value *read_number(struct ruby_reader *reader)
{
    cleanup(strbuf) struct strbuf text = STRBUF(RUBY_TEXT_BYTES);
    unsigned line = reader->line;
    if (accept(reader, "-"))
        strbuf_add_char(&text, '-');
    size_t digits = 0;
    for (char byte = peek(reader);
         isalnum((unsigned char)byte) || byte == '_' || byte == '.' || byte == '-' || byte == '+';
         byte = peek(reader)) {
        bool exponent = text.length > 0 && tolower((unsigned char)strbuf_text(&text)[text.length - 1]) == 'e';
        if ((byte == '-' || byte == '+') && !exponent)
            break;
        digits += isdigit((unsigned char)byte) != 0;
        if (byte != '_')
            strbuf_add_char(&text, byte);
        reader->next++;
    }
    const char *number = strbuf_text(&text);
    if (!strbuf_ok(&text)) {
        error_no_memory(reader->reterr);
        return NULL;
    }
    if (digits == 0 || number[strspn(number, "0123456789.eE+-")] != '\0' || strstr(number, "..")) {
        ruby_fail(reader, line, "this is no number that is understood here");
        return NULL;
    }
    return make(reader, RUBY_NUMBER, copy(reader, number, text.length));
}

static struct ruby_value *read_symbol(struct ruby_reader *reader)
{
    reader->next++;
    if (peek(reader) == '"' || peek(reader) == '\'')
        return make(reader, RUBY_SYMBOL, read_string(reader));
    size_t length = word_length(reader);
    if (length == 0) {
        ruby_fail(reader, reader->line, "this is no symbol");
        return NULL;
    }
    const char *text = copy(reader, reader->next, length);
    reader->next += length;
    return make(reader, RUBY_SYMBOL, text);
}

static struct ruby_value *read_word(struct ruby_reader *reader)
{
    static const struct {
        const char *word;
        enum ruby_kind kind;
    } words[] = {{"nil", RUBY_NIL}, {"true", RUBY_TRUE}, {"false", RUBY_FALSE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (accept_word(reader, words[i].word))
            return make(reader, words[i].kind, words[i].word);
    size_t length = word_length(reader);
    ruby_fail(reader, reader->line, "'%.*s' is not evaluated here", (int)(length > 0 && length < 60 ? length : 1),
              reader->next < reader->end ? reader->next : "");
    return NULL;
}

/* Whether the line at `text` holds nothing but the tag. */
static bool is_heredoc_end(const char *text, size_t length, const char *tag, size_t tag_length)
{
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    if (length > 0 && text[length - 1] == '\r')
        length--;
    return length == tag_length && memcmp(text, tag, length) == 0;
}

/* Lines up to the one that ends it; in a text without quotes around its tag a backslash is written twice. */
static const char *read_heredoc_lines(struct ruby_reader *reader, const char *tag, size_t tag_length, bool raw)
{
    cleanup(strbuf) struct strbuf text = STRBUF(RUBY_TEXT_BYTES);
    unsigned line = reader->line;
    while (reader->next < reader->end) {
        reader->next++; /* the newline before this line */
        reader->line++;
        const char *newline = memchr(reader->next, '\n', (size_t)(reader->end - reader->next));
        size_t length = (size_t)((newline ? newline : reader->end) - reader->next);
        const char *begin = reader->next;
        reader->next += length;
        if (is_heredoc_end(begin, length, tag, tag_length)) {
            if (strbuf_ok(&text))
                return copy(reader, strbuf_text(&text), text.length);
            error_no_memory(reader->reterr);
            return NULL;
        }
        for (size_t i = 0; i < length; i++) {
            if (!raw && begin[i] == '#' && i + 1 < length && begin[i + 1] == '{') {
                ruby_fail(reader, reader->line, "a string with code in it is not evaluated here");
                return NULL;
            }
            i += !raw && begin[i] == '\\' && i + 1 < length && begin[i + 1] == '\\';
            strbuf_add_char(&text, begin[i]);
        }
        strbuf_add_char(&text, '\n');
    }
    ruby_fail(reader, line, "the text that begins here does not end");
    return NULL;
}

/* <<-SQL, <<~'SQL': the lines below. Nothing else may follow on the line. */
static struct ruby_value *read_heredoc(struct ruby_reader *reader)
{
    unsigned line = reader->line;
    reader->next += 2;
    if (peek(reader) == '-' || peek(reader) == '~')
        reader->next++;
    char quote = peek(reader) == '\'' || peek(reader) == '"' ? *reader->next++ : '\0';
    const char *tag = reader->next;
    size_t length = word_length(reader);
    reader->next += length;
    bool closed = quote == '\0' || peek(reader) == quote;
    reader->next += quote != '\0' && closed;
    if (length == 0 || !closed || pass_blanks(reader, false) < 0 || peek(reader) != '\n') {
        ruby_fail(reader, line, "this text over several lines is not understood");
        return NULL;
    }
    return make(reader, RUBY_STRING, read_heredoc_lines(reader, tag, length, quote == '\''));
}

static struct ruby_value *read_value(struct ruby_reader *reader)
{
    struct ruby_value *value = NULL;
    if (++reader->depth > RUBY_DEPTH) {
        ruby_fail(reader, reader->line, "values stand too deep in one another");
        return NULL;
    }
    char byte = peek(reader);
    if (byte == '"' || byte == '\'')
        value = make(reader, RUBY_STRING, read_string(reader));
    else if (byte == '[')
        value = read_collection(reader, RUBY_ARRAY);
    else if (byte == '{')
        value = read_collection(reader, RUBY_HASH);
    else if (starts(reader, "->"))
        value = read_lambda(reader);
    else if (starts(reader, "<<"))
        value = read_heredoc(reader);
    else if (byte == ':')
        value = read_symbol(reader);
    else if (byte == '-' || isdigit((unsigned char)byte))
        value = read_number(reader);
    else
        value = read_word(reader);
    reader->depth--;
    return value;
}

/* "t.", "ActiveRecord::Schema[7.1]." and the method's name. */
static int read_head(struct ruby_reader *reader, struct ruby_call *call)
{
    const char *begin = reader->next;
    size_t length = word_length(reader);
    while (length > 0) {
        reader->next += length;
        bool nested = accept(reader, "::");
        length = nested ? word_length(reader) : 0;
        if (nested && length == 0)
            return ruby_fail(reader, call->line, "a name is not understood");
    }
    const char *end = reader->next;
    if (end == begin)
        return ruby_fail(reader, call->line, "this is not understood: '%.*s'",
                         (int)(reader->end - begin < 20 ? reader->end - begin : 20), begin);
    if (peek(reader) == '[') {
        const char *open = ++reader->next;
        while (peek(reader) && peek(reader) != ']' && peek(reader) != '\n')
            reader->next++;
        call->index = copy(reader, open, (size_t)(reader->next - open));
        if (!call->index)
            return -1;
        if (!accept(reader, "]"))
            return ruby_fail(reader, call->line, "']' is missing");
    }
    call->receiver = "";
    if (!accept(reader, ".")) {
        call->method = copy(reader, begin, (size_t)(end - begin));
        return call->method ? 0 : -1;
    }
    call->receiver = copy(reader, begin, (size_t)(end - begin));
    length = word_length(reader);
    if (length == 0)
        return ruby_fail(reader, call->line, "a method's name is missing");
    call->method = copy(reader, reader->next, length);
    reader->next += length;
    return call->receiver && call->method ? 0 : -1;
}

/* "do |t|", if it follows. */
static int read_block(struct ruby_reader *reader, struct ruby_call *call)
{
    if (pass_blanks(reader, false) < 0)
        return -1;
    if (!accept_word(reader, "do"))
        return 0;
    call->opens_block = true;
    if (pass_blanks(reader, false) < 0)
        return -1;
    if (!accept(reader, "|"))
        return 0;
    reader->next += word_length(reader);
    return accept(reader, "|") ? 0 : ruby_fail(reader, call->line, "a block's parameter is not understood");
}

/* Whether arguments follow without brackets: something else than a block or the line's end. */
static bool has_bare_arguments(const struct ruby_reader *reader)
{
    struct ruby_reader probe = *reader;
    char byte = peek(reader);
    return byte != '\0' && byte != '\n' && byte != '#' && !accept_word(&probe, "do");
}

int ruby_reader_next(struct ruby_reader *reader, struct ruby_call *ret_call)
{
    if (pass_blanks(reader, true) < 0)
        return -1;
    *ret_call = (struct ruby_call){.kind = RUBY_FILE_END, .line = reader->line, .receiver = "", .method = ""};
    if (reader->next >= reader->end)
        return 0;
    ret_call->kind = RUBY_BLOCK_END;
    if (accept_word(reader, "end"))
        return 0;
    ret_call->kind = RUBY_CALL;
    if (read_head(reader, ret_call) < 0)
        return -1;
    if (accept(reader, "(")) {
        if (read_elements(reader, ")", &ret_call->arguments, &ret_call->options) < 0)
            return -1;
    } else {
        if (pass_blanks(reader, false) < 0)
            return -1;
        if (has_bare_arguments(reader) && read_elements(reader, "", &ret_call->arguments, &ret_call->options) < 0)
            return -1;
    }
    if (read_block(reader, ret_call) < 0 || pass_blanks(reader, false) < 0)
        return -1;
    char byte = peek(reader);
    if (byte != '\0' && byte != '\n' && byte != ';')
        return ruby_fail(reader, reader->line, "what follows '%s' is not understood", ret_call->method);
    return 0;
}

const struct ruby_value *ruby_option(const struct ruby_call *call, const char *key)
{
    for (const struct ruby_value *option = call->options; option; option = option->next)
        if (strcmp(option->key, key) == 0)
            return option;
    return NULL;
}
