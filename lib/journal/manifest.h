/* SPDX-License-Identifier: Apache-2.0
 *
 * A manifest: the migrations of a release as one JSON file, made from its directory when the release is built. It is
 * what an image carries instead of its source tree, and it proves ancestry where a journal keeps heads only.
 *
 *   {"format":"migrationd-manifest","version":1,"tool":"alembic","graph":true,"heads":["b2"],
 *    "migrations":[{"revision":"a1","file":"versions/a1.py"},
 *                  {"revision":"b2","file":"versions/b2.py","parents":["a1"]}],
 *    "digest":"…"}
 *
 * A migration's members are those of struct migration; what is absent or false is left out. The order is the tool's.
 * Equal directories give equal bytes. The digest is the SHA-256 of the document without it and without blanks, so that
 * whoever edits by hand is found out, and who only formats anew is not. Files are hostile until that was compared.
 * Pure, but for manifest_read; any thread.
 */
#ifndef MIGRATIOND_JOURNAL_MANIFEST_H
#define MIGRATIOND_JOURNAL_MANIFEST_H

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "model/migration_set.h"

enum { MANIFEST_VERSION = 1 };

/* The whole document, one migration per line. */
int manifest_write(const struct migration_set *set, struct strbuf *out, struct error *reterr);

/* The set that was written, with the digest that reading its directory gives. `name` stands in messages: "name:
 * migrations[3].parents: …". ERROR_INVALID, ERROR_UNSUPPORTED (a later version), ERROR_TRUNCATED, ERROR_NO_MEMORY. */
int manifest_parse(const char *text, size_t length, const char *name, struct migration_set **ret_set,
                   struct error *reterr);

/* The same from a file; ERROR_IO, too. */
int manifest_read(const char *path, struct migration_set **ret_set, struct error *reterr);

/* A token of the file's name, size, time and inode, as migration_files_token makes one of a directory. */
int manifest_token(const char *path, struct digest *ret_token, struct error *reterr);

/* Where a database stands after all of them: the migrations that no other one follows in the same part, repeatable ones
 * left out. `*ret_heads` lives in `arena`. False when memory is out. */
bool migration_set_heads(const struct migration_set *set, struct arena *arena,
                         const struct migration *const **ret_heads, size_t *ret_count);

#endif
