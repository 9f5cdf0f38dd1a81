/* SPDX-License-Identifier: Apache-2.0 */
#include "json/json_writer.h"

#include <string.h>

#include "base/utf8.h"

/* What a level is. The outermost one is neither object nor array and takes one value. */
enum { LEVEL_OBJECT = 1, LEVEL_ARRAY = 2, LEVEL_USED = 4 };

enum { INTEGER_SIZE = 24, ESCAPE_SIZE = 8, TIME_SIZE = 32 };

static const char hex_digits[] = "0123456789abcdef";

/* Bytes that stand in a JSON string as they are. Everything over ASCII has to be decoded first. */
static const bool plain[256] = {[0x20 ... 0x21] = true, [0x23 ... 0x5B] = true, [0x5D ... 0x7E] = true};

/* Whether one of eight bytes is not plain. Each term sets the high bit of such a byte; a borrow can reach a higher byte
 * only from one that is special itself, so the answer is exact. */
static bool has_special(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = (word ^ ones * '"') - ones;
    uint64_t backslash = (word ^ ones * '\\') - ones;
    return ((word | (word - ones * 0x20) | (word + ones) | quote | backslash) & ones * 0x80) != 0;
}

/* The next two copy what is plain, eight bytes at a time, and stop in front of the word that is not; they return the
 * number of bytes copied. Copying while looking is what makes the writer fast: nearly every text is plain. */
static inline size_t copy_short(char *place, const char *text, size_t length)
{
    uint32_t first = 0;
    uint32_t last = 0;
    size_t i = 0;
    if (length >= sizeof first) {
        memcpy(&first, text, sizeof first);
        memcpy(&last, text + length - sizeof last, sizeof last);
        if (has_special(first | (uint64_t)last << 32))
            return 0;
        memcpy(place, &first, sizeof first);
        memcpy(place + length - sizeof last, &last, sizeof last);
        return length;
    }
    for (; i < length && plain[(unsigned char)text[i]]; i++)
        place[i] = text[i];
    return i;
}

static inline size_t copy_plain(char *place, const char *text, size_t length)
{
    uint64_t word = 0;
    size_t i = 0;
    if (length < sizeof word)
        return copy_short(place, text, length);
    for (; i + sizeof word <= length; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (has_special(word))
            return i;
        memcpy(place + i, &word, sizeof word);
    }
    memcpy(&word, text + length - sizeof word, sizeof word);
    if (has_special(word))
        return i;
    memcpy(place + length - sizeof word, &word, sizeof word);
    return length;
}

/* Length of the longest plain beginning. */
static size_t plain_run(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && plain[(unsigned char)text[i]])
        i++;
    return i;
}

/* strbuf_reserve without the call in the usual case: the writer spends most of its time here. */
static inline char *reserve(struct strbuf *out, size_t extra)
{
    if (out->failed || extra >= out->capacity - out->length || extra > out->maximum - out->length)
        return strbuf_reserve(out, extra);
    return out->bytes + out->length;
}

static inline void commit(struct strbuf *out, const char *end)
{
    out->length = (size_t)(end - out->bytes);
    out->bytes[out->length] = '\0';
}

static void new_line(struct json_writer *writer)
{
    strbuf_add_char(writer->out, '\n');
    size_t blanks = (size_t)writer->indent * writer->depth;
    char *place = strbuf_reserve(writer->out, blanks);
    if (!place)
        return;
    memset(place, ' ', blanks);
    strbuf_commit(writer->out, blanks);
}

/* Puts the comma and, when indenting, the line's beginning before a member or an element. Returns the comma if the
 * caller has to write it. */
static int separate(struct json_writer *writer)
{
    unsigned char *level = &writer->kinds[writer->depth];
    int comma = *level & LEVEL_USED ? ',' : '\0';
    *level |= LEVEL_USED;
    if (writer->indent == 0)
        return comma;
    if (comma)
        strbuf_add_char(writer->out, (char)comma);
    new_line(writer);
    return '\0';
}

/* Takes the place of one value. Returns the comma to write before it, NUL if there is none, -1 after misuse. */
static inline int take_place(struct json_writer *writer)
{
    unsigned char *level = &writer->kinds[writer->depth];
    int before = '\0';
    if (*level & LEVEL_OBJECT) {
        if (!writer->key_pending)
            writer->failed = true;
        writer->key_pending = false;
    } else if (*level & LEVEL_ARRAY) {
        before = separate(writer);
    } else {
        if (*level & LEVEL_USED)
            writer->failed = true;
        *level |= LEVEL_USED;
    }
    return writer->failed ? -1 : before;
}

