/* SPDX-License-Identifier: Apache-2.0
 *
 * What lz4 and zstd have in common: frames that begin with a magic number and hold blocks, each of which says its own
 * size, with frames of anything else between them. Nothing is inflated, and checksums are not computed.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_FRAMES_H
#define MIGRATIOND_CHECK_BACKUP_FRAMES_H

#include "check/backup_format.h"

struct frames_walk {
    struct backup_walk walk;
    bool in_frame;
    bool filled;    /* a block has something in it */
    unsigned flags; /* of the frame's header, in the format's own terms */
};

/* One of the two formats. Both functions read on from where the walk is; they move it, or decide. */
struct frames_format {
    uint32_t magic;
    int (*header)(struct frames_walk *frames, const struct backup_file *file, struct error *reterr); /* behind magic */
    int (*block)(struct frames_walk *frames, const struct backup_file *file, struct error *reterr);
};

bool backup_frames_begin(const struct frames_format *format, const unsigned char *head, size_t length);

/* The slot `step` of a format whose state is a frames_walk. */
int backup_frames_step(const struct frames_format *format, struct backup_walk *walk, const struct backup_file *file,
                       struct error *reterr);

#endif
