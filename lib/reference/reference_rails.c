/* SPDX-License-Identifier: Apache-2.0
 *
 * Rails: schema.rb, which stands at one version, or structure.sql, which is SQL.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "reference/rails_schema.h"
#include "reference/reference_source.h"

static bool is_sql(const char *path)
{
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".sql") == 0;
}

/* The greatest of the versions that structure.sql records: "INSERT INTO schema_migrations … VALUES ('2024…'), …;".
 * False if it records none. */
static bool find_version(const char *text, size_t length, char *ret_version, size_t size)
{
    static const char table[] = "schema_migrations";
    static const char values[] = "VALUES";
    const char *end = text + length;
    const char *next = text;
    *ret_version = '\0';
    for (; next; next = memmem(next, (size_t)(end - next), "INSERT INTO", 11)) {
        const char *stop = memchr(next, ';', (size_t)(end - next));
        const char *found = stop ? memmem(next, (size_t)(stop - next), table, sizeof table - 1) : NULL;
        found = found ? memmem(found, (size_t)(stop - found), values, sizeof values - 1) : NULL;
        while (found && (found = memchr(found, '\'', (size_t)(stop - found)))) {
            size_t digits = strspn(++found, "0123456789");
            size_t known = strlen(ret_version);
            bool greater = digits > known || (digits == known && strncmp(found, ret_version, digits) > 0);
            if (digits > 0 && digits < size && found[digits] == '\'' && greater)
                snprintf(ret_version, size, "%.*s", (int)digits, found);
            found = memchr(found, '\'', (size_t)(stop - found));
            found = found ? found + 1 : NULL;
        }
        next = next + 1 < end ? next + 1 : end;
    }
    return *ret_version != '\0';
}

static int load_structure(const struct reference_request *request, struct reference *ret_reference,
                          struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_MIGRATION_BYTES + (1u << 20));
    if (reference_read_file(request->path, LIMIT_MIGRATION_BYTES, &text, reterr) < 0)
        return -1;
    char *version = ret_reference->revision;
    if (find_version(strbuf_text(&text), text.length, version, sizeof ret_reference->revision) && request->applied &&
        !reference_is_applied_head(request, version)) {
        reference_set_ahead(ret_reference, request, "structure.sql", version);
        return 0;
    }
    return reference_load_sql(request, ret_reference, reterr);
}

int reference_load_rails(const struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_MIGRATION_BYTES + (1u << 20));
    cleanup(declared) struct declared *declared = NULL;
    const char *version = NULL;
    if (is_sql(request->path))
        return load_structure(request, ret_reference, reterr);
    if (reference_read_file(request->path, LIMIT_MIGRATION_BYTES, &text, reterr) < 0)
        return -1;
    if (rails_schema_parse(strbuf_text(&text), text.length, request->path, reference_engine(request), request->live,
                           &declared, &version, reterr) < 0)
        return -1;
    snprintf(ret_reference->revision, sizeof ret_reference->revision, "%s", version);
    if (request->applied && !reference_is_applied_head(request, version)) {
        reference_set_ahead(ret_reference, request, "schema.rb", version);
        return 0;
    }
    return declared_to_schema(declared, request, ret_reference, reterr);
}
