/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of functions, procedures and aggregates.
 */
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "dialect/postgres_expression.h"
#include "engine/postgres/catalog_reader.h"

struct word {
    char letter;
    const char *word; /* NULL: what goes without saying */
};

static const struct word variants[] = {{'f', NULL}, {'p', "procedure"}, {'a', "aggregate"}, {'w', "window"}};
static const struct word volatilities[] = {{'i', "immutable"}, {'s', "stable"}, {'v', "volatile"}};
static const struct word parallels[] = {{'s', "safe"}, {'r', "restricted"}, {'u', "unsafe"}};

static const char *word_of(const struct word *words, size_t count, const struct copy_row *row, size_t field)
{
    for (size_t i = 0; i < count; i++)
        if (row->fields[field] && row->fields[field][0] == words[i].letter)
            return words[i].word;
    return NULL;
}

/* Since version 14 a procedure's arguments are printed with the mode IN, which goes without saying. */
static int note_signature(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    static const char mode[] = "IN ";
    cleanup(strbuf) struct strbuf signature = STRBUF(LIMIT_DEFINITION_BYTES);
    struct postgres_expression list = {row->fields[5], row->lengths[5]};
    struct postgres_expression argument = {0};
    while (postgres_expression_next(&list, &argument)) {
        bool has_mode = argument.length > strlen(mode) && memcmp(argument.text, mode, strlen(mode)) == 0;
        size_t skipped = has_mode ? strlen(mode) : 0;
        strbuf_add_string(&signature, signature.length > 0 ? ", " : "");
        strbuf_add(&signature, argument.text + skipped, argument.length - skipped);
    }
    if (!strbuf_ok(&signature))
        return error_no_memory(reterr);
    catalog_note(reader, ATTRIBUTE_SIGNATURE,
                 schema_builder_text_n(reader->builder, strbuf_text(&signature), signature.length));
    return 0;
}

/* The text between the quotes; of a function in C the library and its symbol, of an aggregate what defines it. */
static int note_body(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    bool is_external = row->fields[15] != NULL;
    bool is_aggregate = row->fields[17] != NULL;
    if (!is_external) {
        catalog_note(reader, ATTRIBUTE_BODY, catalog_text(reader, row, is_aggregate ? 17 : 14));
        catalog_note(reader, ATTRIBUTE_SQL_BODY, catalog_text(reader, row, 16));
        return 0;
    }
    cleanup(strbuf) struct strbuf body = STRBUF(LIMIT_DEFINITION_BYTES);
    dialect_postgres.quote_text(row->fields[15], &body);
    strbuf_add_string(&body, ", ");
    dialect_postgres.quote_text(row->fields[14] ? row->fields[14] : "", &body);
    if (!strbuf_ok(&body))
        return error_no_memory(reterr);
    catalog_note(reader, ATTRIBUTE_BODY, schema_builder_text_n(reader->builder, strbuf_text(&body), body.length));
    return 0;
}

/* oid, namespace, name, kind, types of input arguments, arguments, result, language, volatility, strict, parallel,
 * leakproof, security definer, configuration, source, library, parsed body, aggregate's definition */
int catalog_take_routine(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t schema = 0;
    if (!catalog_in_scope(reader, copy_oid(row, 1), &schema))
        return 0;
    /* Both are NULL or tell of types that are unknown once the routine has been dropped. */
    if (!row->fields[4] || !row->fields[5] || strstr(row->fields[4], "???"))
        return catalog_changed(reader, reterr);
    if (note_signature(reader, row, reterr) < 0 || note_body(reader, row, reterr) < 0)
        return -1;
    catalog_note_word(reader, ATTRIBUTE_VARIANT, word_of(variants, ARRAY_LENGTH(variants), row, 3));
    catalog_note(reader, ATTRIBUTE_RETURNS, catalog_text(reader, row, 6));
    catalog_note(reader, ATTRIBUTE_LANGUAGE, catalog_text(reader, row, 7));
    catalog_note_word(reader, ATTRIBUTE_VOLATILITY, word_of(volatilities, ARRAY_LENGTH(volatilities), row, 8));
    catalog_note_flag(reader, ATTRIBUTE_NULL_INPUT, copy_true(row, 9));
    catalog_note_word(reader, ATTRIBUTE_PARALLEL, word_of(parallels, ARRAY_LENGTH(parallels), row, 10));
    catalog_note_flag(reader, ATTRIBUTE_LEAKPROOF, copy_true(row, 11));
    catalog_note_word(reader, ATTRIBUTE_SECURITY, copy_true(row, 12) ? "definer" : NULL);
    catalog_note_array(reader, ATTRIBUTE_CONFIG, row->fields[13]);
    const struct schema_object routine = {.kind = OBJECT_ROUTINE,
                                          .schema = schema,
                                          .name = catalog_text(reader, row, 2),
                                          .arguments = catalog_text(reader, row, 4)};
    catalog_add_object(reader, &routine);
    return 0;
}
