/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/django_squashes.h"

#include <stdlib.h>
#include <string.h>

#include "model/text_index.h"

#define NONE TEXT_INDEX_NONE

/* A manifest need not name it. */
static const char *app_of(const struct migration *migration)
{
    return migration->part ? migration->part : "";
}

/* Rows and files being held against each other; arrays are per migration of the whole set. */
struct resolution {
    const struct migration_set *set;
    const struct journal *journal; /* of the whole table */
    struct arena *arena;
    struct text_index files;    /* revision → migration */
    struct text_index rows;     /* revision → entry */
    struct text_index replaced; /* revision → the squash that stands for it, or would */
    bool *applied;
    bool *dropped; /* does not count: replaced, or a squash that cannot be used */
};

static bool index_all(struct resolution *self)
{
    size_t replaced = 0;
    for (size_t i = 0; i < self->set->count; i++)
        replaced += self->set->migrations[i].replaced_count;
    self->applied = arena_array(self->arena, self->set->count, sizeof *self->applied);
    self->dropped = arena_array(self->arena, self->set->count, sizeof *self->dropped);
    if (!self->applied || !self->dropped || !text_index_init(&self->files, self->arena, self->set->count) ||
        !text_index_init(&self->rows, self->arena, self->journal->entry_count) ||
        !text_index_init(&self->replaced, self->arena, replaced))
        return false;
    for (size_t i = 0; i < self->journal->entry_count; i++)
        text_index_add(&self->rows, self->journal->entries[i].revision, i);
    for (size_t i = 0; i < self->set->count; i++) {
        const struct migration *migration = &self->set->migrations[i];
        text_index_add(&self->files, migration->revision, i);
        self->applied[i] = text_index_find(&self->rows, migration->revision) != NONE;
        for (size_t j = 0; j < migration->replaced_count; j++)
            text_index_add(&self->replaced, migration->replaces[j], i);
    }
    return true;
}

/* Whether a replaced migration is applied: by its row, or as a squash itself by what was found out before. */
static bool is_applied(const struct resolution *self, const char *revision)
{
    size_t file = text_index_find(&self->files, revision);
    if (file != NONE && self->set->migrations[file].replaced_count > 0)
        return self->applied[file];
    return text_index_find(&self->rows, revision) != NONE;
}

/* All or none: the squash counts, and its replaced ones do not. Some: the other way round. */
static void judge_squash(struct resolution *self, size_t i)
{
    const struct migration *squash = &self->set->migrations[i];
    size_t applied = 0;
    for (size_t j = 0; j < squash->replaced_count; j++)
        applied += is_applied(self, squash->replaces[j]);
    bool usable = applied == 0 || applied == squash->replaced_count;
    self->applied[i] = applied == squash->replaced_count;
    self->dropped[i] = !usable;
    for (size_t j = 0; usable && j < squash->replaced_count; j++) {
        size_t file = text_index_find(&self->files, squash->replaces[j]);
        if (file != NONE)
            self->dropped[file] = true;
    }
}

/* Squashes of squashes: the inner ones first; each round settles one more layer. */
enum { SQUASH_LAYERS = 4 };

static void judge_squashes(struct resolution *self)
{
    for (unsigned layer = 0; layer < SQUASH_LAYERS; layer++) {
        memset(self->dropped, 0, self->set->count * sizeof *self->dropped);
        for (size_t i = 0; i < self->set->count; i++)
            if (self->set->migrations[i].replaced_count > 0)
                judge_squash(self, i);
    }
}

/* The migration that a name stands for, once squashes are settled; NONE: none that counts. */
static size_t standing_for(const struct resolution *self, const char *revision)
{
    size_t file = text_index_find(&self->files, revision);
    for (unsigned layer = 0; layer < SQUASH_LAYERS; layer++) {
        if (file != NONE && !self->dropped[file])
            return file;
        file = text_index_find(&self->replaced, file == NONE ? revision : self->set->migrations[file].revision);
        if (file == NONE)
            return NONE;
    }
    return NONE;
}

/* Django refuses a history in which something is applied before what it depends on. */
static bool judge_history(const struct resolution *self, const char **refused)
{
    for (size_t i = 0; i < self->set->count; i++) {
        const struct migration *migration = &self->set->migrations[i];
        for (size_t j = 0; self->applied[i] && !self->dropped[i] && j < migration->parent_count; j++) {
            size_t parent = standing_for(self, migration->parents[j]);
            if (parent == NONE || self->applied[parent] || refused[parent])
                continue;
            refused[parent] = arena_printf(self->arena, "%s, which is applied, depends on it", migration->revision);
            if (!refused[parent])
                return false;
        }
    }
    return true;
}

