/* SPDX-License-Identifier: Apache-2.0
 *
 * pg_dump's custom format: a header, a table of contents, and for each of its entries that has data one run of blocks,
 * in the order of the table. There is no end mark, but the table tells what must come: the file is whole when its last
 * run ends where the file ends, or is followed by the table once more. That is what becomes of the places of the data,
 * which pg_dump writes over the table when it is done, where its output only appends. Nothing is inflated.
 *
 * The table is read twice, first to find its end and then side by side with the data, so that a dump of a million
 * tables needs no more memory than one of two.
 */
#include <inttypes.h>
#include <string.h>

#include "check/backup_format.h"

enum {
    OLDEST_MINOR = 12,        /* pg_dump 9.0 */
    TABLE_METHOD_MINOR = 14,  /* an entry names its table access method; pg_dump 12 */
    ALGORITHM_MINOR = 15,     /* the header names the compression by one byte; pg_dump 16 */
    RELATION_KIND_MINOR = 16, /* an entry has its relation's kind; pg_dump 17 */
    NEWEST_MINOR = 16,

    CUSTOM_FORMAT = 1,
    DATE_NUMBERS = 7,
    HEADER_TEXTS = 3, /* database, its server's version, pg_dump's version */

    /* What one step reads: entries of the table, and blocks of data. */
    STEP_ENTRIES = 512,
    STEP_BLOCKS = 8192,

    MOST_DEPENDENCIES = 1000000 /* of one entry: what a step stays bounded by */
};

/* Where an entry's data stands, as its table says. */
enum place { PLACE_UNSET = 1, PLACE_SET = 2, PLACE_NONE = 3 };

enum block { BLOCK_DATA = 1, BLOCK_LARGE_OBJECTS = 3 };

enum phase {
    PHASE_HEADER,
    PHASE_TABLE,         /* to find its end */
    PHASE_ENTRY,         /* the next entry that has data, and how its data begins */
    PHASE_LARGE_OBJECTS, /* the next large object of an entry */
    PHASE_BLOCKS,
    PHASE_SECOND_TABLE,
};

/* A place in the file and what was read around it. */
struct cursor {
    int64_t at;
    int64_t window_at;
    size_t window_length;
    unsigned char window[4096];
};

struct pgdump_walk {
    struct backup_walk walk;
    enum phase phase;
    unsigned minor;
    size_t integer_bytes;
    size_t offset_bytes;
    int64_t table_at;     /* of its first entry, behind their number */
    int64_t entries;      /* of the table */
    int64_t entries_left; /* of this reading of it */
    int64_t id;           /* of the entry whose data is being read */
    bool large_objects;   /* its data is some of them */
    struct cursor table;
    struct cursor data;
};

struct entry {
    int64_t id;
    enum place place;
    int64_t data_at;
};

/* One step. Once something is wrong, what else is taken is zero. */
struct pass {
    struct pgdump_walk *dump;
    const struct backup_file *file;
    struct error *reterr;
    bool failed;
};

static bool goes_on(const struct pass *pass)
{
    return !pass->failed && pass->dump->walk.verdict == BACKUP_READING;
}

static bool has(struct pass *pass, const struct cursor *cursor, int64_t length)
{
    if (!goes_on(pass))
        return false;
    if (pass->file->size - cursor->at >= length)
        return true;
    if (cursor == &pass->dump->data)
        backup_walk_end(&pass->dump->walk, BACKUP_CUT, "it ends in the middle of its data (entry %" PRId64 ")",
                        pass->dump->id);
    else
        backup_walk_end(&pass->dump->walk, BACKUP_CUT, "it ends within its table of contents");
    return false;
}

static bool look_at(struct pass *pass, struct cursor *cursor, size_t length)
{
    int64_t end = cursor->window_at + (int64_t)cursor->window_length;
    if (cursor->at >= cursor->window_at && cursor->at + (int64_t)length <= end)
        return true;
    int64_t left = pass->file->size - cursor->at;
    size_t count = left < (int64_t)sizeof cursor->window ? (size_t)left : sizeof cursor->window;
    cursor->window_at = cursor->at;
    cursor->window_length = count;
    pass->failed = backup_file_read(pass->file, cursor->at, cursor->window, count, pass->reterr) < 0;
    if (pass->failed)
        cursor->window_length = 0;
    return !pass->failed;
}

/* Up to 16 bytes; zeros where they are not there. */
static void take_bytes(struct pass *pass, struct cursor *cursor, unsigned char *bytes, size_t length)
{
    memset(bytes, 0, length);
    if (!has(pass, cursor, (int64_t)length) || !look_at(pass, cursor, length))
        return;
    memcpy(bytes, cursor->window + (cursor->at - cursor->window_at), length);
    cursor->at += (int64_t)length;
}

static unsigned take_byte(struct pass *pass, struct cursor *cursor)
{
    unsigned char byte = 0;
    take_bytes(pass, cursor, &byte, 1);
    return byte;
}

