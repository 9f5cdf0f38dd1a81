/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/postgres_copy.h"

#include <stdlib.h>
#include <string.h>

static char unescaped(char letter)
{
    static const char letters[] = "bfnrtv";
    static const char bytes[] = "\b\f\n\r\t\v";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? bytes[found - letters] : letter;
}

/* Shortens the field in place. */
static size_t unescape(char *field, size_t length)
{
    char *first = memchr(field, '\\', length);
    if (!first)
        return length;
    char *out = first;
    const char *end = field + length;
    for (const char *in = first; in < end; in++) {
        if (*in == '\\' && in + 1 < end)
            *out++ = unescaped(*++in);
        else
            *out++ = *in;
    }
    return (size_t)(out - field);
}

bool postgres_copy_split(char *line, size_t length, struct copy_row *ret_row)
{
    if (length > 0 && line[length - 1] == '\n')
        length--;
    ret_row->count = 0;
    char *end = line + length;
    for (char *field = line;; field++) {
        if (ret_row->count == COPY_FIELDS)
            return false;
        char *tab = memchr(field, '\t', (size_t)(end - field));
        char *stop = tab ? tab : end;
        bool null = stop - field == 2 && field[0] == '\\' && field[1] == 'N';
        size_t kept = null ? 0 : unescape(field, (size_t)(stop - field));
        field[kept] = '\0';
        ret_row->fields[ret_row->count] = null ? NULL : field;
        ret_row->lengths[ret_row->count++] = kept;
        if (!tab)
            return true;
        field = tab;
    }
}

int64_t copy_number(const struct copy_row *row, size_t field)
{
    return row->fields[field] ? strtoll(row->fields[field], NULL, 10) : 0;
}

uint32_t copy_oid(const struct copy_row *row, size_t field)
{
    uint32_t number = 0;
    const char *text = row->fields[field];
    for (; text && *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint32_t)(*text - '0');
    return number;
}

bool copy_true(const struct copy_row *row, size_t field)
{
    return row->fields[field] && row->fields[field][0] == 't';
}

size_t copy_numbers(const struct copy_row *row, size_t field, int64_t *ret_numbers, size_t limit)
{
    const char *text = row->fields[field];
    size_t count = 0;
    while (text && count < limit) {
        text += strspn(text, "{, ");
        char *end = NULL;
        int64_t number = strtoll(text, &end, 10);
        if (end == text)
            break;
        ret_numbers[count++] = number;
        text = end;
    }
    return count;
}

bool postgres_array_next(const char **cursor, struct strbuf *item)
{
    const char *text = *cursor;
    strbuf_clear(item);
    if (!text || (*text != '{' && *text != ',') || (*text == '{' && text[1] == '}'))
        return false;
    bool is_quoted = text[1] == '"';
    text += is_quoted ? 2 : 1;
    while (*text && *text != (is_quoted ? '"' : ',') && (is_quoted || *text != '}')) {
        text += *text == '\\' && text[1] ? 1 : 0;
        strbuf_add_char(item, *text++);
    }
    *cursor = text + (is_quoted && *text ? 1 : 0);
    return true;
}
