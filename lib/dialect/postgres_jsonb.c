/* SPDX-License-Identifier: Apache-2.0
 *
 * jsonb as the server prints it: keys by length and then bytewise, the last of equal ones; numbers without exponents,
 * with the digits that were written; one blank behind commas and colons.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/postgres_default.h"

/* An exponent beyond this is compared as it is written. */
enum { EXPONENT = 60 };

struct reader {
    const char *at;
    const char *end;
    unsigned depth;
};

/* One member of an object: what stands in the object's buffer. */
struct member {
    const char *bytes; /* the buffer's, once it is complete */
    size_t key;
    size_t key_length; /* decoded */
    size_t text;       /* "key": value */
    size_t text_length;
    size_t order;
};

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4))
        reader->at++;
}

static bool accept(struct reader *reader, const char *text)
{
    size_t length = strlen(text);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static int hex_digit(char byte)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = byte ? strchr(digits, byte >= 'A' && byte <= 'F' ? byte | 0x20 : byte) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_unit(struct reader *reader, uint32_t *ret_unit)
{
    *ret_unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = reader->at < reader->end ? hex_digit(*reader->at++) : -1;
        if (digit < 0)
            return false;
        *ret_unit = *ret_unit << 4 | (uint32_t)digit;
    }
    return true;
}

