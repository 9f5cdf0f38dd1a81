/* SPDX-License-Identifier: Apache-2.0 */
#include "model/journal_pack.h"

#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"

/* The first byte of an entry: its state and what follows. */
enum {
    PACK_STATE = 0x07,
    PACK_REPEATABLE = 0x08,
    PACK_TIME = 0x10,
    PACK_FIRST_OPTION = 0x20, /* key, label, checksum: a bit each; a revision is always there */
};

struct journal_pack {
    size_t size;
    unsigned char bytes[];
};

enum { TEXT_REVISION, TEXT_KEY, TEXT_LABEL, TEXT_CHECKSUM, TEXTS };

_Static_assert(TEXTS == ARRAY_LENGTH(((struct journal_cursor *)NULL)->texts), "a buffer per text");

static void add_number(struct strbuf *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        strbuf_add_char(out, (char)(0x80 | (number & 0x7f)));
    strbuf_add_char(out, (char)number);
}

/* Small distances of either sign become small numbers. Overflow wraps, and wraps back. */
static void add_distance(struct strbuf *out, int64_t from, int64_t to)
{
    uint64_t distance = (uint64_t)to - (uint64_t)from;
    add_number(out, distance << 1 ^ (distance >> 63 ? UINT64_MAX : 0));
}

static void add_text(struct strbuf *out, const char *before, const char *text)
{
    size_t shared = 0;
    while (text[shared] && before[shared] == text[shared])
        shared++;
    size_t length = strlen(text + shared);
    add_number(out, shared);
    add_number(out, length);
    strbuf_add(out, text + shared, length);
}

static bool is_packable(const struct journal_entry *entry)
{
    const char *const texts[TEXTS] = {entry->revision, entry->key, entry->label, entry->checksum};
    for (size_t i = 0; i < TEXTS; i++)
        if (texts[i] && strlen(texts[i]) >= PACKED_TEXT_BYTES)
            return false;
    return !entry->part;
}

static void add_entry(struct strbuf *out, const struct journal_entry *entry, const struct journal_entry *before,
                      const char *previous[static TEXTS])
{
    const char *const texts[TEXTS] = {entry->revision, entry->key, entry->label, entry->checksum};
    unsigned flags = (unsigned)entry->state | (entry->repeatable ? PACK_REPEATABLE : 0) |
                     (entry->applied_at_ms != TIME_UNKNOWN ? PACK_TIME : 0);
    for (size_t i = TEXT_KEY; i < TEXTS; i++)
        flags |= texts[i] ? (unsigned)PACK_FIRST_OPTION << (i - TEXT_KEY) : 0;
    strbuf_add_char(out, (char)flags);
    add_distance(out, before->rank + 1, entry->rank);
    if (flags & PACK_TIME)
        add_distance(out, before->applied_at_ms, entry->applied_at_ms);
    for (size_t i = 0; i < TEXTS; i++) {
        if (!texts[i])
            continue;
        add_text(out, previous[i], texts[i]);
        previous[i] = texts[i];
    }
}

struct journal_pack *journal_pack_make(struct arena *arena, const struct journal_entry *entries, size_t count)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_JOURNAL_BYTES);
    const char *previous[TEXTS] = {"", "", "", ""};
    struct journal_entry before = {0};
    for (size_t i = 0; i < count; i++) {
        if (!is_packable(&entries[i]))
            return NULL;
        add_entry(&out, &entries[i], &before, previous);
        int64_t time = entries[i].applied_at_ms != TIME_UNKNOWN ? entries[i].applied_at_ms : before.applied_at_ms;
        before = entries[i];
        before.applied_at_ms = time;
    }
    struct journal_pack *pack = strbuf_ok(&out) ? arena_alloc(arena, sizeof *pack + out.length) : NULL;
    if (!pack)
        return NULL;
    pack->size = out.length;
    memcpy(pack->bytes, strbuf_text(&out), out.length);
    return pack;
}

static uint64_t read_number(struct journal_cursor *cursor)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = *cursor->at++;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return number;
    }
}

static int64_t read_distance(struct journal_cursor *cursor, int64_t from)
{
    uint64_t number = read_number(cursor);
    uint64_t distance = number >> 1 ^ (number & 1 ? UINT64_MAX : 0);
    return (int64_t)((uint64_t)from + distance);
}

static const char *read_text(struct journal_cursor *cursor, size_t which)
{
    char *text = cursor->texts[which];
    size_t shared = read_number(cursor);
    size_t length = read_number(cursor);
    memcpy(text + shared, cursor->at, length);
    text[shared + length] = '\0';
    cursor->at += length;
    return text;
}

static const struct journal_entry *unpack_next(struct journal_cursor *cursor)
{
    struct journal_entry *entry = &cursor->entry;
    unsigned flags = *cursor->at++;
    const char *texts[TEXTS] = {NULL};
    entry->state = (enum entry_state)(flags & PACK_STATE);
    entry->repeatable = flags & PACK_REPEATABLE;
    entry->rank = read_distance(cursor, entry->rank + 1);
    if (flags & PACK_TIME)
        cursor->time_ms = read_distance(cursor, cursor->time_ms);
    entry->applied_at_ms = flags & PACK_TIME ? cursor->time_ms : TIME_UNKNOWN;
    for (size_t i = 0; i < TEXTS; i++)
        if (i == TEXT_REVISION || flags & (unsigned)PACK_FIRST_OPTION << (i - TEXT_KEY))
            texts[i] = read_text(cursor, i);
    entry->revision = texts[TEXT_REVISION];
    entry->key = texts[TEXT_KEY];
    entry->label = texts[TEXT_LABEL];
    entry->checksum = texts[TEXT_CHECKSUM];
    return entry;
}

void journal_cursor_init(struct journal_cursor *cursor, const struct journal *journal)
{
    cursor->journal = journal;
    cursor->next = 0;
    cursor->at = journal->pack ? journal->pack->bytes : NULL;
    cursor->entry = (struct journal_entry){0};
    cursor->time_ms = 0;
}

const struct journal_entry *journal_cursor_next(struct journal_cursor *cursor)
{
    const struct journal *journal = cursor->journal;
    if (cursor->next >= journal->entry_count)
        return NULL;
    size_t at = cursor->next++;
    return journal->pack ? unpack_next(cursor) : &journal->entries[at];
}

/* A text of a packed entry, for as long as the arena lives. */
static bool keep_text(struct arena *arena, const char **text)
{
    if (!*text)
        return true;
    *text = arena_strdup(arena, *text);
    return *text != NULL;
}

bool journal_entries(const struct journal *journal, struct arena *arena, const struct journal_entry **ret_entries)
{
    *ret_entries = journal->entries;
    if (!journal->pack)
        return true;
    struct journal_entry *entries = arena_array(arena, journal->entry_count, sizeof *entries);
    struct journal_cursor *cursor = arena_alloc(arena, sizeof *cursor);
    if (!entries || !cursor)
        return false;
    journal_cursor_init(cursor, journal);
    for (size_t i = 0; i < journal->entry_count; i++) {
        entries[i] = *journal_cursor_next(cursor);
        if (!keep_text(arena, &entries[i].revision) || !keep_text(arena, &entries[i].key) ||
            !keep_text(arena, &entries[i].label) || !keep_text(arena, &entries[i].checksum))
            return false;
    }
    *ret_entries = entries;
    return true;
}
