/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_policy.h"

#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "drift/drift.h"

enum { POLICY_VALUES = 2, VALUES_END = POLICY_VALUES + 1, DAY_MS = 24 * 60 * 60 * 1000 };

#define EVERY_KIND ((1u << DRIFT_KINDS) - 1)

_Static_assert(DRIFT_KINDS < 32, "the kinds of an entry are bits of an unsigned");

static const char *const row_values[DRIFT_POLICIES][VALUES_END] = {
#define DRIFT_POLICY_ROW(name, key, preset, other, doc) [POLICY_##name] = {preset, other, NULL},
#include "drift/drift_policies.h"
#undef DRIFT_POLICY_ROW
};

static const struct drift_policy_row rows[DRIFT_POLICIES] = {
#define DRIFT_POLICY_ROW(name, key, preset, other, doc) [POLICY_##name] = {key, row_values[POLICY_##name], doc},
#include "drift/drift_policies.h"
#undef DRIFT_POLICY_ROW
};

const struct drift_policy_row *drift_policy_row(enum drift_policy_key key)
{
    return &rows[key];
}

void drift_policy_init(struct drift_policy *policy)
{
    *policy = (struct drift_policy){0};
}

/* What is nearest to `text` among names; NULL if nothing is near. Both share a beginning or an end of some length. */
static const char *nearest(const char *text, const char *(*name_at)(size_t), size_t count)
{
    size_t length = strlen(text);
    const char *best = NULL;
    size_t best_score = 2; /* fewer equal letters are chance */
    for (size_t i = 0; i < count; i++) {
        const char *name = name_at(i);
        size_t size = strlen(name);
        size_t head = 0;
        size_t tail = 0;
        while (head < length && head < size && text[head] == name[head])
            head++;
        while (tail < length && tail < size && text[length - 1 - tail] == name[size - 1 - tail])
            tail++;
        if (head + tail > best_score) {
            best_score = head + tail;
            best = name;
        }
    }
    return best;
}

static const char *policy_name_at(size_t i)
{
    return rows[i].key;
}

static const char *kind_name_at(size_t i)
{
    return drift_kind_name((enum drift_kind)i);
}

int drift_policy_set(struct drift_policy *policy, const char *key, const char *value, struct error *reterr)
{
    for (size_t i = 0; i < DRIFT_POLICIES; i++) {
        if (strcmp(rows[i].key, key) != 0)
            continue;
        for (size_t j = 0; j < POLICY_VALUES; j++) {
            if (strcmp(rows[i].values[j], value) == 0) {
                policy->values[i] = (unsigned char)j;
                return 0;
            }
        }
        return error_set(reterr, ERROR_INVALID, "%s is %s or %s, not \"%s\"", key, rows[i].values[0], rows[i].values[1],
                         value);
    }
    const char *hint = nearest(key, policy_name_at, DRIFT_POLICIES);
    return error_set(reterr, ERROR_INVALID, "there is no drift policy \"%s\"%s%s%s", key, hint ? " (did you mean " : "",
                     hint ? hint : "", hint ? "?)" : "");
}

static int parse_kind(const char *text, size_t length, unsigned *ret_kinds, struct error *reterr)
{
    char name[32] = "";
    if (length == 1 && text[0] == '*') {
        *ret_kinds = EVERY_KIND;
        return 0;
    }
    if (length < sizeof name)
        memcpy(name, text, length);
    enum drift_kind kind = drift_kind_from_name(name);
    if (kind < DRIFT_KINDS) {
        *ret_kinds = 1u << kind;
        return 0;
    }
    const char *hint = nearest(name, kind_name_at, DRIFT_KINDS);
    return error_set(reterr, ERROR_INVALID, "\"%.*s\" is no kind of object%s%s%s", (int)length, text,
                     hint ? " (did you mean " : "", hint ? hint : "", hint ? "?)" : "");
}

/* A '#' in double quotes belongs to a name. */
static const char *find_attribute(const char *pattern)
{
    bool quoted = false;
    for (const char *at = pattern; *at; at++) {
        if (*at == '"')
            quoted = !quoted;
        else if (*at == '#' && !quoted)
            return at;
    }
    return NULL;
}

int drift_ignore_parse(const char *text, struct arena *arena, struct drift_ignore *ret_ignore, struct error *reterr)
{
    struct drift_ignore ignore = {0};
    const char *colon = strchr(text, ':');
    if (!colon)
        return error_set(reterr, ERROR_INVALID, "\"%s\" is not kind:pattern, such as table:tmp_*", text);
    if (parse_kind(text, (size_t)(colon - text), &ignore.kinds, reterr))
        return -1;
    const char *pattern = colon + 1;
    const char *mark = find_attribute(pattern);
    size_t length = mark ? (size_t)(mark - pattern) : strlen(pattern);
    if (length == 0)
        return error_set(reterr, ERROR_INVALID, "\"%s\" has no pattern behind the colon", text);
    if (mark && mark[1] == '\0')
        return error_set(reterr, ERROR_INVALID, "\"%s\" has no attribute behind the #", text);
    ignore.match = arena_strdup(arena, text);
    ignore.pattern = arena_strndup(arena, pattern, length);
    if (mark)
        ignore.attribute = arena_strdup(arena, mark + 1);
    if (!ignore.match || !ignore.pattern || (mark && !ignore.attribute))
        return error_no_memory(reterr);
    *ret_ignore = ignore;
    return 0;
}

/* `count` digits; -1 if they are not. */
static int read_digits(const char *text, size_t count)
{
    int number = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

int drift_until_parse(const char *text, int64_t *ret_until_ms, struct error *reterr)
{
    bool shaped = strlen(text) == 10 && text[4] == '-' && text[7] == '-';
    int year = shaped ? read_digits(text, 4) : -1;
    int month = shaped ? read_digits(text + 5, 2) : -1;
    int day = shaped ? read_digits(text + 8, 2) : -1;
    if (year < 0 || month < 0 || day < 0)
        return error_set(reterr, ERROR_INVALID, "\"%s\" is not a date such as 2027-01-31", text);
    struct tm date = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};
    time_t seconds = timegm(&date);
    if (year < 1970 || date.tm_year != year - 1900 || date.tm_mon != month - 1 || date.tm_mday != day)
        return error_set(reterr, ERROR_INVALID, "there is no day %s", text);
    *ret_until_ms = (int64_t)seconds * 1000 + DAY_MS;
    return 0;
}
