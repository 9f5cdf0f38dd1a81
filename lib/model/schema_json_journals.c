/* SPDX-License-Identifier: Apache-2.0 */
#include "base/limits.h"
#include "model/schema_json_reader.h"

void schema_journals_done(struct schema_journals *journals)
{
    arena_free(journals->arena);
    *journals = (struct schema_journals){0};
}

/* The journals that are being read. */
struct journal_reading {
    struct arena *arena;
    struct schema_journal *items;
    size_t count;
};

static int keep_text(const struct schema_json_reader *reader, struct arena *arena, const struct json_value *element,
                     const char *key, const char **ret_text)
{
    const char *text = json_text(json_member(element, key));
    if (!text)
        return read_complain(reader, key, "must be a string");
    *ret_text = arena_strdup(arena, text);
    return *ret_text ? 0 : error_no_memory(reader->reterr);
}

static int read_journal(struct schema_json_reader *reader, const struct json_value *element, void *payload)
{
    static const char *const keys[] = {"tool", "table", "heads", NULL};
    static const struct object_shape shape = {keys, NULL, false};
    struct journal_reading *reading = payload;
    struct schema_journal *journal = &reading->items[reading->count];
    const struct json_value *heads = NULL;
    if (read_shape(reader, element, NULL, &shape) ||
        keep_text(reader, reading->arena, element, "tool", &journal->tool) ||
        keep_text(reader, reading->arena, element, "table", &journal->table) ||
        read_array(reader, element, "heads", &heads))
        return -1;
    size_t count = json_length(heads);
    const char **texts = arena_array(reading->arena, count, sizeof *texts);
    if (!texts)
        return error_no_memory(reader->reterr);
    for (size_t i = 0; i < count; i++) {
        const char *text = json_text(json_element(heads, i));
        if (!text)
            return read_complain(reader, "heads", "must hold strings only");
        texts[i] = arena_strdup(reading->arena, text);
        if (!texts[i])
            return error_no_memory(reader->reterr);
    }
    journal->heads = texts;
    journal->head_count = count;
    reading->count++;
    return 0;
}

int read_journals(struct schema_json_reader *reader, const struct json_value *root, struct schema_journals *journals)
{
    size_t count = json_length(json_member(root, "journals"));
    cleanup(arena) struct arena *arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    struct schema_journal *items = arena ? arena_array(arena, count, sizeof *items) : NULL;
    if (!items)
        return error_no_memory(reader->reterr);
    struct journal_reading reading = {.arena = arena, .items = items};
    if (read_each(reader, root, "journals", read_journal, &reading))
        return -1;
    *journals = (struct schema_journals){.items = items, .count = reading.count, .arena = take(arena)};
    return 0;
}
