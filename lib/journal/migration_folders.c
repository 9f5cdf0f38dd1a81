/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/migration_folders.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/migration_list.h"
#include "model/text_index.h"

enum { FOLDERS_MAXIMUM = 64 };

/* The sets of all folders on their way to one. */
struct merging {
    const struct tool *tool;
    const char *const *folders;
    struct migration_set *sets[FOLDERS_MAXIMUM];
    size_t next[FOLDERS_MAXIMUM]; /* of each set: what is not taken yet */
    size_t count;
    size_t total;  /* of migrations */
    size_t common; /* length of the path that all folders share, with its slash */
    struct migration_set *merged;
    struct migration_list list;
    struct text_index revisions; /* number in the list */
    struct text_index numbers;   /* of files, as their names begin */
};

static void merging_done(struct merging *merging)
{
    for (size_t i = 0; i < merging->count; i++)
        migration_set_unref(merging->sets[i]);
    migration_set_unref(merging->merged);
    migration_list_done(&merging->list);
}

DEFINE_CLEANUP_VALUE(merging, struct merging, merging_done);

/* Numbers by their value, all else by bytes: 9_a before 10_b, 1.9 before 1.10. */
static int order_naturally(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t left = strspn(a, "0123456789");
            size_t right = strspn(b, "0123456789");
            int order = left != right ? (left > right) - (left < right) : memcmp(a, b, left);
            if (order)
                return order;
            a += left;
            b += right;
        } else if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        } else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

static int order_parts(const struct migration *a, const struct migration *b)
{
    return strcmp(a->part ? a->part : "", b->part ? b->part : "");
}

/* Which of two folders' next migrations the tool applies first. */
static int order_migrations(const struct tool *tool, const struct migration *a, const struct migration *b)
{
    int order = order_parts(a, b);
    if (order)
        return order;
    if (a->repeatable != b->repeatable)
        return a->repeatable ? 1 : -1;
    return tool->order ? tool->order(a, b) : order_naturally(a->revision, b->revision);
}

/* The number with which a file's name begins, in `arena`; NULL where it has none. False when memory is out. */
static bool file_number(struct arena *arena, const char *file, const char **ret_number)
{
    const char *slash = strrchr(file, '/');
    const char *name = slash ? slash + 1 : file;
    size_t length = strspn(name, "0123456789");
    *ret_number = NULL;
    if (length == 0)
        return true;
    size_t zeros = strspn(name, "0");
    zeros = zeros < length ? zeros : length - 1;
    *ret_number = arena_strndup(arena, name + zeros, length - zeros);
    return *ret_number != NULL;
}

static int say_twice(struct merging *merging, const char *what, size_t other, const struct migration *migration,
                     struct error *reterr)
{
    return migration_set_remark(merging->merged, REMARK_DUPLICATE, "%s stands in %s and in %s", what,
                                merging->list.items[other].file, migration->file)
               ? 0
               : error_no_memory(reterr);
}

/* Files whose names begin with one number in two folders were written side by side, whatever the tool makes of it. */
static int note_number(struct merging *merging, const struct migration *migration, size_t place, struct error *reterr)
{
    const char *number = NULL;
    struct arena *arena = merging->merged->arena;
    if (migration->part || !migration->file)
        return 0;
    if (!file_number(arena, migration->file, &number))
        return error_no_memory(reterr);
    if (!number)
        return 0;
    size_t other = text_index_add(&merging->numbers, number, place);
    if (other == place)
        return 0;
    const char *what = arena_printf(arena, "number %s", number);
    return what ? say_twice(merging, what, other, migration, reterr) : error_no_memory(reterr);
}

static int add_migration(struct merging *merging, size_t folder, const struct migration *migration,
                         struct error *reterr)
{
    struct migration copy = *migration;
    const char *path = merging->folders[folder] + merging->common;
    if (copy.file)
        copy.file = arena_printf(merging->merged->arena, "%s/%s", path, copy.file);
    if (migration->file && !copy.file)
        return error_no_memory(reterr);
    size_t place = merging->list.count;
    size_t other = text_index_add(&merging->revisions, copy.revision, place);
    if (other != place)
        return say_twice(merging, copy.revision, other, &copy, reterr);
    struct migration *added = migration_list_add(&merging->list, reterr);
    if (!added)
        return -1;
    *added = copy;
    return note_number(merging, &copy, place, reterr);
}

/* Each folder is in the tool's order already: the least of their next ones comes first. */
static int merge_lists(struct merging *merging, struct error *reterr)
{
    for (size_t taken = 0; taken < merging->total; taken++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < merging->count; i++) {
            if (merging->next[i] == merging->sets[i]->count)
                continue;
            if (best == SIZE_MAX || order_migrations(merging->tool, &merging->sets[i]->migrations[merging->next[i]],
                                                     &merging->sets[best]->migrations[merging->next[best]]) < 0)
                best = i;
        }
        if (add_migration(merging, best, &merging->sets[best]->migrations[merging->next[best]++], reterr) < 0)
            return -1;
    }
    return 0;
}

/* Whether all that comes before it is in the list. */
static bool is_ready(const struct merging *merging, const struct migration *migration)
{
    for (size_t i = 0; i < migration->parent_count; i++)
        if (text_index_find(&merging->revisions, migration->parents[i]) == TEXT_INDEX_NONE)
            return false;
    return true;
}

