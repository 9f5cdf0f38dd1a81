/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_time.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/time_text.h"

/* Seconds until the year 9999 have twelve digits. */
enum { MOST_SECOND_DIGITS = 12, MOST_TEXT_BYTES = 48, DATE_BYTES = 10, SECONDS_END = 19 };

static bool parse_seconds(const char *text, int64_t *ret_ms)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    size_t fraction = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    if (digits == 0 || digits > MOST_SECOND_DIGITS || (*rest == '.' && fraction == 0) ||
        rest[fraction > 0 ? fraction + 1 : 0] != '\0')
        return false;
    int64_t ms = 0;
    for (size_t i = 0; i < digits; i++)
        ms = ms * 10 + (text[i] - '0');
    for (size_t i = 0; i < 3; i++)
        ms = ms * 10 + (i < fraction ? rest[1 + i] - '0' : 0);
    *ret_ms = ms;
    return true;
}

/* A zone as RFC 3339 has it; NULL for what is none. Servers leave out minutes and colons. */
static const char *full_zone(const char *zone, char buffer[8])
{
    size_t length = strlen(zone);
    if (length == 0)
        return "Z";
    if (*zone != '+' && *zone != '-')
        return zone;
    if (length == 3)
        snprintf(buffer, 8, "%s:00", zone);
    else if (length == 5 && zone[3] != ':')
        snprintf(buffer, 8, "%.3s:%s", zone, zone + 3);
    else
        return zone;
    return buffer;
}

bool backup_time_parse(const char *text, int64_t *ret_ms)
{
    char full[MOST_TEXT_BYTES + 8] = "";
    char zone[8] = "";
    size_t length = strlen(text);
    if (length > MOST_TEXT_BYTES)
        return false;
    if (parse_seconds(text, ret_ms))
        return true;
    if (length == DATE_BYTES) {
        snprintf(full, sizeof full, "%sT00:00:00Z", text);
        return time_parse_rfc3339(full, ret_ms);
    }
    if (length < SECONDS_END)
        return false;
    size_t fraction = text[SECONDS_END] == '.' ? 1 + strspn(text + SECONDS_END + 1, "0123456789") : 0;
    size_t end = SECONDS_END + fraction;
    const char *blank = text[end] == ' ' ? " " : "";
    snprintf(full, sizeof full, "%.*s%s", (int)end, text, full_zone(text + end + strlen(blank), zone));
    return time_parse_rfc3339(full, ret_ms);
}
