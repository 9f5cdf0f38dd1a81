/* SPDX-License-Identifier: Apache-2.0
 *
 * SQLite's CREATE texts: all five parsers over any bytes. What one accepts must enter the model, and an expression in
 * canonical form must be its own canonical form, whatever kind of text it is taken for.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "dialect/dialects.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_token.h"

enum { TEXT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_layout(const char *text, size_t length)
{
    cleanup(strbuf) struct strbuf once = STRBUF(TEXT_LIMIT);
    cleanup(strbuf) struct strbuf twice = STRBUF(TEXT_LIMIT);
    struct sqlite_lexer lexer = {.next = text, .end = text + length};
    for (;;) {
        struct sqlite_token token = sqlite_lexer_next(&lexer);
        if (token.kind == TOKEN_BAD) /* no SQL: the engine never sees a layout of it */
            return;
        if (token.kind == TOKEN_END)
            break;
    }
    sqlite_text_append_canonical(text, length, &once);
    sqlite_text_append_canonical(strbuf_text(&once), once.length, &twice);
    require(strbuf_ok(&once) && strbuf_ok(&twice));
    require(once.length == twice.length && memcmp(strbuf_text(&once), strbuf_text(&twice), once.length) == 0);
}

static void check_model(const struct sqlite_statement *statement, bool index)
{
    struct error error = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    cleanup(schema) struct schema *schema = NULL;
    require(builder != NULL);
    struct schema_relation relation = {.name = schema_builder_text(builder, "t")};
    uint32_t handle = schema_builder_relation(builder, &relation);
    if (index)
        sqlite_statement_emit_index(statement, handle, "ix", NULL, builder);
    else
        sqlite_statement_emit_table(statement, handle, builder);
    require(schema_builder_seal(builder, &schema, &error) == 0);
    require(schema->column_count == (index ? 0 : statement->column_count));
}

static void check_trigger(const struct sqlite_statement *statement)
{
    struct error error = {0};
    cleanup(schema_builder) struct schema_builder *builder = schema_builder_new();
    cleanup(schema) struct schema *schema = NULL;
    require(builder != NULL);
    struct schema_relation relation = {.name = schema_builder_text(builder, "t")};
    schema_builder_relation(builder, &relation);
    sqlite_statement_emit_trigger(statement, relation.name, "tr", NULL, builder);
    schema_builder_dialect(builder, &dialect_sqlite);
    require(schema_builder_seal(builder, &schema, &error) == 0);
    require(schema->object_count == 1);
}

/* The input up to a NUL, as every kind of text. */
static void check_canonical(const char *bytes, size_t size)
{
    static const char *const types[] = {"", "INTEGER", "TEXT", "BLOB", "ANY"};
    cleanup(free) char *text = mem_strndup(bytes, size);
    require(text != NULL);
    for (int form = 0; form < TEXT_FORMS; form++) {
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
            cleanup(strbuf) struct strbuf once = STRBUF(TEXT_LIMIT);
            cleanup(strbuf) struct strbuf twice = STRBUF(TEXT_LIMIT);
            dialect_sqlite.canonical((enum text_form)form, text, types[i], &once);
            dialect_sqlite.canonical((enum text_form)form, strbuf_text(&once), types[i], &twice);
            require(strbuf_ok(&once) && strbuf_ok(&twice));
            require(strcmp(strbuf_text(&once), strbuf_text(&twice)) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct error error = {0};
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    sqlite_statement_init(&statement);
    if (sqlite_parse_table(text, size, &statement, &error) == 0)
        check_model(&statement, false);
    if (sqlite_parse_index(text, size, &statement, &error) == 0)
        check_model(&statement, true);
    (void)sqlite_parse_view(text, size, &statement, &error);
    (void)sqlite_parse_virtual_table(text, size, &statement, &error);
    if (sqlite_parse_trigger(text, size, &statement, &error) == 0)
        check_trigger(&statement);
    check_layout(text, size);
    check_canonical(text, size);
    return 0;
}