static int fail_unready(const struct merging *merging, struct error *reterr)
{
    for (size_t i = 0; i < merging->count; i++) {
        if (merging->next[i] == merging->sets[i]->count)
            continue;
        const struct migration *stuck = &merging->sets[i]->migrations[merging->next[i]];
        for (size_t j = 0; j < stuck->parent_count; j++)
            if (text_index_find(&merging->revisions, stuck->parents[j]) == TEXT_INDEX_NONE)
                return error_set(reterr, ERROR_INVALID, "%s/%s: '%s' comes after '%s', which no folder has before it",
                                 merging->folders[i], stuck->file, stuck->revision, stuck->parents[j]);
    }
    return error_set(reterr, ERROR_INTERNAL, "nothing keeps these migrations from being ordered");
}

/* Of each folder as much as can be taken, in turn: each is in a topological order of its own. */
static int merge_graphs(struct merging *merging, struct error *reterr)
{
    for (size_t taken = 0; taken < merging->total;) {
        size_t before = taken;
        for (size_t i = 0; i < merging->count; i++) {
            const struct migration_set *set = merging->sets[i];
            while (merging->next[i] < set->count && is_ready(merging, &set->migrations[merging->next[i]])) {
                if (add_migration(merging, i, &set->migrations[merging->next[i]++], reterr) < 0)
                    return -1;
                taken++;
            }
        }
        if (taken == before)
            return fail_unready(merging, reterr);
    }
    return 0;
}

static void find_common(struct merging *merging)
{
    const char *first = merging->folders[0];
    size_t common = strlen(first);
    for (size_t i = 1; i < merging->count; i++) {
        size_t same = 0;
        while (same < common && first[same] == merging->folders[i][same])
            same++;
        common = same;
    }
    while (common > 0 && first[common - 1] != '/')
        common--;
    merging->common = common;
}

/* What stands where, and what each folder's own reading remarked. */
static int add_remarks(struct merging *merging, struct error *reterr)
{
    for (size_t i = 0; i < merging->count; i++) {
        const struct migration_set *set = merging->sets[i];
        const char *path = merging->folders[i] + merging->common;
        bool said = set->count == 0
                        ? migration_set_remark(merging->merged, REMARK_ELSEWHERE, "%s holds no migrations", path)
                        : migration_set_remark(merging->merged, REMARK_ELSEWHERE, "%s holds %zu migration%s, %s to %s",
                                               path, set->count, set->count == 1 ? "" : "s",
                                               set->migrations[0].revision, set->migrations[set->count - 1].revision);
        for (size_t j = 0; said && j < set->remark_count; j++)
            said = migration_set_remark(merging->merged, set->remarks[j].kind, "%s: %s", path, set->remarks[j].text);
        if (!said)
            return error_no_memory(reterr);
    }
    return 0;
}

/* The first folder says whose migrations they are, and the others have to be the same tool's. */
static int read_sets(struct merging *merging, const struct tool *tool, const struct tool *likely, size_t count,
                     struct error *reterr)
{
    for (size_t i = 0; i < count; i++) {
        struct error error = {0};
        if (migration_folder_read(tool, likely, merging->folders[i], &merging->sets[i], &error) < 0) {
            if (reterr)
                *reterr = error;
            return -1;
        }
        merging->count++;
        merging->total += merging->sets[i]->count;
        tool = tool_find(merging->sets[i]->tool);
    }
    merging->tool = tool;
    return 0;
}

static int merge(struct merging *merging, struct error *reterr)
{
    struct migration_set *merged = migration_set_new(merging->tool->name);
    merging->merged = merged;
    if (!merged || !text_index_init(&merging->revisions, merged->arena, merging->total) ||
        !text_index_init(&merging->numbers, merged->arena, merging->total))
        return error_no_memory(reterr);
    struct migration_set **folders = arena_array(merged->arena, merging->count, sizeof(struct migration_set *));
    if (!folders)
        return error_no_memory(reterr);
    merged->folders = folders;
    for (size_t i = 0; i < merging->count; i++)
        folders[merged->folder_count++] = migration_set_ref(merging->sets[i]);
    merged->graph = merging->sets[0]->graph;
    merged->certain = true;
    find_common(merging);
    if (add_remarks(merging, reterr) < 0 ||
        (merged->graph ? merge_graphs(merging, reterr) : merge_lists(merging, reterr)) < 0)
        return -1;
    return migration_list_finish(&merging->list, merged, reterr) < 0 ? -1 : migration_set_digest(merged, reterr);
}

int migration_folders_read(const struct tool *tool, const struct tool *likely, const char *const *folders, size_t count,
                           struct migration_set **ret_set, struct error *reterr)
{
    if (count == 1)
        return migration_files_read(tool, likely, folders[0], ret_set, reterr);
    if (count == 0 || count > FOLDERS_MAXIMUM)
        return error_set(reterr, ERROR_INVALID, "1 to %d folders of migrations", FOLDERS_MAXIMUM);
    cleanup(merging) struct merging merging = {.folders = folders};
    if (read_sets(&merging, tool, likely, count, reterr) < 0 || merge(&merging, reterr) < 0)
        return -1;
    *ret_set = take(merging.merged);
    return 0;
}

int migration_folders_token(const char *const *folders, size_t count, struct digest *ret_token, struct error *reterr)
{
    if (count == 1)
        return migration_files_token(folders[0], ret_token, reterr);
    cleanup(strbuf) struct strbuf tokens = STRBUF(FOLDERS_MAXIMUM * sizeof *ret_token);
    for (size_t i = 0; i < count; i++) {
        struct digest token = {0};
        if (migration_files_token(folders[i], &token, reterr) < 0)
            return -1;
        strbuf_add(&tokens, (const char *)token.bytes, sizeof token.bytes);
    }
    if (!strbuf_ok(&tokens))
        return error_no_memory(reterr);
    *ret_token = digest_of(strbuf_text(&tokens), tokens.length);
    return 0;
}
