/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/numbered_files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "journal/file_list.h"
#include "model/text_index.h"

enum {
    MARKED_FILES = 8,   /* in which marks are sought: a project's migrations are alike */
    GAP_DIGITS = 6,     /* longer numbers are times, between which there is nothing but gaps */
    GAP_SPARSENESS = 2, /* numbers that take more room than this are not counted up one by one */
};

#define DIGITS "0123456789"

bool numbered_name(const char *name, char separator)
{
    size_t digits = strspn(name, DIGITS);
    return digits > 0 && name[digits] == separator;
}

bool numbered_at_most(const char *name, const char *greatest)
{
    const char *digits = name + strspn(name, "0");
    size_t length = strspn(digits, DIGITS);
    size_t most = strlen(greatest);
    return length < most || (length == most && strncmp(digits, greatest, length) <= 0);
}

const char *numbered_revision(struct arena *arena, const char *digits, size_t length)
{
    while (length > 1 && *digits == '0') {
        digits++;
        length--;
    }
    return arena_strndup(arena, digits, length);
}

static bool question(const char *revision, struct arena *arena, bool literal, const char **ret_key)
{
    size_t digits = strspn(revision, DIGITS);
    *ret_key = NULL;
    if (digits == 0 || (revision[digits] != '\0' && revision[digits] != '_'))
        return true;
    *ret_key = literal ? arena_strndup(arena, revision, digits) : numbered_revision(arena, revision, digits);
    return *ret_key != NULL;
}

bool numbered_question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    return question(revision, arena, false, ret_key);
}

bool numbered_literal_question_key(const char *revision, struct arena *arena, const char **ret_key)
{
    return question(revision, arena, true, ret_key);
}

/* Of a directory that may be another tool's there is nothing to complain. */
static enum error_code refusal(const struct migration_set *set)
{
    return set->faint ? ERROR_NOT_FOUND : ERROR_INVALID;
}

static enum numbered_use use_of(const struct numbered_layout *layout, const struct migration *migration)
{
    return layout->use ? layout->use(file_name(migration->file)) : NUMBERED_RUN;
}

/* Drops what the tool does not run; gives the others their revisions. */
static int number_files(const struct numbered_layout *layout, struct migration_set *set, struct migration_list *list,
                        struct error *reterr)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct migration *migration = &list->items[i];
        const char *name = file_name(migration->file);
        size_t digits = strspn(name, DIGITS);
        enum numbered_use use = use_of(layout, migration);
        if (use == NUMBERED_REFUSED)
            return error_set(reterr, refusal(set), "%s: %s", migration->file, layout->remark);
        if (use == NUMBERED_IGNORED) {
            if (!migration_set_remark(set, REMARK_IGNORED, "%s: %s", migration->file, layout->remark))
                return error_no_memory(reterr);
            continue;
        }
        migration->revision =
            layout->literal ? arena_strndup(set->arena, name, digits) : numbered_revision(set->arena, name, digits);
        if (!migration->revision)
            return error_no_memory(reterr);
        list->items[kept++] = *migration;
    }
    list->count = kept;
    return kept > 0 ? 0 : error_set(reterr, ERROR_NOT_FOUND, "no migrations of %s", layout->title);
}

/* What qsort cannot be told. */
struct numbered_item {
    struct migration migration;
    enum numbered_use use;
    int (*order)(const char *a, const char *b);
};

/* By number, the way there before the way back. */
static int in_order(const void *pa, const void *pb)
{
    const struct numbered_item *a = pa;
    const struct numbered_item *b = pb;
    int order = a->order(a->migration.revision, b->migration.revision);
    if (order == 0)
        order = (int)a->use - (int)b->use;
    return order ? order : strcmp(a->migration.file, b->migration.file);
}

static int sort_files(const struct numbered_layout *layout, struct migration_list *list, struct arena *arena,
                      struct error *reterr)
{
    struct numbered_item *items = arena_array(arena, list->count, sizeof *items);
    if (!items)
        return error_no_memory(reterr);
    for (size_t i = 0; i < list->count; i++)
        items[i] = (struct numbered_item){.migration = list->items[i],
                                          .use = use_of(layout, &list->items[i]),
                                          .order = layout->order ? layout->order : order_numbers};
    qsort(items, list->count, sizeof *items, in_order);
    for (size_t i = 0; i < list->count; i++)
        list->items[i] = items[i].migration;
    return 0;
}

