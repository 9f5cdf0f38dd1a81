/* SPDX-License-Identifier: Apache-2.0
 *
 * Ages and sizes in a sentence about a backup. Pure.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_WORDS_H
#define MIGRATIOND_CHECK_BACKUP_WORDS_H

#include <stdint.h>

/* By value, so that a sentence can hold several. */
struct backup_words {
    char text[32];
};

/* "45 s", "90 min", "26 h", "3 d": in the largest unit of which there are two. Times to come are "0 s". */
struct backup_words backup_age_words(int64_t ms);

/* "20 bytes", "12 MiB", "1.5 GiB". */
struct backup_words backup_size_words(int64_t bytes);

#endif
