/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests. Whatever is accepted must come out as a manifest that says the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "journal/manifest.h"

enum { DOCUMENT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup(migration_set) struct migration_set *set = NULL;
    cleanup(migration_set) struct migration_set *again = NULL;
    cleanup(strbuf) struct strbuf first = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(DOCUMENT_LIMIT);
    if (manifest_parse((const char *)data, size, "fuzz.json", &set, &error) < 0) {
        require(error.code != ERROR_OK && error.message[0] != '\0' && !set);
        return 0;
    }
    require(manifest_write(set, &first, &error) == 0);
    require(manifest_parse(first.bytes, first.length, "again.json", &again, &error) == 0);
    require(manifest_write(again, &second, &error) == 0);
    require(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0);
    require(digest_equal(set->digest, again->digest));
    return 0;
}
