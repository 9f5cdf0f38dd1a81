/* SPDX-License-Identifier: Apache-2.0 */
#include "model/journal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/glob.h"
#include "base/limits.h"
#include "base/refcount.h"

void journal_address_print(const struct journal_address *address, char *buffer, size_t size)
{
    bool has_schema = address->schema && *address->schema;
    snprintf(buffer, size, "%s%s%s%s%s", has_schema ? address->schema : "", has_schema ? "." : "", address->table,
             address->part ? "/" : "", address->part ? address->part : "");
}

bool journal_address_stands_at(const struct journal_address *address, const char *place)
{
    const char *dot = strrchr(place, '.');
    char schema[JOURNAL_NAME_SIZE] = "";
    if (strcasecmp(dot ? dot + 1 : place, address->table) != 0)
        return strcasecmp(place, address->table) == 0;
    if (!dot || !address->schema || !*address->schema)
        return true;
    snprintf(schema, sizeof schema, "%.*s", (int)(dot - place), place);
    return glob_match(schema, address->schema);
}

enum { FIT_NONE, FIT_PART, FIT_SCHEMA, FIT_TABLE, FIT_WHOLE };

unsigned journal_address_fit(const struct journal_address *address, const char *name)
{
    char text[JOURNAL_NAME_SIZE] = "";
    struct journal_address shorter = *address;
    journal_address_print(address, text, sizeof text);
    if (strcmp(text, name) == 0)
        return FIT_WHOLE;
    shorter.part = NULL;
    journal_address_print(&shorter, text, sizeof text);
    if (strcmp(text, name) == 0 || strcmp(address->table, name) == 0)
        return FIT_TABLE;
    shorter.part = address->part;
    shorter.schema = NULL;
    journal_address_print(&shorter, text, sizeof text);
    if (strcmp(text, name) == 0)
        return FIT_TABLE;
    if (address->schema && *address->schema && strcmp(address->schema, name) == 0)
        return FIT_SCHEMA;
    return address->part && strcmp(address->part, name) == 0 ? FIT_PART : FIT_NONE;
}

struct journal *journal_new(const struct journal_address *address)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct journal *journal = arena ? arena_alloc(arena, sizeof *journal) : NULL;
    if (!journal)
        return NULL;
    journal->references = 1;
    journal->address.tool = address->tool;
    journal->address.schema = arena_strdup(arena, address->schema ? address->schema : "");
    journal->address.table = arena_strdup(arena, address->table);
    journal->address.part = arena_strdup(arena, address->part);
    if (!journal->address.schema || !journal->address.table || (address->part && !journal->address.part))
        return NULL;
    journal->arena = take(arena);
    return journal;
}

struct journal *journal_part(struct journal *whole, size_t first, size_t count)
{
    struct journal_address address = whole->address;
    address.part = whole->entries[first].part;
    struct journal *part = journal_new(&address);
    if (!part)
        return NULL;
    part->engine = whole->engine;
    part->shape = whole->shape;
    part->entries = whole->entries + first;
    part->entry_count = count;
    part->row_count = count;
    part->heads_only = whole->heads_only;
    part->truncated = whole->truncated;
    part->invalid = whole->invalid;
    part->digest = whole->digest;
    part->whole = journal_ref(whole);
    return part;
}

struct journal *journal_ref(struct journal *journal)
{
    refcount_take(&journal->references);
    return journal;
}

void journal_unref(struct journal *journal)
{
    if (!journal || !refcount_drop(&journal->references))
        return;
    journal_unref(journal->whole); /* a part's whole is no part: this ends at once */
    arena_free(journal->arena);
}

bool journal_entry_is_applied(const struct journal_entry *entry)
{
    return entry->state == ENTRY_APPLIED || entry->state == ENTRY_BASELINE;
}

const char *entry_state_name(enum entry_state state)
{
    static const char *const names[] = {"applied", "failed", "dirty", "baseline", "revokes"};
    return names[state];
}