/* One migration for each number: the way back goes with the way there. */
static int merge_duplicates(const struct numbered_layout *layout, struct migration_set *set,
                            struct migration_list *list, struct error *reterr)
{
    size_t kept = 0;
    const struct migration *last = NULL; /* file of the last number, whichever way it goes */
    struct migration before = {0};
    for (size_t i = 0; i < list->count; i++) {
        struct migration now = list->items[i];
        bool same = last && strcmp(last->revision, now.revision) == 0;
        if (same && use_of(layout, last) == use_of(layout, &now)) {
            if (!layout->duplicates_run)
                return error_set(reterr, refusal(set), "%s: has the same version as %s", now.file, last->file);
            if (!migration_set_remark(set, REMARK_DUPLICATE,
                                      "%s has the same version as %s: %s takes both for applied "
                                      "once one is",
                                      now.file, last->file, layout->title))
                return error_no_memory(reterr);
        }
        if (!same)
            list->items[kept++] = now;
        before = now;
        last = &before;
    }
    list->count = kept;
    return 0;
}

/* What stands between the number and the extension. */
static const char *words_of(const struct migration *migration, struct arena *arena)
{
    const char *name = file_name(migration->file);
    name += strspn(name, DIGITS);
    return arena_strndup(arena, name, strcspn(name, "."));
}

static int check_names(const struct migration_list *list, struct arena *arena, struct error *reterr)
{
    struct text_index names = {0};
    if (!text_index_init(&names, arena, list->count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < list->count; i++) {
        const char *words = words_of(&list->items[i], arena);
        if (!words)
            return error_no_memory(reterr);
        size_t first = text_index_add(&names, words, i);
        if (first != i)
            return error_set(reterr, ERROR_INVALID, "%s: has the same name as %s", list->items[i].file,
                             list->items[first].file);
    }
    return 0;
}

static int64_t number_of(const struct migration *migration)
{
    return strlen(migration->revision) <= GAP_DIGITS ? strtoll(migration->revision, NULL, 10) : INT64_MAX;
}

/* Numbers that are counted up one by one, but for some. One folder of several has gaps by nature. */
static int remark_gaps(const struct migration_list *list, struct migration_set *set, struct error *reterr)
{
    int64_t last = number_of(&list->items[list->count - 1]);
    int64_t room = last == INT64_MAX ? last : last - number_of(&list->items[0]) + 1;
    if (set->partial || room > GAP_SPARSENESS * (int64_t)list->count)
        return 0;
    for (size_t i = 1; i < list->count; i++) {
        int64_t from = number_of(&list->items[i - 1]) + 1;
        int64_t to = number_of(&list->items[i]) - 1;
        if (from > to)
            continue;
        const char *before = list->items[i - 1].file;
        const char *after = list->items[i].file;
        bool noted =
            from == to ? migration_set_remark(set, REMARK_GAP, "no file has the number %" PRId64 ", between %s and %s",
                                              from, before, after)
                       : migration_set_remark(set, REMARK_GAP,
                                              "no file has a number from %" PRId64 " to %" PRId64 ", between %s and %s",
                                              from, to, before, after);
        if (!noted)
            return error_no_memory(reterr);
    }
    return 0;
}

static bool holds_any(const struct strbuf *text, const char *const *words)
{
    for (; *words; words++)
        if (memmem(strbuf_text(text), text->length, *words, strlen(*words)))
            return true;
    return false;
}

/* The first files tell whose they are. */
static int seek_marks(const struct numbered_layout *layout, const char *directory, const struct migration_list *list,
                      struct migration_set *set, struct error *reterr)
{
    const char *const foreign[] = {layout->foreign ? layout->foreign : "", NULL};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    for (size_t i = 0; layout->marks && i < list->count && i < MARKED_FILES && !set->certain; i++) {
        strbuf_clear(&text);
        if (file_read(directory, list->items[i].file, &text, reterr) < 0)
            return -1;
        if (layout->foreign && holds_any(&text, foreign))
            return error_set(reterr, ERROR_NOT_FOUND, "%s: not one of %s's migrations", list->items[i].file,
                             layout->title);
        set->certain = holds_any(&text, layout->marks);
    }
    set->faint = set->faint || (layout->marks && !set->certain);
    return 0;
}

int numbered_files_read(const struct numbered_layout *layout, const char *directory, struct migration_set *set,
                        struct error *reterr)
{
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(arena) struct arena *arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    if (!arena)
        return error_no_memory(reterr);
    if (flat_folder_read(directory, &layout->rule, set, &list, reterr) < 0 ||
        seek_marks(layout, directory, &list, set, reterr) < 0 || number_files(layout, set, &list, reterr) < 0 ||
        sort_files(layout, &list, arena, reterr) < 0 ||
        (layout->unique_names && check_names(&list, arena, reterr) < 0) ||
        merge_duplicates(layout, set, &list, reterr) < 0 || remark_gaps(&list, set, reterr) < 0)
        return -1;
    return migration_list_finish(&list, set, reterr);
}
