/* SPDX-License-Identifier: Apache-2.0
 *
 * bzip2: a stream ends with a mark of 48 bits and a checksum of 32, which stand at any bit.
 */
#include <string.h>

#include "check/backup_format.h"

enum { HEAD_BYTES = 4 /* of a stream, before its first block */ };

enum { MARK_BITS = 48, CHECKSUM_BITS = 32, END_BYTES = 11 /* the most that both take, with the bits that fill it */ };

static const uint64_t end_mark = 0x177245385090;

static bool begins_bzip2(const unsigned char *head, size_t length)
{
    static const unsigned char block[] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
    static const unsigned char nothing[] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
    if (length < 4 || memcmp(head, "BZh", 3) != 0 || head[3] < '1' || head[3] > '9')
        return false;
    size_t rest = length - 4 < sizeof block ? length - 4 : sizeof block;
    return memcmp(head + 4, block, rest) == 0 || memcmp(head + 4, nothing, rest) == 0;
}

/* `count` bits, at most 64, from bit `from`; the highest bit of a byte comes first. */
static uint64_t bits(const unsigned char *bytes, unsigned from, unsigned count)
{
    uint64_t number = 0;
    for (unsigned i = from; i < from + count; i++)
        number = number << 1 | (bytes[i / 8] >> (7 - i % 8) & 1u);
    return number;
}

static bool has_end(const unsigned char *end)
{
    for (unsigned filled = 0; filled < 8; filled++) {
        unsigned from = END_BYTES * 8 - filled - CHECKSUM_BITS - MARK_BITS;
        if (bits(end, from, MARK_BITS) == end_mark && bits(end, END_BYTES * 8 - filled, filled) == 0)
            return true;
    }
    return false;
}

static int step_bzip2(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    unsigned char end[END_BYTES] = {0};
    if (file->size < END_BYTES)
        return backup_walk_end(walk, BACKUP_CUT, "it ends before its end mark");
    if (backup_file_read(file, file->size - END_BYTES, end, sizeof end, reterr) < 0)
        return -1;
    if (has_end(end))
        return backup_walk_end_packed(walk, file->size > HEAD_BYTES + (MARK_BITS + CHECKSUM_BITS) / 8);
    return backup_walk_end(walk, BACKUP_CUT, "it ends before its end mark");
}

const struct backup_format backup_bzip2 = {
    .name = "bzip2",
    .state_size = sizeof(struct backup_walk),
    .begins = begins_bzip2,
    .step = step_bzip2,
};
