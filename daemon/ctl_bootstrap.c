/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl bootstrap: a populated schema without a journal. Everything but --stamp only reads.
 */
#include "daemon/ctl_bootstrap.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/migration_folders.h"

/* Loading hundreds of migrations takes longer than a look. */
enum { BOOTSTRAP_MS = 10 * 60 * 1000 };

static void bootstrap_done(struct bootstrap *bootstrap)
{
    drift_report_free(bootstrap->best);
    mem_free(bootstrap->fits);
    migration_set_unref(bootstrap->set);
    snapshot_unref(bootstrap->snapshot);
    schema_unref(bootstrap->schema);
    engine_target_free(bootstrap->target);
    arena_free(bootstrap->arena);
}

DEFINE_CLEANUP_VALUE(bootstrap, struct bootstrap, bootstrap_done);

const char *bootstrap_name(const struct bootstrap *bootstrap)
{
    const char *name = bootstrap->server.database;
    const char *slash = strcmp(bootstrap->server.engine, "sqlite") == 0 ? strrchr(name, '/') : NULL;
    return slash ? slash + 1 : name;
}

const char *bootstrap_schema(const struct bootstrap *bootstrap)
{
    const struct option_list *schemas = &bootstrap->options->schemas;
    bool one = schemas->count == 1 && !strpbrk(schemas->items[0], "*?[");
    return one && strcmp(bootstrap->server.engine, "postgres") == 0 ? schemas->items[0] : NULL;
}

static int check_options(const struct ctl_options *options)
{
    if (!ctl_is_url(options->arguments[0]))
        return ctl_fail(CTL_USAGE, "bootstrap takes the URL of a database");
    if (options->directories.count == 0)
        return ctl_fail(CTL_USAGE, "bootstrap needs --directory DIR: the folder of the tool's migrations");
    if (options->confirm && options->stamps.count == 0)
        return ctl_fail(CTL_USAGE, "--confirm belongs to --stamp");
    return CTL_OK;
}

/* Bad files are the caller's mistake; a server that does not answer proves nothing. */
static int read_all(struct bootstrap *bootstrap)
{
    const struct ctl_options *options = bootstrap->options;
    struct error error = {.code = ERROR_OK};
    struct engine_scope everything = {0};
    const struct tool *tool = NULL;
    int code = ctl_find_tool(options, &tool);
    if (code != CTL_OK)
        return code;
    bootstrap->arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    if (!bootstrap->arena)
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    if (!ctl_policy(options, bootstrap->arena, &bootstrap->policy))
        return CTL_USAGE;
    if (migration_folders_read(tool, NULL, options->directories.items, options->directories.count, &bootstrap->set,
                               &error) < 0)
        return ctl_fail(CTL_USAGE, "%s", error.message);
    if (engine_target_parse(options->arguments[0], &bootstrap->target, &error) < 0 ||
        ctl_read_schema(options->arguments[0], &everything, bootstrap->deadline, &bootstrap->schema, &bootstrap->server,
                        &error) < 0 ||
        ctl_read_journals(options->arguments[0], bootstrap->deadline, bootstrap->schema, &bootstrap->server,
                          &bootstrap->snapshot, &error) < 0)
        return ctl_fail_error(&error);
    ctl_say_remarks(bootstrap->set);
    return CTL_OK;
}

static const char *dot(const char *schema)
{
    return *schema ? "." : "";
}

/* A table of the tool's that is no journal of its: whose it is cannot be told. */
static int check_names(const struct bootstrap *bootstrap)
{
    const struct schema *schema = bootstrap->schema;
    const struct tool *tool = tool_find(bootstrap->set->tool);
    for (size_t i = 0; tool && i < schema->relation_count; i++) {
        const char *name = schema_text(schema, schema->relations[i].name);
        const char *within = schema_text(schema, schema->relations[i].schema);
        if (tool_has_default_table(tool, name))
            return ctl_fail(CTL_UNKNOWN,
                            "%s%s%s has the name of %s's journal, but not its columns: whether there is a journal "
                            "cannot be told",
                            within, dot(within), name, tool->title);
    }
    return CTL_OK;
}

/* Only where no journal is, and provably, anything is proposed or written. */
static int check_absence(const struct bootstrap *bootstrap)
{
    const struct snapshot *snapshot = bootstrap->snapshot;
    if (!snapshot)
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    if (snapshot->reading_count > 0) {
        const struct journal_address *address = &snapshot->readings[0].address;
        return ctl_fail(CTL_CLOSED, "there is a journal: %s's in %s%s%s; nothing is to be bootstrapped", address->tool,
                        address->schema, dot(address->schema), address->table);
    }
    if (bootstrap->schema->truncated)
        return ctl_fail(CTL_UNKNOWN, "no journal was seen, but the schema exceeds a limit");
    if (!bootstrap->server.absence_proven)
        return ctl_fail(CTL_UNKNOWN, "no journal was seen, but the role may not see all; run: %s",
                        bootstrap->server.grant_needed);
    int code = check_names(bootstrap);
    if (code == CTL_OK && !snapshot->has_tables)
        return ctl_fail(CTL_CLOSED, "%s is empty: let the tool make it", bootstrap->target->display);
    return code;
}

int ctl_bootstrap(const struct ctl_options *options)
{
    cleanup(bootstrap) struct bootstrap bootstrap = {
        .options = options, .deadline = deadline_in(options->timeout_given ? options->timeout_ms : BOOTSTRAP_MS)};
    int code = check_options(options);
    if (code == CTL_OK)
        code = read_all(&bootstrap);
    if (code == CTL_OK)
        code = check_absence(&bootstrap);
    if (code == CTL_OK)
        code = options->stamps.count > 0 ? bootstrap_stamp(&bootstrap) : bootstrap_find_fits(&bootstrap);
    return code == CTL_OK ? bootstrap_print(&bootstrap) : code;
}
