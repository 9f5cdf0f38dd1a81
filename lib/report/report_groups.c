/* SPDX-License-Identifier: Apache-2.0
 *
 * Many journals of one database in groups of equals: a thousand tenants read as three lines.
 */
#include "report/report_groups.h"

#include <stdlib.h>

#include "model/text_index.h"

enum { GROUP_BYTES = 256 * 1024 * 1024 };

/* Equal tool, heads and state; NULL when memory is out. */
static const char *group_key(struct arena *arena, const struct judged_journal *journal)
{
    const char *tool = report_tool(journal);
    cleanup(strbuf) struct strbuf key = STRBUF(GROUP_BYTES);
    strbuf_printf(&key, "%d %d %s", (int)journal->verdict.state, (int)journal->verdict.code, tool ? tool : "");
    for (size_t i = 0; journal->comparison && i < journal->comparison->heads.count; i++) {
        strbuf_add_char(&key, '\n');
        strbuf_add_string(&key, journal->comparison->heads.items[i].revision);
    }
    return strbuf_ok(&key) ? arena_strdup(arena, strbuf_text(&key)) : NULL;
}

static int worst_first(const void *a, const void *b)
{
    const struct journal_group *left = a;
    const struct journal_group *right = b;
    enum gate_state left_gate = left->journals[0]->verdict.gate;
    enum gate_state right_gate = right->journals[0]->verdict.gate;
    if (left_gate != right_gate)
        return gate_state_is_worse(left_gate, right_gate) ? -1 : 1;
    return (left->count < right->count) - (left->count > right->count);
}

/* Puts each journal into its group; `group_of` has an element for each. */
static bool assign(const struct database_report *database, struct arena *arena, size_t *group_of,
                   struct journal_groups *groups)
{
    struct text_index index = {0};
    if (!text_index_init(&index, arena, database->journal_count))
        return false;
    for (size_t i = 0; i < database->journal_count; i++) {
        const char *key = group_key(arena, &database->journals[i]);
        if (!key)
            return false;
        size_t group = text_index_add(&index, key, groups->count);
        groups->count += group == groups->count;
        groups->items[group].count++;
        group_of[i] = group;
    }
    return true;
}

static bool gather(const struct database_report *database, struct arena *arena, struct journal_groups *groups)
{
    size_t *group_of = arena_array(arena, database->journal_count, sizeof *group_of);
    const struct judged_journal **members = arena_array(arena, database->journal_count, sizeof *members);
    groups->items = arena_array(arena, database->journal_count, sizeof *groups->items);
    if (!group_of || !members || !groups->items || !assign(database, arena, group_of, groups))
        return false;
    for (size_t i = 0, next = 0; i < groups->count; next += groups->items[i++].count)
        groups->items[i].journals = members + next;
    size_t *filled = arena_array(arena, groups->count, sizeof *filled);
    if (!filled)
        return false;
    for (size_t i = 0; i < database->journal_count; i++) {
        size_t group = group_of[i];
        groups->items[group].journals[filled[group]++] = &database->journals[i];
    }
    return true;
}

bool journal_groups_init(struct journal_groups *groups, const struct database_report *database)
{
    *groups = (struct journal_groups){.arena = arena_new(GROUP_BYTES)};
    if (!groups->arena || !gather(database, groups->arena, groups))
        return false;
    qsort(groups->items, groups->count, sizeof *groups->items, worst_first);
    return true;
}

void journal_groups_done(struct journal_groups *groups)
{
    arena_free(groups->arena);
    *groups = (struct journal_groups){0};
}

static void add_group(struct json_writer *writer, const struct journal_group *group)
{
    const struct judged_journal *first = group->journals[0];
    const struct finding_list none = {0};
    const struct finding_list *heads = first->comparison ? &first->comparison->heads : &none;
    json_open_object(writer);
    json_key_string(writer, "tool", report_tool(first));
    json_key_array(writer, "heads");
    for (size_t i = 0; i < heads->count && i < LIST_SHOWN; i++)
        json_add_string(writer, heads->items[i].revision);
    json_close_array(writer);
    report_state(writer, &first->verdict);
    json_key_integer(writer, "count", (int64_t)group->count);
    json_key_array(writer, "journals");
    for (size_t i = 0; i < group->count && i < GROUP_NAMES; i++) {
        char name[JOURNAL_NAME_SIZE] = "";
        if (report_address(group->journals[i], name, sizeof name))
            json_add_string(writer, name);
    }
    json_close_array(writer);
    json_close_object(writer);
}

void report_groups(struct json_writer *writer, const struct database_report *database)
{
    cleanup(journal_groups) struct journal_groups groups = {0};
    if (database->journal_count > 1 && !journal_groups_init(&groups, database)) {
        writer->failed = true;
        return;
    }
    json_key_array(writer, "groups");
    for (size_t i = 0; i < groups.count && i < GROUPS_SHOWN; i++)
        add_group(writer, &groups.items[i]);
    json_close_array(writer);
    if (groups.count > GROUPS_SHOWN)
        json_key_integer(writer, "groups_count", (int64_t)groups.count);
}
