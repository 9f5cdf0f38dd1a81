/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/flyway_version.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/utf8.h"

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_separator(char byte)
{
    return byte == '.' || byte == '_';
}

bool flyway_version_is_valid(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        bool inside = i > 0 && i + 1 < length && is_digit(text[i - 1]);
        if (!is_digit(text[i]) && !(is_separator(text[i]) && inside))
            return false;
    }
    return length > 0;
}

char *flyway_version_normalise(struct arena *arena, const char *text, size_t length)
{
    char *out = arena_alloc(arena, length + 2);
    if (!out)
        return NULL;
    size_t used = 0;
    size_t significant = 0; /* length up to the last part that is not zero */
    for (size_t i = 0; i < length;) {
        while (i < length && text[i] == '0')
            i++;
        size_t digits = 0;
        while (i + digits < length && is_digit(text[i + digits]))
            digits++;
        if (digits > 0) {
            memcpy(out + used, text + i, digits);
            used += digits;
            significant = used;
        } else {
            out[used++] = '0';
        }
        i += digits;
        if (i < length) {
            out[used++] = '.';
            i++;
        }
    }
    if (significant == 0)
        out[significant++] = '0';
    out[significant] = '\0';
    return out;
}

int flyway_version_order(const char *a, const char *b)
{
    while (*a && *b) {
        size_t length_a = strcspn(a, ".");
        size_t length_b = strcspn(b, ".");
        if (length_a != length_b)
            return length_a < length_b ? -1 : 1;
        int difference = memcmp(a, b, length_a);
        if (difference != 0)
            return difference;
        a += length_a + (a[length_a] == '.');
        b += length_b + (b[length_b] == '.');
    }
    return (*a != '\0') - (*b != '\0');
}

struct flyway_name flyway_name_parse(const char *name)
{
    static const struct {
        char prefix;
        enum flyway_kind kind;
    } prefixes[] = {{'V', FLYWAY_VERSIONED}, {'R', FLYWAY_REPEATABLE}, {'B', FLYWAY_BASELINE}};
    static const char suffix[] = ".sql";
    struct flyway_name none = {.kind = FLYWAY_NONE};
    size_t length = strlen(name);
    if (length < sizeof suffix || strcasecmp(name + length - (sizeof suffix - 1), suffix) != 0)
        return none;
    const char *rest = name + 1;
    size_t rest_length = length - sizeof suffix; /* without prefix and suffix */
    const char *separator = memmem(rest, rest_length, "__", 2);
    struct flyway_name parsed = {.version = rest,
                                 .version_length = separator ? (size_t)(separator - rest) : rest_length};
    if (separator) {
        parsed.description = separator + 2;
        parsed.description_length = rest_length - parsed.version_length - 2;
    } else {
        parsed.description = "";
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
        if (*name == prefixes[i].prefix)
            parsed.kind = prefixes[i].kind;
    bool valid = parsed.kind == FLYWAY_REPEATABLE ? parsed.version_length == 0
                                                  : flyway_version_is_valid(parsed.version, parsed.version_length);
    return valid ? parsed : none;
}

int32_t flyway_checksum(const char *text, size_t length)
{
    size_t at = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    uint32_t crc = 0;
    while (at < length) {
        size_t run = 0;
        while (at + run < length && text[at + run] != '\r' && text[at + run] != '\n')
            run++;
        crc = checksum_crc32(crc, text + at, run);
        at += run + 1;
    }
    return (int32_t)crc;
}

int32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t size = utf8_decode(text + i, length - i, &point);
        if (size == 0) {
            point = 0xFFFD;
            size = 1;
        }
        if (point >= 0x10000) {
            hash = 31 * hash + (0xD800 + ((point - 0x10000) >> 10));
            point = 0xDC00 + ((point - 0x10000) & 0x3FF);
        }
        hash = 31 * hash + point;
        i += size;
    }
    return (int32_t)hash;
}
