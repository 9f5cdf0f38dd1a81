/* SPDX-License-Identifier: Apache-2.0
 *
 * SQL: a file, or a tool's directory of SQL files up to the applied revision, loaded into a scratch database and read
 * back as any database is.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/scratch.h"
#include "journal/file_list.h"
#include "journal/tool.h"
#include "reference/reference_source.h"
#include "reference/sql_folder.h"

int reference_read_back(const struct scratch *scratch, const struct reference_request *request,
                        struct reference *ret_reference, struct server_facts *ret_facts, struct error *reterr)
{
    static const struct engine_scope everything = {0};
    const struct engine_target *target = scratch_target(scratch);
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (target->ops->open(target, PURPOSE_DEEP, request->deadline, &connection, ret_facts, reterr) < 0)
        return -1;
    const struct engine_scope *scope = request->scope ? request->scope : &everything;
    struct error error = {0};
    int status = engine_read(connection, scope, request->deadline, &ret_reference->schema, &error);
    bool missing = scope->own_schema && status < 0 && error.code == ERROR_NOT_FOUND;
    if (status < 0 && !missing) {
        if (reterr)
            *reterr = error;
        return -1;
    }
    if (!missing && (!scope->own_schema || ret_reference->schema->relation_count > 0))
        return 0;
    /* A tenant's schema has the tenant's name; what it should be is written for the schema that is used without one. */
    const struct engine_scope plain = {.own_schema = "public"};
    schema_unref(take(ret_reference->schema));
    return engine_read(connection, &plain, request->deadline, &ret_reference->schema, reterr);
}

/* Flyway replaces these before it runs a file; what by, only its configuration says. */
static int check_placeholders(const char *text, size_t length, const char *name, struct error *reterr)
{
    unsigned line = 1;
    for (size_t i = 0; i + 2 < length; i++) {
        line += text[i] == '\n';
        if (text[i] == '$' && text[i + 1] == '{' && isalpha((unsigned char)text[i + 2]))
            return error_set(reterr, ERROR_INVALID, "%s:%u: has a placeholder, whose value is not known here", name,
                             line);
    }
    return 0;
}

/* `tool` (NULL: a schema's file) says what besides SQL may stand in the file. */
int reference_run_file(struct scratch *scratch, const struct reference_request *request, const char *path,
                       const char *tool, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    if (reference_read_file(path, LIMIT_MIGRATION_BYTES, &text, reterr) < 0)
        return -1;
    bool placeholders = tool && strcmp(tool, "flyway") == 0;
    bool sections = tool && !placeholders;
    if (placeholders && check_placeholders(strbuf_text(&text), text.length, name, reterr) < 0)
        return -1;
    size_t length = sections ? sql_folder_cut(strbuf_text(&text), text.length) : text.length;
    return scratch_run(scratch, strbuf_text(&text), length, name, request->deadline, reterr);
}

static int run_migrations(struct scratch *scratch, const struct reference_request *request,
                          const struct migration_set *set, size_t count, struct error *reterr)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        bool run = migration->repeatable || i < count;
        /* A later baseline that is applied stands for all that is before it. */
        for (size_t k = i + 1; k < count && run; k++)
            run = migration->repeatable || !set->migrations[k].baseline;
        if (!run)
            continue;
        cleanup(free) char *path = mem_printf("%s/%s", request->path, migration->file);
        if (!path)
            return error_no_memory(reterr);
        if (reference_run_file(scratch, request, path, set->tool, reterr) < 0)
            return -1;
    }
    return 0;
}

/* The collation that most tables have: what the live database's default is likely to be. */
const char *reference_usual_collation(const struct schema *live)
{
    const char *usual = NULL;
    size_t votes = 0;
    for (size_t i = 0; live && i < live->relation_count; i++) {
        const char *collation = schema_attribute_text(live, live->relations[i].attributes, ATTRIBUTE_COLLATION);
        if (!collation)
            continue;
        if (votes == 0)
            usual = collation;
        votes = usual == collation ? votes + 1 : votes - 1;
    }
    return usual;
}

