/* SPDX-License-Identifier: Apache-2.0
 *
 * xz: a stream ends with an index of its blocks and a footer, both with checksums of their own. They are read from the
 * file's end towards its beginning: each stream must begin where its footer says that it does. Nothing is inflated.
 */
#include <string.h>
#include <zlib.h>

#include "check/backup_format.h"

enum {
    FRAME_BYTES = 12, /* a stream's header, and its footer */
    /* 50 GB in blocks of a megabyte have an index of less than one. */
    MOST_INDEX_BYTES = 16 * 1024 * 1024,
    NUMBER_BYTES = 9, /* of an index's number, at most */
    /* A tape's block is filled with less; what was only allocated, and never written, has more. */
    MOST_PADDING_BYTES = 1024 * 1024
};

static const unsigned char magic[] = {0xFD, '7', 'z', 'X', 'Z', 0};

struct xz_walk {
    struct backup_walk walk;
    int64_t end; /* what stands behind was read */
    int64_t padding;
    bool filled; /* a stream has a block */
    bool begun;
};

/* An index, read byte by byte. */
struct index {
    const struct backup_file *file;
    int64_t at;
    int64_t end;
    unsigned long checksum;
    size_t used;
    size_t count;
    unsigned char bytes[4096];
    bool failed; /* to be read */
    bool broken; /* it is no index */
};

static bool begins_xz(const unsigned char *head, size_t length)
{
    return length >= sizeof magic && memcmp(head, magic, sizeof magic) == 0;
}

static unsigned take_byte(struct index *index, struct error *reterr)
{
    if (index->failed || index->broken)
        return 0;
    if (index->used == index->count) {
        int64_t left = index->end - index->at;
        index->broken = left <= 0;
        index->used = 0;
        index->count = left < (int64_t)sizeof index->bytes ? (size_t)(left > 0 ? left : 0) : sizeof index->bytes;
        index->failed = backup_file_read(index->file, index->at, index->bytes, index->count, reterr) < 0;
        index->at += (int64_t)index->count;
        if (index->failed || index->broken)
            return 0;
        index->checksum = crc32(index->checksum, index->bytes, (unsigned)index->count);
    }
    return index->bytes[index->used++];
}

/* Seven bits per byte, the lowest first. */
static uint64_t take_number(struct index *index, struct error *reterr)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < NUMBER_BYTES; i++) {
        unsigned byte = take_byte(index, reterr);
        number |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (!(byte & 0x80))
            return number;
    }
    index->broken = true;
    return 0;
}

/* Bytes of all blocks that an index tells of; the index's own checksum stands behind it. */
static int64_t read_index(struct index *index, struct error *reterr)
{
    int64_t blocks = 0;
    if (take_byte(index, reterr) != 0)
        index->broken = true;
    uint64_t records = take_number(index, reterr);
    for (uint64_t i = 0; i < records && !index->failed && !index->broken; i++) {
        uint64_t size = take_number(index, reterr);
        take_number(index, reterr); /* what it inflates to */
        if (size > (uint64_t)(index->file->size - blocks))
            index->broken = true;
        else
            blocks += (int64_t)((size + 3) & ~(uint64_t)3);
    }
    while (!index->failed && !index->broken && (index->at < index->end || index->used < index->count))
        if (take_byte(index, reterr) != 0)
            index->broken = true;
    return blocks;
}

static bool footer_is_whole(const unsigned char *footer)
{
    return footer[10] == 'Y' && footer[11] == 'Z' && crc32(0, footer + 4, 6) == backup_number(footer, 4);
}

static bool header_is_whole(const unsigned char *header, const unsigned char *footer)
{
    return begins_xz(header, FRAME_BYTES) && crc32(0, header + 6, 2) == backup_number(header + 8, 4) &&
           memcmp(header + 6, footer + 8, 2) == 0;
}

static int end_corrupt(struct backup_walk *walk)
{
    return backup_walk_end(walk, BACKUP_CORRUPT, "its index is not that of what stands before it");
}

/* A stream whose footer is whole. */
static int read_stream(struct xz_walk *xz, const unsigned char *footer, const struct backup_file *file,
                       struct error *reterr)
{
    int64_t length = ((int64_t)backup_number(footer + 4, 4) + 1) * 4;
    int64_t index_at = xz->end - FRAME_BYTES - length;
    if (length > MOST_INDEX_BYTES)
        return backup_walk_settle(&xz->walk, BACKUP_UNMARKED);
    if (index_at < FRAME_BYTES)
        return end_corrupt(&xz->walk);
    unsigned char checksum[4] = {0};
    unsigned char header[FRAME_BYTES] = {0};
    struct index index = {.file = file, .at = index_at, .end = index_at + length - (int64_t)sizeof checksum};
    int64_t begin = index_at - read_index(&index, reterr) - FRAME_BYTES;
    if (index.failed || backup_file_read(file, index.end, checksum, sizeof checksum, reterr) < 0)
        return -1;
    if (index.broken || begin < 0 || index.checksum != backup_number(checksum, sizeof checksum))
        return end_corrupt(&xz->walk);
    if (backup_file_read(file, begin, header, sizeof header, reterr) < 0)
        return -1;
    if (!header_is_whole(header, footer))
        return end_corrupt(&xz->walk);
    xz->end = begin;
    xz->filled = xz->filled || index_at - begin > FRAME_BYTES;
    return begin == 0 ? backup_walk_end_packed(&xz->walk, xz->filled) : 0;
}

static int step_xz(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct xz_walk *xz = (struct xz_walk *)walk;
    unsigned char footer[FRAME_BYTES] = {0};
    if (!xz->begun)
        xz->end = file->size;
    xz->begun = true;
    if (xz->end < 2 * FRAME_BYTES)
        return backup_walk_end(walk, BACKUP_CUT, "it ends before its footer");
    if (backup_file_read(file, xz->end - FRAME_BYTES, footer, sizeof footer, reterr) < 0)
        return -1;
    walk->at = file->size - xz->end;
    if (footer_is_whole(footer))
        return read_stream(xz, footer, file, reterr);
    /* Streams may be followed by zeros, four by four. */
    if (backup_number(footer + 8, 4) == 0 && xz->end % 4 == 0 && xz->padding < MOST_PADDING_BYTES) {
        xz->end -= 4;
        xz->padding += 4;
        return 0;
    }
    return backup_walk_end(walk, BACKUP_CUT, "it ends before its footer");
}

const struct backup_format backup_xz = {
    .name = "xz",
    .state_size = sizeof(struct xz_walk),
    .begins = begins_xz,
    .step = step_xz,
};
