/* SPDX-License-Identifier: Apache-2.0
 *
 * zstd: a frame's last block says that it is the last.
 */
#include "check/backup_frames.h"

enum { BLOCK_HEADER_BYTES = 3, MOST_BLOCK_BYTES = 128 * 1024 };

/* In the first byte of a frame's header. */
enum flag { FLAG_CHECKSUM = 0x04, FLAG_RESERVED = 0x08, FLAG_SINGLE = 0x20 };

static int read_header(struct frames_walk *frames, const struct backup_file *file, struct error *reterr)
{
    static const unsigned char size_bytes[] = {0, 2, 4, 8};
    static const unsigned char dictionary_bytes[] = {0, 1, 2, 4};
    unsigned char descriptor = 0;
    bool there = false;
    if (backup_walk_take(&frames->walk, file, &descriptor, 1, "a frame's header", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    if (descriptor & FLAG_RESERVED)
        return backup_walk_end(&frames->walk, BACKUP_CORRUPT, "a frame's header is damaged");
    bool single = descriptor & FLAG_SINGLE;
    int64_t length = size_bytes[descriptor >> 6] + dictionary_bytes[descriptor & 3];
    if (single && descriptor >> 6 == 0)
        length++;
    frames->flags = descriptor;
    frames->in_frame = true;
    backup_walk_skip(&frames->walk, file, length + (single ? 0 : 1), "a frame's header");
    return 0;
}

static int read_block(struct frames_walk *frames, const struct backup_file *file, struct error *reterr)
{
    enum { KIND_REPEATED = 1, KIND_RESERVED = 3 };
    struct backup_walk *walk = &frames->walk;
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
    frames->filled = frames->filled || size > 0;
    backup_walk_skip(walk, file, kind == KIND_REPEATED ? 1 : size, "a block");
    if (!(header & 1) || walk->verdict != BACKUP_READING)
        return 0;
    frames->in_frame = false;
    backup_walk_skip(walk, file, frames->flags & FLAG_CHECKSUM ? 4 : 0, "a checksum");
    return 0;
}

static const struct frames_format frames_zstd = {.magic = 0xFD2FB528, .header = read_header, .block = read_block};

static bool begins_zstd(const unsigned char *head, size_t length)
{
    return backup_frames_begin(&frames_zstd, head, length);
}

static int step_zstd(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    return backup_frames_step(&frames_zstd, walk, file, reterr);
}

const struct backup_format backup_zstd = {
    .name = "zstd",
    .state_size = sizeof(struct frames_walk),
    .begins = begins_zstd,
    .step = step_zstd,
};
