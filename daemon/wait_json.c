/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_json.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"

enum expects {
    EXPECTS_VALUE,
    EXPECTS_FIRST_ELEMENT, /* or the array's end */
    EXPECTS_FIRST_KEY,     /* or the object's end */
    EXPECTS_MORE,          /* a comma, or the end of what is open */
    EXPECTS_NOTHING,
    EXPECTS_PROBLEM,
};

_Static_assert(LIMIT_JSON_DEPTH <= 64, "`arrays` has a bit per level");

static enum wait_json_event refuse(struct wait_json *json, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first problem is the one that counts. */
static enum wait_json_event refuse(struct wait_json *json, const char *format, ...)
{
    if (json->expects == EXPECTS_PROBLEM)
        return WAIT_JSON_PROBLEM;
    int used = snprintf(json->problem, sizeof json->problem, "line %zu, column %zu: ", json->line, json->column);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(json->problem + used, sizeof json->problem - (size_t)used, format, arguments);
    va_end(arguments);
    utf8_make_line(json->problem, sizeof json->problem);
    json->expects = EXPECTS_PROBLEM;
    return WAIT_JSON_PROBLEM;
}

static void begin_text(struct wait_json *json)
{
    json->text[0] = '\0';
    json->length = 0;
    json->cut = false;
}

static void begin(struct wait_json *json)
{
    begin_text(json);
    json->problem[0] = '\0';
    json->read = NULL;
    json->left = 0;
    json->at = json->end = NULL;
    json->line = json->column = 1;
    json->depth = 0;
    json->arrays = 0;
    json->expects = EXPECTS_VALUE;
}

void wait_json_open_text(struct wait_json *json, const char *text, size_t length)
{
    begin(json);
    json->at = text;
    json->end = text + length;
}

void wait_json_open(struct wait_json *json, ssize_t (*read)(void *payload, char *place, size_t size), void *payload,
                    uint64_t limit)
{
    begin(json);
    json->read = read;
    json->payload = payload;
    json->left = limit;
}

/* False at the end of the bytes, and after a failure. */
static bool fill(struct wait_json *json)
{
    ssize_t got = json->read ? json->read(json->payload, json->buffer, sizeof json->buffer) : 0;
    if (got < 0)
        refuse(json, "%s", strerror(errno));
    if (got <= 0)
        return false;
    if ((uint64_t)got > json->left) {
        refuse(json, "the document is too long");
        return false;
    }
    json->left -= (uint64_t)got;
    json->at = json->buffer;
    json->end = json->buffer + got;
    return true;
}

/* The next byte, -1 at the end. */
static int peek(struct wait_json *json)
{
    return json->at < json->end || fill(json) ? (unsigned char)*json->at : -1;
}

static void step(struct wait_json *json)
{
    json->column++;
    if (*json->at++ == '\n') {
        json->line++;
        json->column = 1;
    }
}

static int peek_behind_blanks(struct wait_json *json)
{
    int byte = peek(json);
    while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') {
        step(json);
        byte = peek(json);
    }
    return byte;
}

static enum wait_json_event refuse_byte(struct wait_json *json, int byte, const char *wanted)
{
    if (byte < 0)
        return refuse(json, "the document ends where %s should stand", wanted);
    if (byte < 0x20 || byte >= 0x7F)
        return refuse(json, "byte 0x%02x where %s should stand", (unsigned)byte, wanted);
    return refuse(json, "'%c' where %s should stand", byte, wanted);
}

static void add(struct wait_json *json, const char *bytes, size_t length)
{
    if (json->cut || json->length + length >= sizeof json->text) {
        json->cut = true;
        return;
    }
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
    json->text[json->length] = '\0';
}

static void add_point(struct wait_json *json, uint32_t point)
{
    char bytes[4] = "";
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 0; point >>= 6)
        bytes[i] = (char)(i > 0 ? 0x80 | (point & 0x3F) : marks[length] | point);
    add(json, bytes, length);
}

/* A character beyond ASCII; false when its bytes are none. */
static bool read_wide(struct wait_json *json, int first)
{
    char bytes[4] = {(char)first};
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    step(json);
    for (size_t i = 1; i < length; i++) {
        int byte = peek(json);
        if (byte < 0x80 || byte >= 0xC0)
            return false;
        bytes[i] = (char)byte;
        step(json);
    }
    if (utf8_decode(bytes, length, NULL) != length)
        return false;
    add(json, bytes, length);
    return true;
}

