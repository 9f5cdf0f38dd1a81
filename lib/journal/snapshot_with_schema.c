/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/journal_look.h"

/* Journals found in a schema so far. */
struct detection {
    struct journal_address *addresses;
    size_t count;
    size_t capacity;
};

static int note_journal(void *payload, const struct journal_address *address)
{
    struct detection *detection = payload;
    if (!mem_grow(&detection->addresses, &detection->capacity, detection->count, sizeof *detection->addresses,
                  LIMIT_JOURNALS))
        return detection->count >= LIMIT_JOURNALS ? 0 : -1;
    detection->addresses[detection->count++] = *address;
    return 0;
}

/* Detected journals keep texts of the schema, which the snapshot holds, too. */
static int detect(struct snapshot *snapshot, const struct tool *preferred)
{
    struct detection detection = {0};
    int result = tool_detect(snapshot->schema, preferred, note_journal, &detection);
    cleanup(free) struct journal_address *found = detection.addresses;
    struct journal_address *copy = result == 0 ? arena_array(snapshot->arena, detection.count, sizeof *copy) : NULL;
    if (!copy)
        return -1;
    if (detection.count > 0)
        memcpy(copy, found, detection.count * sizeof *copy);
    snapshot->detected = copy;
    snapshot->detected_count = detection.count;
    snapshot->has_tables = snapshot->schema->relation_count > detection.count;
    return 0;
}

static bool is_still_there(const struct snapshot *snapshot, const struct journal_address *address)
{
    return schema_find_relation(snapshot->schema, address->schema, address->table) != NULL;
}

static int keep_readings(struct snapshot *snapshot, const struct snapshot *previous)
{
    /* A journal that was read while the schema was may be newer than what the schema shows. */
    bool newer = previous->taken_at_ms >= snapshot->schema_taken_at_ms;
    struct journal_reading *readings = arena_array(snapshot->arena, previous->reading_count, sizeof *readings);
    if (!readings)
        return -1;
    snapshot->readings = readings;
    for (size_t i = 0; i < previous->reading_count; i++) {
        const struct journal_reading *old = &previous->readings[i];
        /* What the role cannot read may be missing from a schema that is read with the same role. */
        if (!newer && !is_still_there(snapshot, &old->address) && old->error != ERROR_FORBIDDEN)
            continue;
        struct journal_reading reading = *old;
        reading.journal = NULL;
        reading.address.schema = arena_strdup(snapshot->arena, old->address.schema);
        reading.address.table = arena_strdup(snapshot->arena, old->address.table);
        reading.error_message = arena_strdup(snapshot->arena, old->error_message);
        reading.error_grant = arena_strdup(snapshot->arena, old->error_grant);
        reading.address.part = arena_strdup(snapshot->arena, old->address.part);
        if (!reading.address.schema || !reading.address.table || (old->address.part && !reading.address.part) ||
            (old->error_message && !reading.error_message) || (old->error_grant && !reading.error_grant))
            return -1;
        reading.journal = old->journal ? journal_ref(old->journal) : NULL;
        readings[snapshot->reading_count++] = reading;
    }
    return 0;
}

static bool is_at(const struct journal_address *a, const struct journal_address *b)
{
    return strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}

/* Both sides stand in the same order, as a rule: the search begins behind the last find. */
static bool was_read(const struct snapshot *snapshot, const struct journal_address *address, size_t *next)
{
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        size_t at = (*next + i) % snapshot->reading_count;
        if (!is_at(&snapshot->readings[at].address, address))
            continue;
        *next = at + 1;
        return true;
    }
    return false;
}

/* Whether a journal look has known of that table, and found that it is no journal. */
static bool was_met(const struct snapshot *previous, const struct journal_address *address)
{
    bool looked = previous && previous->schema && !previous->unread;
    for (size_t i = 0; looked && i < previous->detected_count; i++)
        if (is_at(&previous->detected[i], address))
            return true;
    return false;
}

/* What the schema shows for the first time is there, and what it holds is not known. */
static void note_unread(struct snapshot *snapshot, const struct snapshot *previous)
{
    size_t next = 0;
    for (size_t i = 0; i < snapshot->detected_count && !snapshot->unread; i++) {
        const struct journal_address *address = &snapshot->detected[i];
        snapshot->unread = !was_read(snapshot, address, &next) && !was_met(previous, address);
    }
}

int snapshot_with_schema(const struct snapshot *previous, struct schema *schema, const struct tool *preferred,
                         const struct server_facts *server, int64_t read_at_ms, struct snapshot **ret_snapshot,
                         struct error *reterr)
{
    cleanup(snapshot) struct snapshot *snapshot = snapshot_new();
    if (!snapshot)
        return error_no_memory(reterr);
    snapshot->schema = schema_ref(schema);
    snapshot->server = *server;
    snapshot->taken_at_ms = previous ? previous->taken_at_ms : read_at_ms;
    snapshot->schema_taken_at_ms = read_at_ms;
    if (detect(snapshot, preferred) < 0 || (previous && keep_readings(snapshot, previous) < 0))
        return error_no_memory(reterr);
    note_unread(snapshot, previous);
    *ret_snapshot = take(snapshot);
    return 0;
}
