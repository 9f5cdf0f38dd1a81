/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of what everything else is looked up in: extensions and their members, namespaces, access methods, operator
 * classes, collations; and the counts.
 */
#include <string.h>

#include "base/glob.h"
#include "engine/postgres/catalog_reader.h"

static bool is_wanted(const struct engine_scope *scope, const char *name)
{
    if (scope->own_schema)
        return strcmp(scope->own_schema, name) == 0;
    for (size_t i = 0; i < scope->own_schema_count; i++)
        if (strcmp(scope->own_schemas[i], name) == 0)
            return true;
    if (scope->own_schema_count > 0)
        return false;
    for (size_t i = 0; i < scope->schema_count; i++)
        if (glob_match(scope->schemas[i], name))
            return true;
    return scope->schema_count == 0;
}

/* catalogue, oid */
int catalog_take_member(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint64_t key = (uint64_t)copy_oid(row, 0) << 32 | copy_oid(row, 1);
    return number_map_set(&reader->members, key, 1) ? 0 : error_no_memory(reterr);
}

/* oid, name. What stands in an extension's schema is the extension's affair, too. */
int catalog_take_namespace(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const char *name = row->fields[1];
    if (!name || strncmp(name, "pg_", 3) == 0 || strcmp(name, "information_schema") == 0)
        return 0;
    uint32_t oid = copy_oid(row, 0);
    bool is_own = reader->scope->own_schema && strcmp(reader->scope->own_schema, name) == 0;
    uint32_t text = is_own ? 0 : catalog_text(reader, row, 1);
    if (!number_map_set(&reader->namespaces, oid, text))
        return error_no_memory(reterr);
    if (!is_wanted(reader->scope, name) || catalog_is_member(reader, OID_NAMESPACE_CATALOG, oid))
        return 0;
    if (!number_map_set(&reader->scoped, oid, 1))
        return error_no_memory(reterr);
    if (!is_own)
        catalog_add_object(reader, &(struct schema_object){.kind = OBJECT_SCHEMA, .name = text});
    return 0;
}

/* sequences, unusual ones, routines, policies */
int catalog_take_counts(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    (void)reterr;
    reader->counts = (struct catalog_counts){.sequences = copy_number(row, 0),
                                             .unusual_sequences = copy_number(row, 1),
                                             .routines = copy_number(row, 2),
                                             .policies = copy_number(row, 3)};
    return 0;
}

/* what it is, number */
int catalog_take_uncompared(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    struct strbuf *out = &reader->uncompared;
    const char *what = row->fields[0] ? row->fields[0] : "";
    size_t length = row->lengths[0];
    int64_t number = copy_number(row, 1);
    bool ends_in_y = length > 0 && what[length - 1] == 'y';
    bool ends_in_s = length > 0 && what[length - 1] == 's';
    strbuf_printf(out, "%s%lld ", out->length > 0 ? ", " : "", (long long)number);
    if (number == 1)
        strbuf_add(out, what, length);
    else
        strbuf_printf(out, "%.*s%s", (int)(ends_in_y ? length - 1 : length), what,
                      ends_in_y   ? "ies"
                      : ends_in_s ? "es"
                                  : "s");
    return strbuf_ok(out) ? 0 : error_no_memory(reterr);
}

/* name, version */
int catalog_take_extension(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    (void)reterr;
    catalog_note(reader, ATTRIBUTE_VERSION, catalog_text(reader, row, 1));
    catalog_add_object(reader, &(struct schema_object){.kind = OBJECT_EXTENSION, .name = catalog_text(reader, row, 0)});
    return 0;
}

/* oid, name */
int catalog_take_method(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t name = catalog_text(reader, row, 1);
    return number_map_set(&reader->methods, copy_oid(row, 0), name) ? 0 : error_no_memory(reterr);
}

/* The quoted names of a namespace and of what stands in it. */
static bool keep_name(struct catalog_reader *reader, const struct copy_row *row, size_t space, size_t names,
                      struct catalog_name *ret_name)
{
    *ret_name = (struct catalog_name){
        .qualified = arena_printf(reader->arena, "%s.%s", row->fields[names] ? row->fields[names] : "",
                                  row->fields[names + 1] ? row->fields[names + 1] : ""),
        .bare = (uint32_t)row->lengths[names] + 1,
        .space = copy_oid(row, space),
    };
    return ret_name->qualified;
}

/* oid, method, input type, default, namespace, its quoted name, quoted name */
int catalog_take_operator_class(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = (uint32_t)reader->operator_classes.count;
    struct operator_class *class = catalog_array_add(&reader->operator_classes, sizeof *class);
    if (!class)
        return error_no_memory(reterr);
    *class = (struct operator_class){
        .method = copy_oid(row, 1),
        .input_type = copy_oid(row, 2),
        .is_default = copy_true(row, 3),
    };
    uint64_t place = (uint64_t) class->method << 32 | class->input_type;
    if (!keep_name(reader, row, 4, 5, &class->name) || !number_map_set(&reader->classes, copy_oid(row, 0), index) ||
        (class->is_default && !number_map_set(&reader->defaults, place, 1)))
        return error_no_memory(reterr);
    return 0;
}

/* oid, namespace, its quoted name, quoted name */
int catalog_take_collation(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    uint32_t index = (uint32_t)reader->collation_list.count;
    struct catalog_name *name = catalog_array_add(&reader->collation_list, sizeof *name);
    if (!name || !keep_name(reader, row, 1, 2, name) || !number_map_set(&reader->collations, copy_oid(row, 0), index))
        return error_no_memory(reterr);
    return 0;
}