/* Writes what stands for a character that may not stand for itself; returns the number of bytes. */
static size_t escape(uint32_t point, char escaped[static ESCAPE_SIZE])
{
    static const char short_forms[128] = {
        ['"'] = '"', ['\\'] = '\\', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['\b'] = 'b', ['\f'] = 'f'};
    escaped[0] = '\\';
    if (point < sizeof short_forms && short_forms[point]) {
        escaped[1] = short_forms[point];
        return 2;
    }
    escaped[1] = 'u';
    for (unsigned i = 0; i < 4; i++)
        escaped[2 + i] = hex_digits[point >> (12 - 4 * i) & 15];
    return 6;
}

/* The same for a byte that belongs to no well-formed sequence: the four characters \xHH, their backslash escaped. */
static size_t escape_byte(unsigned char byte, char escaped[static ESCAPE_SIZE])
{
    memcpy(escaped, "\\\\x", 3);
    escaped[3] = hex_digits[byte >> 4];
    escaped[4] = hex_digits[byte & 15];
    return 5;
}

/* Length of the longest beginning that can be copied: plain bytes and well-formed printable sequences. */
static size_t copied_run(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        i += plain_run(text + i, length - i);
        uint32_t point = 0;
        size_t width = utf8_decode(text + i, length - i, &point);
        if (width < 2 || utf8_is_unprintable(point))
            break;
        i += width;
    }
    return i;
}

static void put_escaped(struct strbuf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t run = copied_run(text + i, length - i);
        strbuf_add(out, text + i, run);
        i += run;
        if (i == length)
            break;
        char escaped[ESCAPE_SIZE] = "";
        uint32_t point = 0;
        size_t width = utf8_decode(text + i, length - i, &point);
        size_t size = width > 0 ? escape(point, escaped) : escape_byte((unsigned char)text[i], escaped);
        strbuf_add(out, escaped, size);
        i += width > 0 ? width : 1;
    }
}

/* `before` and `after` stand around the quotes; NUL is nothing. */
static inline void put_quoted(struct strbuf *out, const char *text, size_t length, char before, char after)
{
    char *place = reserve(out, length + 2 + (before != '\0') + (after != '\0'));
    if (!place)
        return;
    if (before)
        *place++ = before;
    *place++ = '"';
    size_t copied = copy_plain(place, text, length);
    place += copied;
    if (copied < length) {
        commit(out, place);
        put_escaped(out, text + copied, length - copied);
        place = reserve(out, 2);
        if (!place)
            return;
    }
    *place++ = '"';
    if (after)
        *place++ = after;
    commit(out, place);
}

/* A value that needs no quotes. */
static void put_bare(struct json_writer *writer, const char *text, size_t length)
{
    int before = take_place(writer);
    char *place = before < 0 ? NULL : reserve(writer->out, length + (before > 0));
    if (!place)
        return;
    if (before)
        *place++ = (char)before;
    memcpy(place, text, length);
    commit(writer->out, place + length);
}

void json_writer_init(struct json_writer *writer, struct strbuf *out, unsigned indent)
{
    *writer = (struct json_writer){.out = out, .indent = indent};
}

static void open_level(struct json_writer *writer, unsigned char kind, char bracket)
{
    if (writer->depth + 1 >= JSON_WRITER_DEPTH)
        writer->failed = true;
    else
        put_bare(writer, &bracket, 1);
    if (!writer->failed)
        writer->kinds[++writer->depth] = kind;
}

static void close_level(struct json_writer *writer, unsigned char kind, char bracket)
{
    unsigned char level = writer->kinds[writer->depth];
    if (!(level & kind) || writer->key_pending)
        writer->failed = true;
    if (writer->failed)
        return;
    writer->depth--;
    if (writer->indent > 0 && level & LEVEL_USED)
        new_line(writer);
    strbuf_add_char(writer->out, bracket);
}

void json_open_object(struct json_writer *writer)
{
    open_level(writer, LEVEL_OBJECT, '{');
}

void json_close_object(struct json_writer *writer)
{
    close_level(writer, LEVEL_OBJECT, '}');
}

void json_open_array(struct json_writer *writer)
{
    open_level(writer, LEVEL_ARRAY, '[');
}

void json_close_array(struct json_writer *writer)
{
    close_level(writer, LEVEL_ARRAY, ']');
}

void json_key_n(struct json_writer *writer, const char *key, size_t length)
{
    if (!(writer->kinds[writer->depth] & LEVEL_OBJECT) || writer->key_pending)
        writer->failed = true;
    if (writer->failed)
        return;
    int before = separate(writer);
    put_quoted(writer->out, key, length, (char)before, ':');
    if (writer->indent > 0)
        strbuf_add_char(writer->out, ' ');
    writer->key_pending = true;
}