/* Four hexadecimal digits; false when there are none. */
static bool read_unit(struct wait_json *json, uint32_t *ret_unit)
{
    *ret_unit = 0;
    for (unsigned i = 0; i < 4; i++) {
        int byte = peek(json);
        int letter = byte | 0x20;
        uint32_t digit = 0;
        if (byte >= '0' && byte <= '9')
            digit = (uint32_t)(byte - '0');
        else if (byte >= 0 && letter >= 'a' && letter <= 'f')
            digit = (uint32_t)(letter - 'a' + 10);
        else
            return false;
        *ret_unit = *ret_unit << 4 | digit;
        step(json);
    }
    return true;
}

static bool is_high(uint32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(uint32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* What follows "\u". */
static bool read_code_point(struct wait_json *json)
{
    uint32_t unit = 0;
    uint32_t low = 0;
    if (!read_unit(json, &unit) || unit == 0 || is_low(unit))
        return false;
    if (!is_high(unit)) {
        add_point(json, unit);
        return true;
    }
    for (const char *expected = "\\u"; *expected; expected++) {
        if (peek(json) != *expected)
            return false;
        step(json);
    }
    if (!read_unit(json, &low) || !is_low(low))
        return false;
    add_point(json, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
    return true;
}

/* What follows a backslash. */
static bool read_escape(struct wait_json *json)
{
    static const char escapes[128] = {
        ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    int byte = peek(json);
    if (byte == 'u') {
        step(json);
        return read_code_point(json);
    }
    if (byte < 0 || byte >= (int)sizeof escapes || !escapes[byte])
        return false;
    add(json, &escapes[byte], 1);
    step(json);
    return true;
}

/* From behind the opening quote to behind the closing one; false after a problem. */
static bool read_string(struct wait_json *json)
{
    begin_text(json);
    for (;;) {
        int byte = peek(json);
        if (byte < 0x20) {
            refuse_byte(json, byte, "the rest of a string");
            return false;
        }
        if (byte >= 0x80) {
            if (read_wide(json, byte))
                continue;
            refuse(json, "not valid UTF-8");
            return false;
        }
        step(json);
        if (byte == '"')
            return true;
        char plain = (char)byte;
        if (byte != '\\')
            add(json, &plain, 1);
        else if (!read_escape(json)) {
            refuse(json, "an escape sequence that means nothing");
            return false;
        }
    }
}

/* One or more digits. */
static bool read_digits(struct wait_json *json)
{
    bool any = false;
    for (int byte = peek(json); byte >= '0' && byte <= '9'; byte = peek(json)) {
        char digit = (char)byte;
        add(json, &digit, 1);
        step(json);
        any = true;
    }
    return any;
}

static bool read_one_of(struct wait_json *json, const char *bytes)
{
    int byte = peek(json);
    if (byte <= 0 || !strchr(bytes, byte))
        return false;
    char taken = (char)byte;
    add(json, &taken, 1);
    step(json);
    return true;
}

/* Integers beyond 64 bits and numbers beyond a double would be read differently by everyone. */
static bool is_in_range(const struct wait_json *json, bool integer)
{
    errno = 0;
    if (integer) {
        (void)strtoll(json->text, NULL, 10);
        return errno == 0;
    }
    return isfinite(strtod(json->text, NULL));
}

static enum wait_json_event read_number(struct wait_json *json)
{
    begin_text(json);
    bool integer = true;
    read_one_of(json, "-");
    if (!read_one_of(json, "0") && !read_digits(json))
        return refuse_byte(json, peek(json), "a digit");
    if (read_one_of(json, ".")) {
        integer = false;
        if (!read_digits(json))
            return refuse_byte(json, peek(json), "a digit");
    }
    if (read_one_of(json, "eE")) {
        integer = false;
        read_one_of(json, "+-");
        if (!read_digits(json))
            return refuse_byte(json, peek(json), "a digit");
    }
    if (json->cut || !is_in_range(json, integer))
        return refuse(json, "a number that is too large, or too long");
    return WAIT_JSON_NUMBER;
}

static enum wait_json_event read_word(struct wait_json *json, const char *word, enum wait_json_event event)
{
    begin_text(json);
    for (const char *expected = word; *expected; expected++) {
        if (peek(json) != *expected)
            return refuse_byte(json, peek(json), "a value");
        step(json);
    }
    add(json, word, strlen(word));
    return event;
}

static enum wait_json_event open_level(struct wait_json *json, bool array)
{
    if (json->depth == LIMIT_JSON_DEPTH)
        return refuse(json, "nested more than %u deep", LIMIT_JSON_DEPTH);
    uint64_t bit = UINT64_C(1) << json->depth;
    json->arrays = array ? json->arrays | bit : json->arrays & ~bit;
    json->depth++;
    json->expects = array ? EXPECTS_FIRST_ELEMENT : EXPECTS_FIRST_KEY;
    step(json);
    return array ? WAIT_JSON_ARRAY : WAIT_JSON_OBJECT;
}

static bool in_array(const struct wait_json *json)
{
    return json->depth > 0 && (json->arrays >> (json->depth - 1) & 1);
}

static enum wait_json_event close_level(struct wait_json *json)
{
    bool array = in_array(json);
    json->depth--;
    json->expects = json->depth > 0 ? EXPECTS_MORE : EXPECTS_NOTHING;
    step(json);
    return array ? WAIT_JSON_ARRAY_END : WAIT_JSON_OBJECT_END;
}

static enum wait_json_event read_scalar(struct wait_json *json, int first)
{
    switch (first) {
    case '"':
        step(json);
        return read_string(json) ? WAIT_JSON_STRING : WAIT_JSON_PROBLEM;
    case 't':
        return read_word(json, "true", WAIT_JSON_BOOLEAN);
    case 'f':
        return read_word(json, "false", WAIT_JSON_BOOLEAN);
    case 'n':
        return read_word(json, "null", WAIT_JSON_NULL);
    default:
        if (first == '-' || (first >= '0' && first <= '9'))
            return read_number(json);
        return refuse_byte(json, first, "a value");
    }
}

static enum wait_json_event read_value(struct wait_json *json)
{
    int first = peek_behind_blanks(json);
    if (first == '{' || first == '[')
        return open_level(json, first == '[');
    enum wait_json_event event = read_scalar(json, first);
    if (event != WAIT_JSON_PROBLEM)
        json->expects = json->depth > 0 ? EXPECTS_MORE : EXPECTS_NOTHING;
    return event;
}

static enum wait_json_event read_key(struct wait_json *json)
{
    int byte = peek_behind_blanks(json);
    if (byte != '"')
        return refuse_byte(json, byte, "a member's name");
    step(json);
    if (!read_string(json))
        return WAIT_JSON_PROBLEM;
    byte = peek_behind_blanks(json);
    if (byte != ':')
        return refuse_byte(json, byte, "a colon");
    step(json);
    json->expects = EXPECTS_VALUE;
    return WAIT_JSON_KEY;
}

/* Behind a value: what separates it from the next, or what ends the level. */
static enum wait_json_event read_more(struct wait_json *json)
{
    int byte = peek_behind_blanks(json);
    if (byte == (in_array(json) ? ']' : '}'))
        return close_level(json);
    if (byte != ',')
        return refuse_byte(json, byte, in_array(json) ? "a comma or ]" : "a comma or }");
    step(json);
    return in_array(json) ? read_value(json) : read_key(json);
}

static enum wait_json_event next(struct wait_json *json)
{
    switch (json->expects) {
    case EXPECTS_VALUE:
        return read_value(json);
    case EXPECTS_FIRST_ELEMENT:
        return peek_behind_blanks(json) == ']' ? close_level(json) : read_value(json);
    case EXPECTS_FIRST_KEY:
        return peek_behind_blanks(json) == '}' ? close_level(json) : read_key(json);
    case EXPECTS_MORE:
        return read_more(json);
    case EXPECTS_NOTHING: {
        int byte = peek_behind_blanks(json);
        return byte < 0 ? WAIT_JSON_END : refuse_byte(json, byte, "the end");
    }
    default:
        return WAIT_JSON_PROBLEM;
    }
}

enum wait_json_event wait_json_next(struct wait_json *json)
{
    enum wait_json_event event = next(json);
    /* A read that fails looks like the end of the document to those above. */
    return json->expects == EXPECTS_PROBLEM ? WAIT_JSON_PROBLEM : event;
}

bool wait_json_skip(struct wait_json *json, enum wait_json_event event)
{
    unsigned levels = 0;
    for (;;) {
        if (event == WAIT_JSON_OBJECT || event == WAIT_JSON_ARRAY)
            levels++;
        else if (event == WAIT_JSON_OBJECT_END || event == WAIT_JSON_ARRAY_END)
            levels--;
        if (levels == 0)
            return event != WAIT_JSON_PROBLEM;
        event = wait_json_next(json);
        if (event == WAIT_JSON_PROBLEM)
            return false;
    }
}
