/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/liquibase_filter.h"

#include <string.h>
#include <strings.h>

#include "model/journal_pack.h"
#include "model/text_index.h"

#define NONE TEXT_INDEX_NONE

/* A changelog held against the rows. */
struct filter {
    const struct journal_entry *entries;
    size_t entry_count;
    struct arena *arena;
    struct migration *migrations; /* copies of the expected ones */
    size_t count;
    struct text_index rows; /* revision → entry */
};

/* "id::author::" of a revision, where its file begins. */
static const char *file_of(const char *revision)
{
    const char *file = strstr(revision, "::");
    file = file ? strstr(file + 2, "::") : NULL;
    return file ? file + 2 : revision;
}

/* How a journal spells the files' paths where it was run from another folder: what it has more in front, or less. */
struct respelling {
    const char *added;
    size_t added_length;
    size_t dropped;
};

/* Whether the row is of that change set but for the beginning of its path. */
static bool respells(const char *recorded, const char *expected, struct respelling *ret_respelling)
{
    const char *ours = file_of(expected);
    const char *theirs = file_of(recorded);
    size_t head = (size_t)(ours - expected);
    size_t own = strlen(ours);
    size_t other = strlen(theirs);
    if ((size_t)(theirs - recorded) != head || memcmp(recorded, expected, head) != 0 || own == other)
        return false;
    const char *longer = own > other ? ours : theirs;
    size_t more = own > other ? own - other : other - own;
    if (longer[more - 1] != '/' || strcmp(longer + more, own > other ? theirs : ours) != 0)
        return false;
    *ret_respelling =
        own > other ? (struct respelling){.dropped = more} : (struct respelling){.added = theirs, .added_length = more};
    return true;
}

/* Only where not one row fits as it is: then the paths of all begin otherwise. */
static bool find_respelling(const struct filter *filter, struct respelling *ret_respelling)
{
    for (size_t i = 0; i < filter->count; i++)
        if (text_index_find(&filter->rows, filter->migrations[i].revision) != NONE)
            return false;
    for (size_t i = 0; i < filter->count; i++)
        for (size_t j = 0; i < 16 && j < filter->entry_count; j++)
            if (respells(filter->entries[j].revision, filter->migrations[i].revision, ret_respelling))
                return true;
    return false;
}

static bool respell(const struct filter *filter)
{
    struct respelling respelling = {0};
    if (!find_respelling(filter, &respelling))
        return true;
    for (size_t i = 0; i < filter->count; i++) {
        const char *revision = filter->migrations[i].revision;
        const char *file = file_of(revision);
        size_t dropped = respelling.dropped <= strlen(file) ? respelling.dropped : 0;
        filter->migrations[i].revision =
            arena_printf(filter->arena, "%.*s%.*s%s", (int)(file - revision), revision, (int)respelling.added_length,
                         respelling.added ? respelling.added : "", file + dropped);
        if (!filter->migrations[i].revision)
            return false;
    }
    return true;
}

/* Whether a list such as "postgresql, !mysql" names the engine. */
static bool names_engine(const char *list, const char *engine)
{
    static const struct {
        const char *engine;
        const char *name;
    } names[] = {{"postgres", "postgresql"}, {"mysql", "mysql"}, {"mariadb", "mariadb"}, {"sqlite", "sqlite"}};
    const char *own = engine;
    bool any_positive = false;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (strcmp(names[i].engine, engine) == 0)
            own = names[i].name;
    while (*list) {
        list += strspn(list, ", \t");
        size_t length = strcspn(list, ", \t");
        bool negated = *list == '!';
        const char *name = list + negated;
        size_t size = length - negated;
        bool same = size == strlen(own) && strncasecmp(name, own, size) == 0;
        if ((same && length > 0) || (size == 3 && strncasecmp(name, "all", 3) == 0))
            return !negated;
        any_positive = any_positive || (length > 0 && !negated);
        list += length;
    }
    return !any_positive;
}