static void add_character(struct strbuf *out, uint32_t code)
{
    if (code < 0x80) {
        strbuf_add_char(out, (char)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
    strbuf_add_char(out, (char)(lead[more] | code >> 6 * more));
    while (more-- > 0)
        strbuf_add_char(out, (char)(0x80 | (code >> 6 * more & 0x3f)));
}

static bool read_escape(struct reader *reader, struct strbuf *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end)
        return false;
    char letter = *reader->at++;
    const char *known = letter ? strchr(letters, letter) : NULL;
    if (known) {
        strbuf_add_char(out, bytes[known - letters]);
        return true;
    }
    uint32_t code = 0;
    uint32_t low = 0;
    if (letter != 'u' || !read_unit(reader, &code) || code == 0 || (code >= 0xdc00 && code <= 0xdfff))
        return false;
    if (code >= 0xd800 && code <= 0xdbff) {
        if (!accept(reader, "\\u") || !read_unit(reader, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    add_character(out, code);
    return true;
}

/* Appends the decoded string. */
static bool read_string(struct reader *reader, struct strbuf *out)
{
    if (!accept(reader, "\""))
        return false;
    while (reader->at < reader->end && *reader->at != '"') {
        char byte = *reader->at++;
        if ((unsigned char)byte < 0x20 || (byte == '\\' && !read_escape(reader, out)))
            return false;
        if (byte != '\\')
            strbuf_add_char(out, byte);
    }
    return accept(reader, "\"");
}

static void print_string(const char *text, size_t length, struct strbuf *out)
{
    static const char bytes[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    strbuf_add_char(out, '"');
    for (size_t i = 0; i < length; i++) {
        const char *known = text[i] ? strchr(bytes, text[i]) : NULL;
        if (known) {
            strbuf_add_char(out, '\\');
            strbuf_add_char(out, letters[known - bytes]);
        } else if ((unsigned char)text[i] < 0x20) {
            strbuf_printf(out, "\\u%04x", (unsigned)text[i]);
        } else {
            strbuf_add_char(out, text[i]);
        }
    }
    strbuf_add_char(out, '"');
}

static size_t take_digits(struct reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return (size_t)(reader->at - start);
}

static bool read_exponent(struct reader *reader, long *ret_exponent)
{
    bool negative = accept(reader, "-");
    if (!negative)
        accept(reader, "+");
    const char *start = reader->at;
    size_t digits = take_digits(reader);
    if (digits == 0 || digits > 3)
        return false;
    for (; digits > 0; digits--)
        *ret_exponent = *ret_exponent * 10 + (*start++ - '0');
    *ret_exponent = negative ? -*ret_exponent : *ret_exponent;
    return *ret_exponent >= -EXPONENT && *ret_exponent <= EXPONENT;
}

/* Digits of a number by their place, counted from the first; zeros around what was written. */
static char digit_at(const char *whole, long whole_length, const char *fraction, long fraction_length, long place)
{
    if (place < 0 || place >= whole_length + fraction_length)
        return '0';
    return place < whole_length ? whole[place] : fraction[place - whole_length];
}

static bool read_number(struct reader *reader, struct strbuf *out)
{
    bool negative = accept(reader, "-");
    const char *whole = reader->at;
    long whole_length = (long)take_digits(reader);
    if (whole_length == 0 || (whole_length > 1 && *whole == '0'))
        return false;
    const char *fraction = reader->at + 1;
    long fraction_length = accept(reader, ".") ? (long)take_digits(reader) : -1;
    if (fraction_length == 0)
        return false;
    if (fraction_length < 0)
        fraction_length = 0;
    long exponent = 0;
    if ((accept(reader, "e") || accept(reader, "E")) && !read_exponent(reader, &exponent))
        return false;
    long point = whole_length + exponent;
    long end = whole_length + fraction_length > point ? whole_length + fraction_length : point;
    bool zero = true;
    for (long i = 0; i < whole_length + fraction_length && zero; i++)
        zero = digit_at(whole, whole_length, fraction, fraction_length, i) == '0';
    long first = 0;
    while (first < point - 1 && digit_at(whole, whole_length, fraction, fraction_length, first) == '0')
        first++;
    if (negative && !zero)
        strbuf_add_char(out, '-');
    if (point <= 0)
        strbuf_add_char(out, '0');
    for (long i = point <= 0 ? point : first; i < end; i++) {
        if (i == point)
            strbuf_add_char(out, '.');
        strbuf_add_char(out, digit_at(whole, whole_length, fraction, fraction_length, i));
    }
    return true;
}

static bool read_value(struct reader *reader, struct strbuf *out);

static bool read_array(struct reader *reader, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    skip_blanks(reader);
    if (!accept(reader, "]")) {
        do {
            if (!read_value(reader, out))
                return false;
            strbuf_add_string(out, ", ");
        } while (accept(reader, ","));
        if (!accept(reader, "]") || !strbuf_ok(out))
            return false;
        out->length -= 2;
    }
    strbuf_add_char(out, ']');
    return true;
}

/* Shorter keys first, as the server keeps them; of equal ones the last first. */
static int compare_members(const void *left, const void *right)
{
    const struct member *a = left;
    const struct member *b = right;
    if (a->key_length != b->key_length)
        return a->key_length < b->key_length ? -1 : 1;
    int order = a->key_length ? memcmp(a->bytes + a->key, b->bytes + b->key, a->key_length) : 0;
    if (order != 0)
        return order;
    return a->order > b->order ? -1 : a->order < b->order;
}

/* Appends the decoded key, then the member's text. */
static bool read_member(struct reader *reader, struct strbuf *buffer, struct member *member)
{
    skip_blanks(reader);
    member->key = buffer->length;
    if (!read_string(reader, buffer) || !strbuf_ok(buffer))
        return false;
    member->key_length = buffer->length - member->key;
    cleanup(free) char *key = mem_strndup(strbuf_text(buffer) + member->key, member->key_length);
    buffer->failed |= !key;
    if (!key)
        return false;
    member->text = buffer->length;
    print_string(key, member->key_length, buffer);
    strbuf_add_string(buffer, ": ");
    skip_blanks(reader);
    if (!accept(reader, ":") || !read_value(reader, buffer))
        return false;
    member->text_length = buffer->length - member->text;
    return true;
}

static void print_members(struct member *members, size_t count, const struct strbuf *buffer, struct strbuf *out)
{
    for (size_t i = 0; i < count; i++)
        members[i].bytes = strbuf_text(buffer);
    if (count > 1)
        qsort(members, count, sizeof *members, compare_members);
    const struct member *last = NULL;
    strbuf_add_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        const struct member *member = &members[i];
        if (last && last->key_length == member->key_length &&
            memcmp(last->bytes + last->key, member->bytes + member->key, member->key_length) == 0)
            continue;
        if (last)
            strbuf_add_string(out, ", ");
        strbuf_add(out, member->bytes + member->text, member->text_length);
        last = member;
    }
    strbuf_add_char(out, '}');
}

static bool read_object(struct reader *reader, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf buffer = STRBUF(out->maximum);
    cleanup(free) struct member *members = NULL;
    size_t capacity = 0;
    size_t count = 0;
    skip_blanks(reader);
    bool empty = accept(reader, "}");
    while (!empty) {
        if (!mem_grow(&members, &capacity, count, sizeof *members, LIMIT_DEFINITION_BYTES)) {
            out->failed = true;
            return false;
        }
        members[count] = (struct member){.order = count};
        if (!read_member(reader, &buffer, &members[count])) {
            out->failed |= !strbuf_ok(&buffer);
            return false;
        }
        count++;
        if (!accept(reader, ","))
            break;
    }
    if (!empty && !accept(reader, "}"))
        return false;
    print_members(members, count, &buffer, out);
    return true;
}

/* Blanks around it are passed over. */
static bool read_value(struct reader *reader, struct strbuf *out)
{
    static const char *const words[] = {"null", "true", "false"};
    skip_blanks(reader);
    if (reader->at == reader->end || reader->depth == LIMIT_JSON_DEPTH)
        return false;
    bool good = false;
    reader->depth++;
    if (*reader->at == '"') {
        cleanup(strbuf) struct strbuf text = STRBUF(out->maximum);
        good = read_string(reader, &text);
        out->failed |= !strbuf_ok(&text);
        print_string(strbuf_text(&text), text.length, out);
    } else if (accept(reader, "[")) {
        good = read_array(reader, out);
    } else if (accept(reader, "{")) {
        good = read_object(reader, out);
    } else {
        for (size_t i = 0; i < ARRAY_LENGTH(words) && !good; i++) {
            good = accept(reader, words[i]);
            if (good)
                strbuf_add_string(out, words[i]);
        }
        good = good || read_number(reader, out);
    }
    reader->depth--;
    skip_blanks(reader);
    return good;
}

bool postgres_jsonb_canonical(const char *text, size_t length, struct strbuf *out)
{
    cleanup(strbuf) struct strbuf json = STRBUF(out->maximum);
    cleanup(strbuf) struct strbuf value = STRBUF(out->maximum);
    for (size_t i = 0; i < length; i++) {
        strbuf_add_char(&json, text[i]);
        i += text[i] == '\'';
    }
    struct reader reader = {strbuf_text(&json), strbuf_text(&json) + json.length, 0};
    bool good = strbuf_ok(&json) && read_value(&reader, &value) && reader.at == reader.end;
    out->failed |= !strbuf_ok(&json) || !strbuf_ok(&value);
    if (!good || !strbuf_ok(&value))
        return false;
    strbuf_add_char(out, '\'');
    for (size_t i = 0; i < value.length; i++) {
        if (value.bytes[i] == '\'')
            strbuf_add_char(out, '\'');
        strbuf_add_char(out, value.bytes[i]);
    }
    strbuf_add_char(out, '\'');
    return true;
}
