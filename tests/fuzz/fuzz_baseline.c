/* SPDX-License-Identifier: Apache-2.0
 *
 * Baseline files. Whatever is accepted must come out of its own canonical form unchanged.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dialect/dialects.h"
#include "model/schema_json.h"

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
    unsigned indent = (unsigned)(size % 3);
    cleanup(schema) struct schema *schema = NULL;
    cleanup(schema) struct schema *again = NULL;
    cleanup(strbuf) struct strbuf first = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(DOCUMENT_LIMIT);
    if (schema_json_parse((const char *)data, size, "fuzz.json", dialects, &schema, NULL, &error)) {
        require(error.code != ERROR_OK && error.message[0] != '\0');
        return 0;
    }
    schema_json_render(schema, indent, &first);
    require(strbuf_ok(&first));
    require(schema_json_parse(strbuf_text(&first), first.length, "again.json", dialects, &again, NULL, &error) == 0);
    schema_json_render(again, indent, &second);
    require(strbuf_ok(&second) && first.length == second.length);
    require(digest_equal(digest_of(first.bytes, first.length), digest_of(second.bytes, second.length)));
    require(digest_equal(schema->digest, again->digest));
    return 0;
}
