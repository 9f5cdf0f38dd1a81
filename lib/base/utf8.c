/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <string.h>

size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point)
{
    if (length == 0)
        return 0;
    unsigned char first = (unsigned char)text[0];
    if (first < 0x80) {
        if (ret_point)
            *ret_point = first;
        return 1;
    }
    size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || size > length)
        return 0;
    uint32_t point = first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (next & 0x3Fu);
    }
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
        return 0;
    if (ret_point)
        *ret_point = point;
    return size;
}

bool utf8_is_valid(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        /* Eight ASCII bytes at a time: nearly all identifiers and SQL are ASCII. */
        while (i + 8 <= length) {
            uint64_t word = 0;
            memcpy(&word, text + i, 8);
            if (word & UINT64_C(0x8080808080808080))
                break;
            i += 8;
        }
        if (i >= length)
            break;
        size_t size = utf8_decode(text + i, length - i, NULL);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

bool utf8_is_unprintable(uint32_t point)
{
    return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x061C || point == 0x200E || point == 0x200F ||
           (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

void utf8_make_line(char *buffer, size_t size)
{
    size_t length = strnlen(buffer, size);
    bool filled = length + 1 >= size;
    size_t out = 0;
    for (size_t in = 0; in < length;) {
        uint32_t point = 0;
        size_t width = utf8_decode(buffer + in, length - in, &point);
        if (width == 0) {
            if (filled && length - in < 4)
                break;
            buffer[out++] = '?';
            in++;
        } else if (utf8_is_unprintable(point)) {
            buffer[out++] = ' ';
            in += width;
        } else {
            memmove(buffer + out, buffer + in, width);
            out += width;
            in += width;
        }
    }
    while (out > 0 && buffer[out - 1] == ' ')
        out--;
    if (out < size)
        buffer[out] = '\0';
}
