/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts that a server, or whoever poses as one, prints. Reading one must end and give a schema that comes out of its
 * saved form unchanged. What no server prints (a key over a column that is not there, an index twice) may be refused,
 * in words.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "dialect/mysql_ddl.h"
#include "dialect/mysql_grants.h"
#include "dialect/mysql_view.h"
#include "model/schema_json.h"

enum { DOCUMENT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct schema *read_ddl(const char *text, size_t size)
{
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    require(builder != NULL);
    schema_builder_server(builder, "mariadb", "");
    struct schema_relation relation = {.name = schema_builder_text(builder, "t")};
    uint32_t handle = schema_builder_relation(builder, &relation);
    struct mysql_ddl_report report = {0};
    mysql_ddl_read_table(builder, handle, "t", "app", text, size, &report);
    mysql_ddl_read_sequence(builder, "s", text, size);
    struct schema_relation view = {.name = schema_builder_text(builder, "v"), .kind = RELATION_VIEW};
    mysql_view_read(builder, schema_builder_relation(builder, &view), "app", text, size);
    struct error error = {0};
    struct schema *schema = NULL;
    if (schema_builder_seal(builder, &schema, &error))
        require(error.code == ERROR_INVALID && error.message[0] != '\0');
    return schema;
}

static void save_and_read(const struct schema *schema)
{
    struct error error = {0};
    cleanup(schema) struct schema *again = NULL;
    cleanup(strbuf) struct strbuf document = STRBUF(DOCUMENT_LIMIT);
    schema_json_render(schema, 0, &document);
    require(strbuf_ok(&document));
    if (schema_json_parse(strbuf_text(&document), document.length, "fuzz.json", NULL, &again, NULL, &error))
        require(error.code == ERROR_INVALID && error.message[0] != '\0');
    else
        require(digest_equal(schema->digest, again->digest));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    cleanup(schema) struct schema *schema = read_ddl(text, size);
    if (schema)
        save_and_read(schema);
    cleanup(mysql_grants) struct mysql_grants *grants = mysql_grants_new("app");
    require(grants && mysql_grants_add(grants, text, size));
    return 0;
}
