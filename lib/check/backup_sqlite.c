/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_sqlite.h"

#include <inttypes.h>
#include <string.h>

/* Places in the header; its numbers are big-endian. */
enum {
    PAGE_SIZE = 16,
    CHANGE_COUNTER = 24,
    PAGE_COUNT = 28,
    VALID_FOR = 92, /* the change counter for which the page count was written */
    HEADER_BYTES = 100
};

static const char magic[] = "SQLite format 3"; /* with its NUL */

static uint32_t big_endian(const unsigned char *bytes, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++)
        number = number << 8 | bytes[i];
    return number;
}

bool backup_sqlite_begins(const unsigned char *head, size_t length)
{
    return length >= sizeof magic && memcmp(head, magic, sizeof magic) == 0;
}

int backup_sqlite_end(struct backup_walk *walk, const unsigned char *head, size_t length, int64_t size)
{
    if (length < HEADER_BYTES)
        return backup_walk_end(walk, BACKUP_CUT, "it ends within its header");
    uint32_t page = big_endian(head + PAGE_SIZE, 2);
    page = page == 1 ? 65536 : page;
    if (page < 512 || (page & (page - 1)) != 0)
        return backup_walk_end(walk, BACKUP_CORRUPT, "its header says %" PRIu32 " bytes per page", page);
    uint32_t pages = big_endian(head + PAGE_COUNT, 4);
    bool counted = pages > 0 && big_endian(head + CHANGE_COUNTER, 4) == big_endian(head + VALID_FOR, 4);
    if (counted && size < (int64_t)page * pages)
        return backup_walk_end(walk, BACKUP_CUT, "its header says %" PRIu32 " pages of %" PRIu32 " bytes", pages, page);
    if (size % page != 0)
        return backup_walk_end(walk, BACKUP_CUT, "it ends in the middle of a page of %" PRIu32 " bytes", page);
    return backup_walk_settle(walk, counted ? BACKUP_COMPLETE : BACKUP_UNMARKED);
}

static int step_sqlite(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    unsigned char head[HEADER_BYTES] = {0};
    size_t length = file->size < HEADER_BYTES ? (size_t)file->size : HEADER_BYTES;
    if (backup_file_read(file, 0, head, length, reterr) < 0)
        return -1;
    return backup_sqlite_end(walk, head, length, file->size);
}

const struct backup_format backup_sqlite = {
    .name = "an SQLite database",
    .state_size = sizeof(struct backup_walk),
    .begins = backup_sqlite_begins,
    .step = step_sqlite,
};
