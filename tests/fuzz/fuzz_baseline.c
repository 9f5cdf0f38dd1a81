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

static void render(const struct schema *schema, const struct schema_journals *journals, unsigned indent,
                   struct strbuf *out)
{
    struct schema_json stream;
    schema_json_init(&stream, schema, indent);
    stream.journals = journals;
    while (schema_json_next(&stream, out) && strbuf_ok(out))
        continue;
    require(strbuf_ok(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    unsigned indent = (unsigned)(size % 3);
    cleanup(schema) struct schema *schema = NULL;
    cleanup(schema) struct schema *again = NULL;
    cleanup(schema_journals) struct schema_journals journals = {0};
    cleanup(schema_journals) struct schema_journals journals_again = {0};
    cleanup(strbuf) struct strbuf first = STRBUF(DOCUMENT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(DOCUMENT_LIMIT);
    if (schema_json_parse((const char *)data, size, "fuzz.json", dialects, &schema, &journals, &error)) {
        require(error.code != ERROR_OK && error.message[0] != '\0');
        return 0;
    }
    render(schema, &journals, indent, &first);
    require(schema_json_parse(first.bytes, first.length, "again.json", dialects, &again, &journals_again, &error) == 0);
    render(again, &journals_again, indent, &second);
    require(first.length == second.length);
    require(digest_equal(digest_of(first.bytes, first.length), digest_of(second.bytes, second.length)));
    require(digest_equal(schema->digest, again->digest));
    return 0;
}