void json_add_string_n(struct json_writer *writer, const char *text, size_t length)
{
    int before = text ? take_place(writer) : -1;
    if (!text)
        json_add_null(writer);
    else if (before >= 0)
        put_quoted(writer->out, text, length, (char)before, '\0');
}

void json_add_string(struct json_writer *writer, const char *text)
{
    json_add_string_n(writer, text, text ? strlen(text) : 0);
}

/* Writes the digits of `value` in front of `end` and returns where they begin. */
static char *digits_before(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return end;
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

void json_add_document(struct json_writer *writer, const char *json, size_t length)
{
    put_bare(writer, json, length);
}

void json_add_integer(struct json_writer *writer, int64_t value)
{
    char text[INTEGER_SIZE] = "";
    char *end = text + sizeof text;
    char *begin = digits_before(end, magnitude(value));
    if (value < 0)
        *--begin = '-';
    put_bare(writer, begin, (size_t)(end - begin));
}

void json_add_boolean(struct json_writer *writer, bool value)
{
    put_bare(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_add_null(struct json_writer *writer)
{
    put_bare(writer, "null", 4);
}

/* Writes ".5", ".05" or ".123" for 500, 50 or 123 thousandths, nothing for 0; returns the end. */
static char *put_thousandths(char *place, unsigned thousandths)
{
    if (thousandths == 0)
        return place;
    *place++ = '.';
    for (unsigned unit = 100; thousandths > 0; unit /= 10) {
        *place++ = (char)('0' + thousandths / unit);
        thousandths %= unit;
    }
    return place;
}

void json_add_seconds(struct json_writer *writer, int64_t milliseconds)
{
    char text[INTEGER_SIZE + 4] = "";
    char *point = text + INTEGER_SIZE;
    char *begin = digits_before(point, magnitude(milliseconds) / 1000);
    if (milliseconds < 0)
        *--begin = '-';
    const char *end = put_thousandths(point, (unsigned)(magnitude(milliseconds) % 1000));
    put_bare(writer, begin, (size_t)(end - begin));
}

struct civil_date {
    unsigned year;
    unsigned month;
    unsigned day;
};

/* The Gregorian date of a day counted from 0000-03-01, when leap days end a year. gmtime_r() would take the C library's
 * time zone lock on every call. */
static struct civil_date civil_date(uint64_t days)
{
    uint64_t era = days / 146097;
    unsigned day_of_era = (unsigned)(days % 146097);
    unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned from_march = (5 * day_of_year + 2) / 153;
    unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;
    return (struct civil_date){.year = (unsigned)era * 400 + year_of_era + (month <= 2),
                               .month = month,
                               .day = day_of_year - (153 * from_march + 2) / 5 + 1};
}

/* `value` with leading zeros in `width` digits; returns the end. */
static char *put_padded(char *place, unsigned value, unsigned width)
{
    for (unsigned i = width; i > 0; i--) {
        place[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
    return place + width;
}

static char *put_date(char *place, struct civil_date date)
{
    place = put_padded(place, date.year, 4);
    *place++ = '-';
    place = put_padded(place, date.month, 2);
    *place++ = '-';
    return put_padded(place, date.day, 2);
}

static char *put_clock(char *place, unsigned second_of_day)
{
    place = put_padded(place, second_of_day / 3600, 2);
    *place++ = ':';
    place = put_padded(place, second_of_day / 60 % 60, 2);
    *place++ = ':';
    return put_padded(place, second_of_day % 60, 2);
}

void json_add_time(struct json_writer *writer, int64_t unix_ms)
{
    const int64_t day_ms = 86400000;
    const int64_t epoch_ms = 719468 * day_ms;  /* from 0000-03-01 to 1970-01-01 */
    const int64_t first_ms = -719162 * day_ms; /* 0001-01-01 */
    const int64_t end_ms = 2932897 * day_ms;   /* 10000-01-01 */
    if (unix_ms < first_ms || unix_ms >= end_ms) {
        json_add_null(writer);
        return;
    }
    uint64_t since = (uint64_t)(unix_ms + epoch_ms);
    unsigned of_day = (unsigned)(since % (uint64_t)day_ms);
    char text[TIME_SIZE] = "";
    char *end = put_date(text, civil_date(since / (uint64_t)day_ms));
    *end++ = 'T';
    end = put_clock(end, of_day / 1000);
    if (of_day % 1000 > 0) {
        *end++ = '.';
        end = put_padded(end, of_day % 1000, 3);
    }
    *end++ = 'Z';
    json_add_string_n(writer, text, (size_t)(end - text));
}

bool json_writer_ok(const struct json_writer *writer)
{
    return !writer->failed && writer->depth == 0 && writer->kinds[0] & LEVEL_USED && strbuf_ok(writer->out);
}
