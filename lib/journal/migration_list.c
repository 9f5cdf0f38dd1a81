/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/migration_list.h"

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

struct migration *migration_list_add(struct migration_list *list, struct error *reterr)
{
    if (list->count >= LIMIT_MIGRATIONS) {
        error_set(reterr, ERROR_TRUNCATED, "more than %u migrations", LIMIT_MIGRATIONS);
        return NULL;
    }
    if (!mem_grow(&list->items, &list->capacity, list->count, sizeof *list->items, LIMIT_MIGRATIONS)) {
        error_no_memory(reterr);
        return NULL;
    }
    struct migration *migration = &list->items[list->count++];
    *migration = (struct migration){0};
    return migration;
}

int migration_list_finish(const struct migration_list *list, struct migration_set *set, struct error *reterr)
{
    struct migration *migrations = arena_array(set->arena, list->count, sizeof *migrations);
    if (!migrations)
        return error_no_memory(reterr);
    if (list->count > 0)
        memcpy(migrations, list->items, list->count * sizeof *migrations);
    set->migrations = migrations;
    set->count = list->count;
    return 0;
}

bool migration_set_remark(struct migration_set *set, enum remark_kind kind, const char *format, ...)
{
    if (set->remark_count >= REMARKS_MAXIMUM)
        return true;
    struct migration_remark *remarks = arena_array(set->arena, set->remark_count + 1, sizeof *remarks);
    va_list arguments;
    va_start(arguments, format);
    const char *text = arena_vprintf(set->arena, format, arguments);
    va_end(arguments);
    if (!remarks || !text)
        return false;
    if (set->remark_count > 0)
        memcpy(remarks, set->remarks, set->remark_count * sizeof *remarks);
    remarks[set->remark_count++] = (struct migration_remark){kind, text};
    set->remarks = remarks;
    return true;
}

void migration_list_done(struct migration_list *list)
{
    mem_free(list->items);
    *list = (struct migration_list){0};
}