/* The part of a version that says what the server can do: PostgreSQL's first number, the first two of others. */
static bool same_release(const char *engine, const char *a, const char *b)
{
    size_t numbers = strcmp(engine, "postgres") == 0 ? 1 : 2;
    for (size_t i = 0; i < numbers; i++) {
        char *end_a = NULL;
        char *end_b = NULL;
        if (strtoul(a, &end_a, 10) != strtoul(b, &end_b, 10))
            return false;
        a = *end_a == '.' ? end_a + 1 : end_a;
        b = *end_b == '.' ? end_b + 1 : end_b;
    }
    return true;
}

void reference_remark_on_server(const struct reference_request *request, const struct server_facts *facts,
                                char *ret_remark, size_t size)
{
    if (!request->live || !*facts->engine || strcmp(facts->engine, "sqlite") == 0)
        return;
    const char *engine = schema_text(request->live, request->live->engine);
    const char *version = schema_text(request->live, request->live->server_version);
    if (strcmp(engine, facts->engine) == 0 && same_release(engine, version, facts->version))
        return;
    snprintf(ret_remark, size,
             "the scratch server is %s %s and the database's %s %s: texts that the two print differently may show",
             facts->engine, facts->version, engine, version);
}

static int load(const struct reference_request *request, const struct migration_set *set, size_t count,
                struct reference *ret_reference, struct error *reterr)
{
    struct scratch *scratch = NULL;
    struct server_facts facts = {0};
    struct error left = {0};
    const struct scratch_request wanted = {.engine = reference_engine(request),
                                           .server = request->scratch,
                                           .collation = reference_usual_collation(request->live),
                                           .stop = request->stop};
    if (scratch_open(&wanted, request->deadline, &scratch, reterr) < 0)
        return -1;
    int status = set ? run_migrations(scratch, request, set, count, reterr)
                     : reference_run_file(scratch, request, request->path, NULL, reterr);
    if (status == 0)
        status = reference_read_back(scratch, request, ret_reference, &facts, reterr);
    int closed = scratch_close(scratch, &left);
    if (status < 0 && closed < 0 && reterr) {
        size_t length = strlen(reterr->message);
        snprintf(reterr->message + length, sizeof reterr->message - length, "; %s", left.message);
    }
    if (status < 0)
        return -1;
    reference_remark_on_server(request, &facts, ret_reference->remark, sizeof ret_reference->remark);
    if (closed < 0)
        snprintf(ret_reference->remark, sizeof ret_reference->remark, "%s", left.message);
    return 0;
}

/* By the layout of the tool that owns the journal, of the one whose it certainly is, Flyway's by its names, or plain.
 */
static int read_directory(const struct reference_request *request, struct migration_set **ret_set, struct error *reterr)
{
    struct error error = {0};
    const struct tool *tool = request->tool ? tool_find(request->tool) : NULL;
    if (request->tool && !tool)
        return sql_folder_read(request->path, ret_set, reterr);
    cleanup(migration_set) struct migration_set *set = NULL;
    if (migration_files_read(tool, NULL, request->path, &set, &error) == 0) {
        if (!tool && !set->certain && strcmp(set->tool, "flyway") != 0)
            return sql_folder_read(request->path, ret_set, reterr);
        *ret_set = take(set);
        return 0;
    }
    if (!tool && error.code == ERROR_INVALID && sql_folder_read(request->path, ret_set, NULL) == 0)
        return 0;
    if (reterr)
        *reterr = error;
    return -1;
}

static int load_directory(const struct reference_request *request, struct reference *ret_reference,
                          struct error *reterr)
{
    cleanup(migration_set) struct migration_set *set = NULL;
    size_t count = 0;
    if (read_directory(request, &set, reterr) < 0)
        return -1;
    if (set->graph)
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: %s's migrations are no SQL: give a schema as a file",
                         request->path, set->tool);
    if (!reference_count_applied(request, set, &count, ret_reference))
        return 0;
    size_t last = count;
    while (last > 0 && set->migrations[last - 1].repeatable)
        last--;
    if (last > 0)
        snprintf(ret_reference->revision, sizeof ret_reference->revision, "%s", set->migrations[last - 1].revision);
    return load(request, set, count, ret_reference, reterr);
}

int reference_load_sql(const struct reference_request *request, struct reference *ret_reference, struct error *reterr)
{
    struct stat status = {0};
    if (stat(request->path, &status) == 0 && S_ISDIR(status.st_mode))
        return load_directory(request, ret_reference, reterr);
    return load(request, NULL, 0, ret_reference, reterr);
}