/* What became of change sets under one condition. */
struct verdict {
    const char *text;
    bool applied;
    bool left_out; /* one was not applied although a later one, of the same changelog, is */
};

struct verdicts {
    struct text_index index;
    struct verdict *items;
    size_t count;
};

static struct verdict *verdict_of(struct verdicts *verdicts, const char *condition)
{
    size_t number = text_index_add(&verdicts->index, condition, verdicts->count);
    if (number == verdicts->count)
        verdicts->items[verdicts->count++].text = condition;
    return &verdicts->items[number];
}

static bool is_applied(const struct filter *filter, const struct migration *migration)
{
    return text_index_find(&filter->rows, migration->revision) != NONE;
}

/* Liquibase goes through the changelog in its order: what lies before the last applied one and has a condition was left
 * out by it. */
static bool judge_conditions(const struct filter *filter, struct verdicts *verdicts)
{
    size_t last = 0;
    verdicts->items = arena_array(filter->arena, filter->count, sizeof *verdicts->items);
    if (!verdicts->items || !text_index_init(&verdicts->index, filter->arena, filter->count))
        return false;
    for (size_t i = 0; i < filter->count; i++)
        if (is_applied(filter, &filter->migrations[i]))
            last = i;
    for (size_t i = 0; i < filter->count; i++) {
        const struct migration *migration = &filter->migrations[i];
        if (!migration->condition)
            continue;
        struct verdict *verdict = verdict_of(verdicts, migration->condition);
        if (is_applied(filter, migration))
            verdict->applied = true;
        else if (i < last)
            verdict->left_out = true;
    }
    return true;
}

/* Whether the database is meant to get it. What is applied counts; a condition under which another one was applied
 * holds; one that left another one out does not. Of those that nothing tells about, Liquibase without contexts and
 * labels applies all. */
static bool counts(const struct filter *filter, struct verdicts *verdicts, const struct migration *migration,
                   const char *engine)
{
    if (is_applied(filter, migration))
        return true;
    if (migration->engines && engine && !names_engine(migration->engines, engine))
        return false;
    if (!migration->condition)
        return true;
    const struct verdict *verdict = verdict_of(verdicts, migration->condition);
    return verdict->applied || !verdict->left_out;
}

/* A checksum of another version than 9 cannot be computed. */
static void forget_other_versions(const struct filter *filter, struct migration *migration)
{
    size_t row = text_index_find(&filter->rows, migration->revision);
    const char *recorded = row == NONE ? NULL : filter->entries[row].checksum;
    if (recorded && strncmp(recorded, "9:", 2) != 0)
        migration->checksum = NULL;
}

bool liquibase_filter(const struct compare_request *request, struct arena *arena, struct migration_set *ret_set)
{
    const struct journal *journal = request->journal;
    const struct migration_set *set = request->expected;
    struct filter filter = {.entry_count = journal->entry_count, .arena = arena, .count = set->count};
    struct verdicts verdicts = {0};
    filter.migrations = arena_array(arena, set->count, sizeof *filter.migrations);
    if (!filter.migrations || !journal_entries(journal, arena, &filter.entries) ||
        !text_index_init(&filter.rows, arena, journal->entry_count))
        return false;
    for (size_t i = 0; i < journal->entry_count; i++)
        text_index_add(&filter.rows, filter.entries[i].revision, i);
    if (set->count > 0)
        memcpy(filter.migrations, set->migrations, set->count * sizeof *filter.migrations);
    if (!respell(&filter) || !judge_conditions(&filter, &verdicts))
        return false;
    *ret_set = *set;
    ret_set->migrations = filter.migrations;
    ret_set->count = 0;
    for (size_t i = 0; i < filter.count; i++) {
        struct migration *migration = &filter.migrations[i];
        if (!counts(&filter, &verdicts, migration, journal->engine))
            continue;
        forget_other_versions(&filter, migration);
        filter.migrations[ret_set->count++] = *migration;
    }
    return true;
}
