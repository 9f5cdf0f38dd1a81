/* SPDX-License-Identifier: Apache-2.0
 *
 * A baseline: a schema that was saved, with the revisions that were applied then.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "dialect/dialects.h"
#include "model/schema_json.h"
#include "reference/reference_source.h"

/* The file's journal that the database's is compared with: the tool's, or the only one. */
static const struct schema_journal *find_journal(const struct schema_journals *journals, const char *tool)
{
    const struct schema_journal *found = NULL;
    size_t matching = 0;
    for (size_t i = 0; i < journals->count; i++)
        if (!tool || strcmp(journals->items[i].tool, tool) == 0) {
            found = &journals->items[i];
            matching++;
        }
    return matching == 1 ? found : NULL;
}

static bool has_head(const struct schema_journal *journal, const char *revision)
{
    for (size_t i = 0; i < journal->head_count; i++)
        if (strcmp(journal->heads[i], revision) == 0)
            return true;
    return false;
}

static bool same_heads(const struct schema_journal *journal, const struct reference_request *request)
{
    bool same = journal->head_count == request->applied_count;
    for (size_t i = 0; i < request->applied_count && same; i++)
        same = has_head(journal, request->applied[i]);
    return same;
}

static void join_heads(const struct schema_journal *journal, char *ret_text, size_t size)
{
    size_t used = 0;
    *ret_text = '\0';
    for (size_t i = 0; i < journal->head_count && used < size; i++)
        used += (size_t)snprintf(ret_text + used, size - used, "%s%s", i > 0 ? ", " : "", journal->heads[i]);
}

/* What a SQLite file begins with: people give its path where a URL belongs. */
static const char sqlite_magic[] = "SQLite format 3";

int reference_load_baseline(const struct reference_request *request, struct reference *ret_reference,
                            struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_JSON_BYTES + (1u << 20));
    cleanup(schema_journals) struct schema_journals journals = {0};
    if (reference_read_file(request->path, LIMIT_JSON_BYTES, &text, reterr) < 0)
        return -1;
    if (text.length == 0)
        return error_set(reterr, ERROR_INVALID, "%s: is empty", request->path);
    if (strncmp(strbuf_text(&text), sqlite_magic, strlen(sqlite_magic)) == 0)
        return error_set(reterr, ERROR_INVALID,
                         "%s: is a database, not a baseline: sqlite:// and its whole path name it", request->path);
    if (schema_json_parse(strbuf_text(&text), text.length, request->path, dialects, &ret_reference->schema, &journals,
                          reterr) < 0)
        return -1;
    const struct schema *schema = ret_reference->schema;
    const char *engine = reference_engine(request);
    if (request->live && dialect_for(engine) != schema->dialect)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: is of a %s database, and this is a %s one", request->path,
                         schema_text(schema, schema->engine), engine);
    const struct schema_journal *journal = find_journal(&journals, request->tool);
    if (!journal)
        return 0;
    join_heads(journal, ret_reference->revision, sizeof ret_reference->revision);
    if (!request->applied || same_heads(journal, request))
        return 0;
    schema_unref(take(ret_reference->schema));
    reference_set_ahead(ret_reference, request, "the baseline",
                        *ret_reference->revision ? ret_reference->revision : "no revision");
    return 0;
}
