/* SPDX-License-Identifier: Apache-2.0
 *
 * The migrations of a Django project's own apps, each app's in the order of the graph.
 */
#ifndef MIGRATIOND_JOURNAL_DJANGO_FILES_H
#define MIGRATIOND_JOURNAL_DJANGO_FILES_H

#include "base/error.h"
#include "model/migration_set.h"

/* The read_files slot. `directory` is the project's root, an app's or its migrations/. Installed packages are not the
 * project's. Sorted by app (`part`); `parents` may be other apps'. What a squash replaces stands beside it as long as
 * its file does: which of them counts is for the rows to tell (django_squashes.h). */
int django_read_files(const char *directory, struct migration_set *set, struct error *reterr);

#endif