/* Whether one that counts, of the same app, comes after each; two of an app that nothing follows are a conflict. */
static bool find_conflict(const struct resolution *self, const char *part, const char **ret_conflict)
{
    bool *followed = arena_array(self->arena, self->set->count, sizeof *followed);
    if (!followed)
        return false;
    for (size_t i = 0; i < self->set->count; i++) {
        const struct migration *migration = &self->set->migrations[i];
        for (size_t j = 0; !self->dropped[i] && j < migration->parent_count; j++) {
            size_t parent = standing_for(self, migration->parents[j]);
            if (parent != NONE && parent != i && strcmp(app_of(&self->set->migrations[parent]), app_of(migration)) == 0)
                followed[parent] = true;
        }
    }
    const struct migration *leaf = NULL;
    *ret_conflict = NULL;
    for (size_t i = 0; i < self->set->count && !*ret_conflict; i++) {
        const struct migration *migration = &self->set->migrations[i];
        if (self->dropped[i] || followed[i] || (part && strcmp(app_of(migration), part) != 0))
            continue;
        if (leaf && strcmp(app_of(leaf), app_of(migration)) == 0) {
            *ret_conflict = arena_printf(self->arena, "%s,%s", leaf->revision, migration->revision);
            if (!*ret_conflict)
                return false;
        }
        leaf = migration;
    }
    return true;
}

static bool is_of(const char *own, const char *part)
{
    return !part || (own && strcmp(own, part) == 0);
}

static bool select_files(const struct resolution *self, const char *part, struct django_state *state)
{
    struct migration *kept = arena_array(self->arena, self->set->count, sizeof *kept);
    const char **whole = arena_array(self->arena, self->set->count, sizeof *whole);
    state->refused = arena_array(self->arena, self->set->count, sizeof *state->refused);
    if (!kept || !whole || !state->refused || !judge_history(self, whole))
        return false;
    state->expected = *self->set;
    state->expected.count = 0;
    state->expected.migrations = kept;
    for (size_t i = 0; i < self->set->count; i++) {
        if (self->dropped[i] || !is_of(self->set->migrations[i].part, part))
            continue;
        state->refused[state->expected.count] = whole[i];
        kept[state->expected.count++] = self->set->migrations[i];
    }
    return true;
}

static int by_rank(const void *pa, const void *pb)
{
    const struct journal_entry *a = pa;
    const struct journal_entry *b = pb;
    return (a->rank > b->rank) - (a->rank < b->rank);
}

/* A row counts unless it is a squash's that its replaced ones belie, or one of those that are replaced, or one that a
 * deleted file had. */
static bool counts(const struct resolution *self, const struct journal_entry *entry)
{
    size_t file = text_index_find(&self->files, entry->revision);
    if (file != NONE)
        return !self->dropped[file] && self->applied[file];
    return text_index_find(&self->replaced, entry->revision) == NONE;
}

/* The newest row of what a squash replaces, for one that Django has not recorded yet, as it does on its next run. */
static const struct journal_entry *newest_replaced(const struct resolution *self, const struct migration *squash)
{
    const struct journal_entry *newest = NULL;
    for (size_t i = 0; i < squash->replaced_count; i++) {
        size_t row = text_index_find(&self->rows, squash->replaces[i]);
        if (row != NONE && (!newest || self->journal->entries[row].rank > newest->rank))
            newest = &self->journal->entries[row];
    }
    return newest;
}

static bool select_rows(const struct resolution *self, const char *part, struct django_state *state)
{
    size_t count = 0;
    struct journal_entry *kept = arena_array(self->arena, self->journal->entry_count + self->set->count, sizeof *kept);
    struct text_index apps = {0};
    if (!kept || !text_index_init(&apps, self->arena, self->set->count))
        return false;
    for (size_t i = 0; i < self->set->count; i++)
        text_index_add(&apps, app_of(&self->set->migrations[i]), i);
    for (size_t i = 0; i < self->journal->entry_count; i++) {
        const struct journal_entry *entry = &self->journal->entries[i];
        bool own = entry->part && text_index_find(&apps, entry->part) != NONE; /* not auth, sessions, … */
        if (own && is_of(entry->part, part) && counts(self, entry))
            kept[count++] = *entry;
    }
    for (size_t i = 0; i < state->expected.count; i++) {
        const struct migration *squash = &state->expected.migrations[i];
        size_t file = text_index_find(&self->files, squash->revision);
        const struct journal_entry *newest = newest_replaced(self, squash);
        if (!self->applied[file] || text_index_find(&self->rows, squash->revision) != NONE || !newest)
            continue;
        kept[count] = *newest;
        kept[count].revision = squash->revision;
        kept[count++].part = squash->part;
    }
    if (count > 1)
        qsort(kept, count, sizeof *kept, by_rank);
    state->journal.entries = kept;
    state->journal.entry_count = count;
    return true;
}

bool django_resolve(const struct compare_request *request, struct arena *arena, struct django_state *ret_state)
{
    const char *part = request->journal->address.part;
    struct resolution self = {
        .set = request->expected,
        .journal = request->journal->whole ? request->journal->whole : request->journal,
        .arena = arena,
    };
    *ret_state = (struct django_state){.journal = *request->journal};
    if (!index_all(&self))
        return false;
    judge_squashes(&self);
    return select_files(&self, part, ret_state) && select_rows(&self, part, ret_state) &&
           find_conflict(&self, part, &ret_state->conflict);
}
