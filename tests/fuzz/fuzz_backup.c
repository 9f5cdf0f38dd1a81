/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of backups: every walk ends, within the file, with a verdict, and says what is wrong where something is.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check/backup_format.h"

/* A step reads a block or a zero-length entry at the least, and moves on by a byte. */
enum { MOST_STEPS = 1000000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void walk_through(const struct backup_file *file)
{
    struct error error = {0};
    cleanup(backup_walk) struct backup_walk *walk = NULL;
    require(backup_walk_new(file, &walk, &error) == 0);
    for (unsigned steps = 0; walk->verdict == BACKUP_READING; steps++) {
        int64_t from = walk->at;
        require(steps < MOST_STEPS && walk->format->step(walk, file, &error) == 0);
        require(walk->at >= from && walk->at <= file->size);
        require(backup_walk_percent(walk, file) <= 99);
    }
    bool wrong = walk->verdict == BACKUP_CUT || walk->verdict == BACKUP_CORRUPT;
    require(wrong == (walk->detail[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int descriptor = memfd_create("backup", MFD_CLOEXEC);
    require(descriptor >= 0);
    require(write(descriptor, data, size) == (ssize_t)size);
    const struct backup_file whole = {.descriptor = descriptor, .size = (int64_t)size};
    const struct backup_file half = {.descriptor = descriptor, .size = (int64_t)(size / 2)};
    walk_through(&whole);
    walk_through(&half);
    close(descriptor);
    return 0;
}
