/* SPDX-License-Identifier: Apache-2.0
 *
 * What writing and reading manifests share. Internal to manifest*.c.
 */
#ifndef MIGRATIOND_JOURNAL_MANIFEST_READER_H
#define MIGRATIOND_JOURNAL_MANIFEST_READER_H

#include "base/digest.h"
#include "journal/manifest.h"

#define MANIFEST_FORMAT "migrationd-manifest"

/* The digest that the manifest of `set` has. */
int manifest_digest(const struct migration_set *set, char ret_hex[static SHA256_HEX_SIZE], struct error *reterr);

#endif
