/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"

#include <stddef.h>
#include <string.h>
#include <time.h>

/* `count` digits at `*text` within these bounds, which it is moved past; -1. */
static int take_number(const char **text, size_t count, int least, int greatest)
{
    int number = 0;
    for (size_t i = 0; i < count; i++, ++*text) {
        if (**text < '0' || **text > '9')
            return -1;
        number = number * 10 + (**text - '0');
    }
    return number >= least && number <= greatest ? number : -1;
}

static bool take_one_of(const char **text, const char *characters)
{
    if (**text == '\0' || !strchr(characters, **text))
        return false;
    ++*text;
    return true;
}

static int take_milliseconds(const char **text)
{
    int milliseconds = 0;
    size_t digits = strspn(*text, "0123456789");
    for (size_t i = 0; i < 3; i++)
        milliseconds = milliseconds * 10 + (i < digits ? (*text)[i] - '0' : 0);
    *text += digits;
    return digits > 0 ? milliseconds : -1;
}

/* Seconds east of Greenwich. */
static bool take_zone(const char **text, int *ret_seconds)
{
    *ret_seconds = 0;
    if (take_one_of(text, "Zz"))
        return true;
    int sign = **text == '-' ? -1 : 1;
    if (!take_one_of(text, "+-"))
        return false;
    int hours = take_number(text, 2, 0, 23);
    int minutes = hours >= 0 && take_one_of(text, ":") ? take_number(text, 2, 0, 59) : -1;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return minutes >= 0;
}

/* A field with what stands behind it. */
static const struct {
    size_t digits;
    int least, greatest;
    const char *behind;
} fields[] = {
    {4, 0, 9999, "-"}, {2, 1, 12, "-"}, {2, 1, 31, "Tt "}, {2, 0, 23, ":"}, {2, 0, 59, ":"}, {2, 0, 60, NULL},
};

enum { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FIELDS };

bool time_parse_rfc3339(const char *text, int64_t *ret_ms)
{
    int numbers[FIELDS] = {0};
    for (size_t i = 0; i < FIELDS; i++) {
        numbers[i] = text ? take_number(&text, fields[i].digits, fields[i].least, fields[i].greatest) : -1;
        if (numbers[i] < 0 || (fields[i].behind && !take_one_of(&text, fields[i].behind)))
            return false;
    }
    int milliseconds = take_one_of(&text, ".") ? take_milliseconds(&text) : 0;
    int zone = 0;
    if (milliseconds < 0 || !take_zone(&text, &zone) || *text != '\0')
        return false;
    struct tm tm = {
        .tm_year = numbers[YEAR] - 1900,
        .tm_mon = numbers[MONTH] - 1,
        .tm_mday = numbers[DAY],
        .tm_hour = numbers[HOUR],
        .tm_min = numbers[MINUTE],
        .tm_sec = numbers[SECOND],
    };
    *ret_ms = ((int64_t)timegm(&tm) - zone) * 1000 + milliseconds;
    return true;
}