/* A sign, then the digits, the lowest first. */
static int64_t take_number(struct pass *pass, struct cursor *cursor)
{
    unsigned char bytes[1 + 8] = {0};
    take_bytes(pass, cursor, bytes, 1 + pass->dump->integer_bytes);
    int64_t number = (int64_t)(backup_number(bytes + 1, 8) & INT64_MAX);
    return bytes[0] ? -number : number;
}

static void skip(struct pass *pass, struct cursor *cursor, int64_t length)
{
    if (has(pass, cursor, length))
        cursor->at += length;
}

/* Returns whether there is one: a negative length is no text at all. */
static bool skip_text(struct pass *pass, struct cursor *cursor)
{
    int64_t length = take_number(pass, cursor);
    if (length > 0)
        skip(pass, cursor, length);
    return length >= 0;
}

static void skip_texts(struct pass *pass, struct cursor *cursor, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        skip_text(pass, cursor);
}

static void end_corrupt(struct pass *pass, const char *what, int64_t number)
{
    if (goes_on(pass))
        backup_walk_end(&pass->dump->walk, BACKUP_CORRUPT, "%s (%" PRId64 ")", what, number);
}

static enum place take_place(struct pass *pass, struct cursor *cursor, int64_t *ret_offset)
{
    unsigned place = take_byte(pass, cursor);
    unsigned char bytes[8] = {0};
    take_bytes(pass, cursor, bytes, pass->dump->offset_bytes);
    *ret_offset = (int64_t)(backup_number(bytes, sizeof bytes) & INT64_MAX);
    if (place < PLACE_UNSET || place > PLACE_NONE)
        end_corrupt(pass, "its table of contents is damaged: the place of data is of an unknown kind", place);
    return place;
}

static void skip_dependencies(struct pass *pass, struct cursor *cursor)
{
    for (int64_t count = 0; goes_on(pass) && skip_text(pass, cursor); count++)
        if (count >= MOST_DEPENDENCIES)
            end_corrupt(pass, "its table of contents is damaged: an entry depends on too many others", count);
}

static struct entry take_entry(struct pass *pass, struct cursor *cursor)
{
    struct entry entry = {.id = take_number(pass, cursor)};
    if (entry.id <= 0)
        end_corrupt(pass, "its table of contents is damaged: an entry has an impossible number", entry.id);
    take_number(pass, cursor);   /* whether it has data, which its place says again */
    skip_texts(pass, cursor, 4); /* catalogue, object, tag, description */
    take_number(pass, cursor);   /* section */
    skip_texts(pass, cursor, 5); /* definition, drop, copy, schema, tablespace */
    if (pass->dump->minor >= TABLE_METHOD_MINOR)
        skip_text(pass, cursor);
    if (pass->dump->minor >= RELATION_KIND_MINOR)
        take_number(pass, cursor);
    skip_texts(pass, cursor, 2); /* owner, with OIDs */
    skip_dependencies(pass, cursor);
    entry.place = take_place(pass, cursor, &entry.data_at);
    return entry;
}

/* The fixed part; false where what follows is not to be read. */
static bool take_beginning(struct pass *pass, struct cursor *cursor)
{
    unsigned char bytes[11] = {0};
    take_bytes(pass, cursor, bytes, sizeof bytes);
    if (!goes_on(pass))
        return false;
    pass->dump->minor = bytes[6];
    pass->dump->integer_bytes = bytes[8];
    pass->dump->offset_bytes = bytes[9];
    /* Other formats of pg_dump's keep such a table in a file of its own; other versions hold what is not known here. */
    if (bytes[5] != 1 || bytes[6] < OLDEST_MINOR || bytes[6] > NEWEST_MINOR || bytes[10] != CUSTOM_FORMAT) {
        backup_walk_settle(&pass->dump->walk, BACKUP_UNMARKED);
        return false;
    }
    if (bytes[8] < 1 || bytes[8] > 8 || bytes[9] < 1 || bytes[9] > 8)
        end_corrupt(pass, "its header is damaged: it has numbers of an impossible size", bytes[8]);
    return goes_on(pass);
}

static void read_header(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    struct cursor *cursor = &dump->table;
    if (!take_beginning(pass, cursor))
        return;
    if (dump->minor >= ALGORITHM_MINOR)
        take_byte(pass, cursor);
    else
        take_number(pass, cursor);
    for (unsigned i = 0; i < DATE_NUMBERS; i++)
        take_number(pass, cursor);
    skip_texts(pass, cursor, HEADER_TEXTS);
    dump->entries = take_number(pass, cursor);
    if (dump->entries < 0)
        end_corrupt(pass, "its table of contents is damaged: it has an impossible number of entries", dump->entries);
    dump->table_at = cursor->at;
    dump->entries_left = dump->entries;
    dump->phase = PHASE_TABLE;
}

static void find_data(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    for (unsigned i = 0; i < STEP_ENTRIES && dump->entries_left > 0 && goes_on(pass); i++, dump->entries_left--)
        take_entry(pass, &dump->table);
    dump->walk.at = dump->table.at;
    if (dump->entries_left > 0 || !goes_on(pass))
        return;
    dump->data.at = dump->table.at;
    dump->table.at = dump->table_at;
    dump->entries_left = dump->entries;
    dump->phase = PHASE_ENTRY;
}

