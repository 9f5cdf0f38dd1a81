/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps that are SQL: pg_dump's, pg_dumpall's, mariadb-dump's, mysqldump's and sqlite3's begin with a line of their own
 * and end with one, which an interrupted or failed run never writes. Pure.
 */
#ifndef MIGRATIOND_CHECK_BACKUP_TEXT_H
#define MIGRATIOND_CHECK_BACKUP_TEXT_H

#include "check/backup_format.h"

/* What is needed of a text's end to find the mark in it. */
enum { BACKUP_TAIL_BYTES = 1024 };

/* Whether a text that begins so is a dump that has an end mark. */
bool backup_text_begins(const unsigned char *head, size_t length);

/* Ends the walk by the first and the last bytes of a text that backup_text_begins knows. Returns 0. */
int backup_text_end(struct backup_walk *walk, const unsigned char *head, size_t head_length, const unsigned char *tail,
                    size_t tail_length);

#endif
