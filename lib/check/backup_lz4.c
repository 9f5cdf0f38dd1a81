/* SPDX-License-Identifier: Apache-2.0
 *
 * lz4: frames of blocks, each of which says its own size, up to one of size zero. Nothing is inflated, and checksums
 * are not computed.
 */
#include "check/backup_format.h"

enum { WORD_BYTES = 4, MOST_BLOCK_BYTES = 4 * 1024 * 1024, STEP_BLOCKS = 512 };

static const uint32_t frame_magic = 0x184D2204;
static const uint32_t skippable_magic = 0x184D2A50; /* the last four bits are free */
static const uint32_t stored_bit = 0x80000000;      /* of a block's size: it is not compressed */

/* In the first byte of a frame's header. */
enum flag { FLAG_DICTIONARY = 0x01, FLAG_CHECKSUM = 0x04, FLAG_SIZE = 0x08, FLAG_BLOCK_CHECKSUM = 0x10 };

struct lz4_walk {
    struct backup_walk walk;
    bool in_frame;
    bool filled; /* there is a block */
    unsigned flags;
};

static bool begins_lz4(const unsigned char *head, size_t length)
{
    return length >= WORD_BYTES && backup_number(head, WORD_BYTES) == frame_magic;
}

static int begin_frame(struct lz4_walk *lz4, const struct backup_file *file, struct error *reterr)
{
    unsigned char flags = 0;
    bool there = false;
    if (backup_walk_take(&lz4->walk, file, &flags, 1, "a frame's header", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    if (flags >> 6 != 1)
        return backup_walk_end(&lz4->walk, BACKUP_CORRUPT, "a frame's header is damaged");
    lz4->flags = flags;
    lz4->in_frame = true;
    int64_t length = 2 + (flags & FLAG_SIZE ? 8 : 0) + (flags & FLAG_DICTIONARY ? 4 : 0);
    backup_walk_skip(&lz4->walk, file, length, "a frame's header");
    return 0;
}

static int next_frame(struct lz4_walk *lz4, const struct backup_file *file, struct error *reterr)
{
    struct backup_walk *walk = &lz4->walk;
    unsigned char bytes[WORD_BYTES] = {0};
    bool there = false;
    if (walk->at == file->size)
        return backup_walk_end_packed(walk, lz4->filled);
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    uint64_t magic = backup_number(bytes, sizeof bytes);
    if (there && magic == frame_magic)
        return begin_frame(lz4, file, reterr);
    if (there && (magic & ~(uint64_t)0xF) != skippable_magic)
        return backup_walk_end(walk, BACKUP_CORRUPT, "something else follows its end");
    if (there && backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    if (there)
        backup_walk_skip(walk, file, (int64_t)backup_number(bytes, sizeof bytes), "a frame");
    return 0;
}

static int next_block(struct lz4_walk *lz4, const struct backup_file *file, struct error *reterr)
{
    struct backup_walk *walk = &lz4->walk;
    unsigned char bytes[WORD_BYTES] = {0};
    bool there = false;
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    int64_t size = (int64_t)(backup_number(bytes, sizeof bytes) & ~(uint64_t)stored_bit);
    if (size > MOST_BLOCK_BYTES)
        return backup_walk_end(walk, BACKUP_CORRUPT, "a block's header is damaged");
    lz4->in_frame = size > 0;
    lz4->filled = lz4->filled || size > 0;
    unsigned checked = size > 0 ? FLAG_BLOCK_CHECKSUM : FLAG_CHECKSUM;
    backup_walk_skip(walk, file, size + (lz4->flags & checked ? 4 : 0), size > 0 ? "a block" : "a checksum");
    return 0;
}

static int step_lz4(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct lz4_walk *lz4 = (struct lz4_walk *)walk;
    for (unsigned i = 0; i < STEP_BLOCKS && walk->verdict == BACKUP_READING; i++)
        if ((lz4->in_frame ? next_block : next_frame)(lz4, file, reterr) < 0)
            return -1;
    return 0;
}

const struct backup_format backup_lz4 = {
    .name = "lz4",
    .state_size = sizeof(struct lz4_walk),
    .begins = begins_lz4,
    .step = step_lz4,
};
