/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_words.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"

struct backup_words backup_age_words(int64_t ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}};
    size_t i = 0;
    while (i + 1 < ARRAY_LENGTH(units) && ms < 2 * units[i].ms)
        i++;
    struct backup_words words = {""};
    snprintf(words.text, sizeof words.text, "%" PRId64 " %s", ms > 0 ? ms / units[i].ms : 0, units[i].name);
    return words;
}

struct backup_words backup_size_words(int64_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    struct backup_words words = {""};
    if (bytes < 1024) {
        snprintf(words.text, sizeof words.text, "%" PRId64 " byte%s", bytes, bytes == 1 ? "" : "s");
        return words;
    }
    size_t i = 0;
    int64_t unit = 1024;
    while (i + 1 < ARRAY_LENGTH(units) && bytes / unit >= 1024) {
        unit *= 1024;
        i++;
    }
    int64_t whole = bytes / unit;
    int64_t tenths = bytes % unit * 10 / unit;
    if (whole < 10 && tenths > 0)
        snprintf(words.text, sizeof words.text, "%" PRId64 ".%" PRId64 " %s", whole, tenths, units[i]);
    else
        snprintf(words.text, sizeof words.text, "%" PRId64 " %s", whole, units[i]);
    return words;
}