static void begin_data(struct pass *pass, const struct entry *entry)
{
    struct pgdump_walk *dump = pass->dump;
    int64_t at = dump->data.at;
    dump->id = entry->id;
    unsigned block = take_byte(pass, &dump->data);
    int64_t id = take_number(pass, &dump->data);
    if (block != BLOCK_DATA && block != BLOCK_LARGE_OBJECTS)
        end_corrupt(pass, "its data is of an unknown kind", block);
    else if (id != entry->id)
        end_corrupt(pass, "its data is not that of the entry which the table of contents has next", id);
    else if (entry->place == PLACE_SET && entry->data_at != at)
        end_corrupt(pass, "its data is not where the table of contents says", at);
    dump->large_objects = block == BLOCK_LARGE_OBJECTS;
    dump->phase = dump->large_objects ? PHASE_LARGE_OBJECTS : PHASE_BLOCKS;
}

/* All data is there, and more. `table` stands at the first one's end. */
static void begin_second_table(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    int64_t number_bytes = 1 + (int64_t)dump->integer_bytes;
    int64_t left = pass->file->size - dump->data.at;
    int64_t length = dump->table.at - dump->table_at + number_bytes;
    int64_t at = dump->data.at;
    dump->table.at = at;
    if (left >= number_bytes && take_number(pass, &dump->table) != dump->entries)
        end_corrupt(pass, "something else follows its end", at);
    else if (left < length && goes_on(pass))
        backup_walk_end(&dump->walk, BACKUP_CUT, "it ends within its second table of contents");
    else if (left > length)
        end_corrupt(pass, "something else follows its end", at + length);
    dump->entries_left = dump->entries;
    dump->phase = PHASE_SECOND_TABLE;
}

static void read_second_table(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    for (unsigned i = 0; i < STEP_ENTRIES && dump->entries_left > 0 && goes_on(pass); i++, dump->entries_left--)
        take_entry(pass, &dump->table);
    dump->walk.at = dump->table.at;
    if (dump->entries_left > 0 || !goes_on(pass))
        return;
    if (dump->table.at == pass->file->size)
        backup_walk_settle(&dump->walk, BACKUP_COMPLETE);
    else
        end_corrupt(pass, "something else follows its end", dump->table.at);
}

static void next_entry(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    for (unsigned i = 0; i < STEP_ENTRIES && dump->entries_left > 0 && goes_on(pass); i++) {
        struct entry entry = take_entry(pass, &dump->table);
        dump->entries_left--;
        if (goes_on(pass) && entry.place != PLACE_NONE) {
            begin_data(pass, &entry);
            return;
        }
    }
    if (dump->entries_left > 0 || !goes_on(pass))
        return;
    if (dump->data.at == pass->file->size)
        backup_walk_settle(&dump->walk, BACKUP_COMPLETE);
    else
        begin_second_table(pass);
}

/* An object's number is unsigned, and zero is none. */
static void next_large_object(struct pass *pass)
{
    int64_t object = take_number(pass, &pass->dump->data);
    if (goes_on(pass))
        pass->dump->phase = object == 0 ? PHASE_ENTRY : PHASE_BLOCKS;
}

static void skip_block(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    int64_t length = take_number(pass, &dump->data);
    if (length < 0)
        end_corrupt(pass, "its data is damaged: a block has an impossible size", length);
    else if (length > 0)
        skip(pass, &dump->data, length);
    else if (goes_on(pass))
        dump->phase = dump->large_objects ? PHASE_LARGE_OBJECTS : PHASE_ENTRY;
}

static void read_data(struct pass *pass)
{
    struct pgdump_walk *dump = pass->dump;
    for (unsigned i = 0; i < STEP_BLOCKS && dump->phase != PHASE_ENTRY && goes_on(pass); i++) {
        if (dump->phase == PHASE_LARGE_OBJECTS)
            next_large_object(pass);
        else
            skip_block(pass);
    }
    dump->walk.at = dump->data.at;
}

static bool begins_pgdump(const unsigned char *head, size_t length)
{
    return length >= 5 && memcmp(head, "PGDMP", 5) == 0;
}

static int step_pgdump(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct pgdump_walk *dump = (struct pgdump_walk *)walk;
    struct pass pass = {.dump = dump, .file = file, .reterr = reterr};
    if (dump->phase == PHASE_HEADER)
        read_header(&pass);
    else if (dump->phase == PHASE_TABLE)
        find_data(&pass);
    else if (dump->phase == PHASE_ENTRY)
        next_entry(&pass);
    else if (dump->phase == PHASE_SECOND_TABLE)
        read_second_table(&pass);
    else
        read_data(&pass);
    return pass.failed ? -1 : 0;
}

const struct backup_format backup_pgdump = {
    .name = "pg_dump's custom format",
    .state_size = sizeof(struct pgdump_walk),
    .begins = begins_pgdump,
    .step = step_pgdump,
};
