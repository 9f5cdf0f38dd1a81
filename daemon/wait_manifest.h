/* SPDX-License-Identifier: Apache-2.0
 *
 * The revision that a release expects, out of the manifest that its image carries: a manifest's head, read without a
 * JSON library and in little memory however many migrations follow. The whole file has to be JSON; whether a hand has
 * changed it, the digest would tell, which is compared by migrationctl and by the daemon.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_MANIFEST_H
#define MIGRATIOND_DAEMON_WAIT_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

enum { WAIT_MANIFEST_PROBLEM_SIZE = 480 };

/* Where the path begins in "[DATABASE:]FILE". A file whose whole name holds a colon comes first. */
const char *wait_manifest_path(const char *text);

/* "[DATABASE:]FILE" becomes "[DATABASE:]HEAD", which the caller frees with mem_free; NULL after one sentence in
 * `problem`. */
char *wait_manifest_revision(const char *text, char *problem, size_t size);

#endif
