/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* The greatest number of bytes, at most `limit`, that ends between two characters. */
static size_t clip(const char *text, size_t limit)
{
    if (strnlen(text, limit + 1) <= limit)
        return strlen(text);
    while (limit > 0 && ((unsigned char)text[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}

void postgres_make_name(const char *table, const char *columns, const char *label, char ret_name[POSTGRES_NAME_SIZE])
{
    size_t first = strlen(table);
    size_t second = columns ? strlen(columns) : 0;
    size_t extra = strlen(label) + 1 + (columns ? 1 : 0);
    size_t available = extra < POSTGRES_NAME_SIZE ? POSTGRES_NAME_SIZE - 1 - extra : 0;
    while (first + second > available) {
        if (first > second)
            first--;
        else
            second--;
    }
    first = clip(table, first);
    second = columns ? clip(columns, second) : 0;
    snprintf(ret_name, POSTGRES_NAME_SIZE, "%.*s%s%.*s_%s", (int)first, table, columns ? "_" : "", (int)second,
             columns ? columns : "", label);
}

void postgres_join_columns(const char *const *columns, size_t count, char *buffer)
{
    size_t length = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < count && length < POSTGRES_NAME_SIZE; i++) {
        if (length > 0)
            buffer[length++] = '_';
        size_t added = strnlen(columns[i], POSTGRES_NAME_SIZE - 1);
        memcpy(buffer + length, columns[i], added);
        length += added;
        buffer[length] = '\0';
    }
}

/* How many digits end the name; a number has no leading zero. */
static size_t count_digits(const char *name)
{
    size_t length = strlen(name);
    size_t digits = 0;
    while (digits < length && isdigit((unsigned char)name[length - digits - 1]))
        digits++;
    while (digits > 0 && name[length - digits] == '0')
        digits--;
    return digits;
}

bool postgres_name_is_automatic(const char *name, const char *table, const char *columns, const char *label)
{
    char numbered[POSTGRES_NAME_SIZE] = "";
    char chosen[POSTGRES_NAME_SIZE] = "";
    size_t length = strlen(name);
    if (length >= POSTGRES_NAME_SIZE)
        return false;
    size_t digits = count_digits(name);
    if (digits > 10)
        return false;
    snprintf(numbered, sizeof numbered, "%s%s", label, name + length - digits);
    postgres_make_name(table, columns, numbered, chosen);
    return strcmp(chosen, name) == 0;
}
