/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_frames.h"

enum { WORD_BYTES = 4, STEP_BLOCKS = 512 };

/* The last four bits are free. */
static bool is_skippable(uint64_t magic)
{
    return (magic & ~(uint64_t)0xF) == 0x184D2A50;
}

bool backup_frames_begin(const struct frames_format *format, const unsigned char *head, size_t length)
{
    return length >= WORD_BYTES && backup_number(head, WORD_BYTES) == format->magic;
}

static int next_frame(const struct frames_format *format, struct frames_walk *frames, const struct backup_file *file,
                      struct error *reterr)
{
    struct backup_walk *walk = &frames->walk;
    unsigned char bytes[WORD_BYTES] = {0};
    bool there = false;
    if (walk->at == file->size)
        return backup_walk_end_packed(walk, frames->filled);
    if (backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    uint64_t magic = backup_number(bytes, sizeof bytes);
    if (there && magic == format->magic)
        return format->header(frames, file, reterr);
    if (there && !is_skippable(magic))
        return backup_walk_end(walk, BACKUP_CORRUPT, "something else follows its end");
    if (there && backup_walk_take(walk, file, bytes, sizeof bytes, "a frame's header", &there, reterr) < 0)
        return -1;
    if (there)
        backup_walk_skip(walk, file, (int64_t)backup_number(bytes, sizeof bytes), "a frame");
    return 0;
}

int backup_frames_step(const struct frames_format *format, struct backup_walk *walk, const struct backup_file *file,
                       struct error *reterr)
{
    struct frames_walk *frames = (struct frames_walk *)walk;
    for (unsigned i = 0; i < STEP_BLOCKS && walk->verdict == BACKUP_READING; i++) {
        int result = frames->in_frame ? format->block(frames, file, reterr) : next_frame(format, frames, file, reterr);
        if (result < 0)
            return -1;
    }
    return 0;
}
