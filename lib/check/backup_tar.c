/* SPDX-License-Identifier: Apache-2.0
 *
 * tar, which pg_dump writes as well: members, each a header and its bytes in whole blocks, up to two blocks of zeros.
 * What differs between programs is not followed: such an archive is not said to be complete.
 */
#include <string.h>

#include "check/backup_format.h"

enum {
    BLOCK_BYTES = 512,
    STEP_MEMBERS = 512,
    MOST_EXTENDED_BYTES = 64 * 1024, /* names, times and access lists of one member */

    /* Places in a header. */
    SIZE_AT = 124,
    SIZE_BYTES = 12,
    CHECKSUM_AT = 148,
    CHECKSUM_BYTES = 8,
    KIND_AT = 156,
    MAGIC_AT = 257,
};

struct tar_walk {
    struct backup_walk walk;
    int64_t next_size; /* of the next member, as an extended header says; -1: none did */
    bool begun;
    bool zeros; /* the last block was one */
};

static bool is_zero(const unsigned char *block)
{
    return block[0] == 0 && memcmp(block, block + 1, BLOCK_BYTES - 1) == 0;
}

/* Octal digits, between blanks and NULs; -1 for what is none. */
static int64_t octal(const unsigned char *field, size_t length)
{
    size_t at = 0;
    int64_t number = 0;
    while (at < length && field[at] == ' ')
        at++;
    for (; at < length && field[at] >= '0' && field[at] <= '7'; at++) {
        if (number > INT64_MAX >> 3)
            return -1;
        number = number << 3 | (field[at] - '0');
    }
    return at == length || field[at] == ' ' || field[at] == '\0' ? number : -1;
}

/* Sizes beyond the digits are binary, the highest byte first, behind a byte of 0x80. */
static int64_t size_in(const unsigned char *header)
{
    const unsigned char *field = header + SIZE_AT;
    if (!(field[0] & 0x80))
        return octal(field, SIZE_BYTES);
    int64_t number = 0;
    for (size_t i = 1; i < SIZE_BYTES; i++) {
        if (number > INT64_MAX >> 8)
            return -1;
        number = number << 8 | field[i];
    }
    return field[0] == 0x80 ? number : -1;
}

static bool header_is_whole(const unsigned char *header)
{
    int64_t sum = 0;
    for (size_t i = 0; i < BLOCK_BYTES; i++) {
        bool own = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_BYTES;
        sum += own ? ' ' : header[i];
    }
    return memcmp(header + MAGIC_AT, "ustar", 5) == 0 && sum == octal(header + CHECKSUM_AT, CHECKSUM_BYTES);
}

static bool begins_tar(const unsigned char *head, size_t length)
{
    return length >= BLOCK_BYTES && header_is_whole(head);
}

/* The number in "30 size=123\n" and the like among the records of an extended header; -1 where there is none. */
static int64_t size_among(const unsigned char *records, size_t length)
{
    static const char key[] = " size=";
    int64_t size = -1;
    for (size_t at = 0; at < length;) {
        size_t record = 0;
        size_t digits = at;
        for (; digits < length && records[digits] >= '0' && records[digits] <= '9' && record <= length; digits++)
            record = record * 10 + (size_t)(records[digits] - '0');
        if (record == 0 || record > length - at)
            return size;
        size_t end = at + record;
        size_t value = digits + strlen(key);
        if (value < end && memcmp(records + digits, key, strlen(key)) == 0)
            for (size = 0; value < end && records[value] >= '0' && records[value] <= '9'; value++)
                size = size > INT64_MAX / 16 ? size : size * 10 + (records[value] - '0');
        at = end;
    }
    return size;
}

static void skip_data(struct tar_walk *tar, const struct backup_file *file, int64_t size)
{
    if (size > file->size)
        backup_walk_end(&tar->walk, BACKUP_CUT, "it ends in the middle of a member");
    else
        backup_walk_skip(&tar->walk, file, (size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES, "a member");
}

/* Of a member that is larger than the digits of its header can tell. */
static int read_extended(struct tar_walk *tar, const struct backup_file *file, int64_t size, struct error *reterr)
{
    unsigned char records[MOST_EXTENDED_BYTES] = {0};
    if (size > MOST_EXTENDED_BYTES)
        return backup_walk_settle(&tar->walk, BACKUP_UNMARKED);
    size_t length = (size_t)size;
    if (file->size - tar->walk.at >= (int64_t)length &&
        backup_file_read(file, tar->walk.at, records, length, reterr) < 0)
        return -1;
    tar->next_size = size_among(records, length);
    skip_data(tar, file, size);
    return 0;
}

static int next_member(struct tar_walk *tar, const struct backup_file *file, const unsigned char *header,
                       struct error *reterr)
{
    unsigned char kind = header[KIND_AT];
    int64_t size = tar->next_size >= 0 ? tar->next_size : size_in(header);
    tar->next_size = -1;
    if (size < 0)
        return backup_walk_end(&tar->walk, BACKUP_CORRUPT, "a member's size cannot be read");
    /* Sparse members and those of several volumes have more headers; links have bytes with some programs only. */
    if (kind == 'S' || kind == 'M' || (kind == '1' && size > 0))
        return backup_walk_settle(&tar->walk, BACKUP_UNMARKED);
    if (kind == 'x')
        return read_extended(tar, file, size, reterr);
    bool has_data = kind < '2' || kind > '6';
    skip_data(tar, file, has_data ? size : 0);
    return 0;
}

static int next_block(struct tar_walk *tar, const struct backup_file *file, struct error *reterr)
{
    unsigned char header[BLOCK_BYTES] = {0};
    bool there = false;
    if (tar->walk.at == file->size)
        return backup_walk_end(&tar->walk, BACKUP_CUT, "it ends before its end mark");
    if (backup_walk_take(&tar->walk, file, header, sizeof header, "a header", &there, reterr) < 0)
        return -1;
    if (!there)
        return 0;
    if (is_zero(header)) {
        if (tar->zeros)
            return backup_walk_settle(&tar->walk, BACKUP_COMPLETE);
        tar->zeros = true;
        return 0;
    }
    if (tar->zeros || !header_is_whole(header))
        return backup_walk_end(&tar->walk, BACKUP_CORRUPT, "a header is damaged");
    return next_member(tar, file, header, reterr);
}

static int step_tar(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    struct tar_walk *tar = (struct tar_walk *)walk;
    if (!tar->begun)
        tar->next_size = -1;
    tar->begun = true;
    for (unsigned i = 0; i < STEP_MEMBERS && walk->verdict == BACKUP_READING; i++)
        if (next_block(tar, file, reterr) < 0)
            return -1;
    return 0;
}

const struct backup_format backup_tar = {
    .name = "tar",
    .state_size = sizeof(struct tar_walk),
    .begins = begins_tar,
    .step = step_tar,
};
