/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd: frames of blocks, each of which says its own size. Nothing is inflated, and checksums are not computed.
 */
#include "check/backup_format.h"

enum {
    MAGIC_BYTES = 4,
    BLOCK_HEADER_BYTES = 3,
    MOST_BLOCK_BYTES = 128 * 1024,
    STEP_BLOCKS = 512,
};

static const uint32_t frame_magic = 0xFD2FB528;
static const uint32_t skippable_magic = 0x184D2A50; /* the last four bits are free */

struct zstd_walk {
    struct backup_walk walk;
    bool in_frame;
    bool filled;      /* a block has something in it */
    bool checksummed; /* the frame's blocks are followed by a checksum */
};

static bool is_skippable(uint64_t magic)
{
    return (magic & ~(uint64_t)0xF) == skippable_magic;
}

static bool begins_zstd(const unsigned char *head, size_t length)
{
    return length >= MAGIC_BYTES && backup_number(head, MAGIC_BYTES) == frame_magic;
}

static int begin_frame(struct zstd_walk *zstd, const struct backup_file *file, struct error *reterr)
{
    static const unsigned char size_bytes[] = {0, 2, 4, 8};
    static const unsigned char dictionary_bytes[] = {0, 1, 2, 4};
    unsigned char descriptor = 0;
    bool there = false;
    if (backup_walk_take(&zstd->walk, file, &descriptor, 1, "a frame's header", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    if (descriptor & 0x08)
        return backup_walk_end(&zstd->walk, BACKUP_CORRUPT, "a frame's header is damaged");
    bool single = descriptor & 0x20;
    int64_t length = size_bytes[descriptor >> 6] + dictionary_bytes[descriptor & 3];
    if (single && descriptor >> 6 == 0)
        length++;
    zstd->checksummed = descriptor & 0x04;
    zstd->in_frame = true;
    backup_walk_skip(&zstd->walk, file, length + (single ? 0 : 1), "a frame's header");
    return 0;
}

static int next_frame(struct zstd_walk *zstd, const struct backup_file *file, struct error *reterr)
{
    struct backup_walk *walk = &zstd->walk;
    unsigned char bytes[MAGIC_BYTES] = {0};
    bool there = false;
    if (walk->at == file->size)
        return backup_walk_end_packed(walk, zstd->filled);
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    uint64_t magic = backup_number(bytes, sizeof bytes);
    if (there && magic == frame_magic)
        return begin_frame(zstd, file, reterr);
    if (there && !is_skippable(magic))
        return backup_walk_end(walk, BACKUP_CORRUPT, "something else follows its end");
    if (there && backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    if (there)
        backup_walk_skip(walk, file, (int64_t)backup_number(bytes, sizeof bytes), "a frame");
    return 0;
}

static int next_block(struct zstd_walk *zstd, const struct backup_file *file, struct error *reterr)
{
    enum { KIND_REPEATED = 1, KIND_RESERVED = 3 };
    struct backup_walk *walk = &zstd->walk;
    unsigned char bytes[BLOCK_HEADER_BYTES] = {0};
    bool there = false;
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    uint64_t header = backup_number(bytes, sizeof bytes);
    unsigned kind = header >> 1 & 3;
    int64_t size = (int64_t)(header >> 3);
    if (kind == KIND_RESERVED || size > MOST_BLOCK_BYTES)
        return backup_walk_end(walk, BACKUP_CORRUPT, "a block's header is damaged");
    zstd->filled = zstd->filled || size > 0;
    backup_walk_skip(walk, file, kind == KIND_REPEATED ? 1 : size, "a block");
    if (!(header & 1) || walk->verdict != BACKUP_READING)
        return 0;
    zstd->in_frame = false;
    backup_walk_skip(walk, file, zstd->checksummed ? 4 : 0, "a checksum");
    return 0;
}

static int step_zstd(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct zstd_walk *zstd = (struct zstd_walk *)walk;
    for (unsigned i = 0; i < STEP_BLOCKS && walk->verdict == BACKUP_READING; i++)
        if ((zstd->in_frame ? next_block : next_frame)(zstd, file, reterr) < 0)
            return -1;
    return 0;
}

const struct backup_format backup_zstd = {
    .name = "zstd",
    .state_size = sizeof(struct zstd_walk),
    .begins = begins_zstd,
    .step = step_zstd,
};
