/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

static int step_unknown(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    (void)reterr;
    walk->at = file->size;
    return backup_walk_settle(walk, BACKUP_UNMARKED);
}

static bool begins_unknown(const unsigned char *head, size_t length)
{
    (void)head;
    (void)length;
    return true;
}

static const struct backup_format unknown_format = {
    .name = "unknown",
    .state_size = sizeof(struct backup_walk),
    .begins = begins_unknown,
    .step = step_unknown,
};

/* The last one takes what no other wants. */
static const struct backup_format *const formats[] = {
    &backup_gzip, &backup_pgdump, &backup_sqlite, &backup_xz,   &backup_zstd,
    &backup_lz4,  &backup_bzip2,  &backup_tar,    &backup_text, &unknown_format,
};

int backup_file_read(const struct backup_file *file, int64_t offset, void *buffer, size_t length, struct error *reterr)
{
    char *place = buffer;
    while (length > 0) {
        ssize_t got = pread(file->descriptor, place, length, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int number = errno;
            error_set(reterr, ERROR_IO, "it cannot be read: %s", strerror(number));
            if (reterr)
                reterr->native = number;
            return -1;
        }
        if (got == 0)
            return error_set(reterr, ERROR_CHANGED, "it became shorter while it was read");
        place += got;
        offset += got;
        length -= (size_t)got;
    }
    return 0;
}

int backup_walk_new(const struct backup_file *file, struct backup_walk **ret_walk, struct error *reterr)
{
    unsigned char head[BACKUP_HEAD_BYTES] = {0};
    size_t length = file->size < BACKUP_HEAD_BYTES ? (size_t)file->size : BACKUP_HEAD_BYTES;
    if (backup_file_read(file, 0, head, length, reterr) < 0)
        return -1;
    size_t i = 0;
    while (!formats[i]->begins(head, length))
        i++;
    struct backup_walk *walk = mem_calloc(1, formats[i]->state_size);
    if (!walk)
        return error_no_memory(reterr);
    walk->format = formats[i];
    *ret_walk = walk;
    return 0;
}

void backup_walk_free(struct backup_walk *walk)
{
    if (walk && walk->format->done)
        walk->format->done(walk);
    mem_free(walk);
}

int backup_walk_on(struct backup_walk *walk, const struct backup_file *file, struct deadline deadline,
                   struct error *reterr)
{
    int64_t from = walk->at;
    int result = 0;
    do
        result = walk->format->step(walk, file, reterr);
    while (result == 0 && walk->verdict == BACKUP_READING && !deadline_passed(deadline));
    if (walk->at > from)
        posix_fadvise(file->descriptor, from, walk->at - from, POSIX_FADV_DONTNEED);
    return result;
}

unsigned backup_walk_percent(const struct backup_walk *walk, const struct backup_file *file)
{
    if (file->size <= 0 || walk->at <= 0)
        return 0;
    double part = (double)walk->at / (double)file->size;
    return part >= 0.99 ? 99 : (unsigned)(part * 100);
}

int backup_walk_settle(struct backup_walk *walk, enum backup_verdict verdict)
{
    walk->verdict = verdict;
    return 0;
}

int backup_walk_end_packed(struct backup_walk *walk, bool filled)
{
    if (filled)
        return backup_walk_settle(walk, BACKUP_COMPLETE);
    return backup_walk_end(walk, BACKUP_CUT, "there is nothing in it");
}

int backup_walk_end(struct backup_walk *walk, enum backup_verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(walk->detail, sizeof walk->detail, format, arguments);
    va_end(arguments);
    walk->verdict = verdict;
    return 0;
}

int backup_walk_take(struct backup_walk *walk, const struct backup_file *file, void *buffer, size_t length,
                     const char *what, bool *ret_there, struct error *reterr)
{
    *ret_there = file->size - walk->at >= (int64_t)length;
    if (!*ret_there)
        return backup_walk_end(walk, BACKUP_CUT, "it ends in the middle of %s", what);
    if (backup_file_read(file, walk->at, buffer, length, reterr) < 0)
        return -1;
    walk->at += (int64_t)length;
    return 0;
}

void backup_walk_skip(struct backup_walk *walk, const struct backup_file *file, int64_t length, const char *what)
{
    if (file->size - walk->at < length)
        backup_walk_end(walk, BACKUP_CUT, "it ends in the middle of %s", what);
    else
        walk->at += length;
}

uint64_t backup_number(const unsigned char *bytes, size_t count)
{
    uint64_t number = 0;
    for (size_t i = count; i > 0; i--)
        number = number << 8 | bytes[i - 1];
    return number;
}
