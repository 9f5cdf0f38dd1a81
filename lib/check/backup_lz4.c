/* SPDX-License-Identifier: Apache-2.0
 *
 * lz4: a frame's blocks end with one of size zero.
 */
#include "check/backup_frames.h"

enum { WORD_BYTES = 4, MOST_BLOCK_BYTES = 4 * 1024 * 1024 };

static const uint32_t stored_bit = 0x80000000; /* of a block's size: it is not compressed */

/* In the first byte of a frame's header. */
enum flag { FLAG_DICTIONARY = 0x01, FLAG_CHECKSUM = 0x04, FLAG_SIZE = 0x08, FLAG_BLOCK_CHECKSUM = 0x10 };

static int read_header(struct frames_walk *frames, const struct backup_file *file, struct error *reterr)
{
    unsigned char flags = 0;
    bool there = false;
    if (backup_walk_take(&frames->walk, file, &flags, 1, "a frame's header", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    if (flags >> 6 != 1)
        return backup_walk_end(&frames->walk, BACKUP_CORRUPT, "a frame's header is damaged");
    frames->flags = flags;
    frames->in_frame = true;
    int64_t length = 2 + (flags & FLAG_SIZE ? 8 : 0) + (flags & FLAG_DICTIONARY ? 4 : 0);
    backup_walk_skip(&frames->walk, file, length, "a frame's header");
    return 0;
}

static int read_block(struct frames_walk *frames, const struct backup_file *file, struct error *reterr)
{
    struct backup_walk *walk = &frames->walk;
    unsigned char bytes[WORD_BYTES] = {0};
    bool there = false;
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    int64_t size = (int64_t)(backup_number(bytes, sizeof bytes) & ~(uint64_t)stored_bit);
    if (size > MOST_BLOCK_BYTES)
        return backup_walk_end(walk, BACKUP_CORRUPT, "a block's header is damaged");
    frames->in_frame = size > 0;
    frames->filled = frames->filled || size > 0;
    unsigned checked = size > 0 ? FLAG_BLOCK_CHECKSUM : FLAG_CHECKSUM;
    backup_walk_skip(walk, file, size + (frames->flags & checked ? 4 : 0), size > 0 ? "a block" : "a checksum");
    return 0;
}

static const struct frames_format frames_lz4 = {.magic = 0x184D2204, .header = read_header, .block = read_block};

static bool begins_lz4(const unsigned char *head, size_t length)
{
    return backup_frames_begin(&frames_lz4, head, length);
}

static int step_lz4(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    return backup_frames_step(&frames_lz4, walk, file, reterr);
}

const struct backup_format backup_lz4 = {
    .name = "lz4",
    .state_size = sizeof(struct frames_walk),
    .begins = begins_lz4,
    .step = step_lz4,
};
