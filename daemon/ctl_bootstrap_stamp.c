/* SPDX-License-Identifier: Apache-2.0
 *
 * Records revisions in the tool's own journal, which was proven not to be there.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_bootstrap.h"
#include "dialect/dialects.h"
#include "engine/stamp.h"

static bool has_table(const struct schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->relation_count; i++)
        if (strcmp(schema_text(schema, schema->relations[i].name), name) == 0)
            return true;
    return false;
}

/* Whether anything of a part is marked, once all of it was where `all` says so. */
static bool has_part(const struct migration_set *set, const char *part, bool all, bool *selected)
{
    bool found = false;
    for (size_t i = 0; i < set->count; i++) {
        if (!set->migrations[i].part || strcmp(set->migrations[i].part, part) != 0)
            continue;
        selected[i] = selected[i] || all;
        found = found || selected[i];
    }
    return found;
}

/* What the tool brings along itself and the schema shows to be used: without it, the tool would call the journal
 * inconsistent. */
static int check_own_parts(const struct bootstrap *bootstrap, bool heads, bool *selected)
{
    const struct migration_set *set = bootstrap->set;
    for (size_t i = 0; i < stamp_part_count; i++) {
        const struct stamp_part *own = &stamp_parts[i];
        if (strcmp(own->tool, set->tool) == 0 && has_table(bootstrap->schema, own->table) &&
            !has_part(set, own->part, heads, selected))
            return ctl_fail(CTL_USAGE,
                            "the schema has %s, but nothing of '%s' would be recorded: name the folder that holds its "
                            "migrations with a further --directory, and --stamp heads or one of its revisions",
                            own->table, own->part);
    }
    return CTL_OK;
}

/* `heads`: all of the first folder, and what that needs of the others. */
static int select_heads(const struct bootstrap *bootstrap, bool *selected, struct error *reterr)
{
    cleanup(migration_set) struct migration_set *first = NULL;
    const struct option_list *directories = &bootstrap->options->directories;
    if (directories->count == 1)
        return stamp_select(bootstrap->set, "heads", bootstrap->arena, selected, reterr);
    if (migration_files_read(tool_find(bootstrap->set->tool), NULL, directories->items[0], &first, reterr) < 0)
        return -1;
    for (size_t i = 0; i < first->count; i++)
        if (!first->migrations[i].repeatable &&
            stamp_select(bootstrap->set, first->migrations[i].revision, bootstrap->arena, selected, reterr) < 0)
            return -1;
    return 0;
}

/* Marks what is to be recorded; NULL after a message. */
static bool *select_migrations(const struct bootstrap *bootstrap, int *ret_code)
{
    struct error error = {.code = ERROR_OK};
    const struct migration_set *set = bootstrap->set;
    const struct option_list *stamps = &bootstrap->options->stamps;
    bool *selected = arena_array(bootstrap->arena, set->count + 1, sizeof *selected);
    bool all = false;
    if (!selected) {
        *ret_code = ctl_fail(CTL_UNKNOWN, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < stamps->count; i++) {
        bool heads = strcmp(stamps->items[i], "heads") == 0;
        all = all || heads;
        if ((heads ? select_heads(bootstrap, selected, &error)
                   : stamp_select(set, stamps->items[i], bootstrap->arena, selected, &error)) < 0) {
            *ret_code = ctl_fail(CTL_USAGE, "%s", error.message);
            return NULL;
        }
    }
    stamp_select_done(set, selected);
    *ret_code = check_own_parts(bootstrap, all, selected);
    return *ret_code == CTL_OK ? selected : NULL;
}

static int make_script(const struct bootstrap *bootstrap, struct stamp_script *ret_script)
{
    struct error error = {.code = ERROR_OK};
    const char *engine = bootstrap->server.engine;
    const struct stamp_form *form = stamp_form_find(bootstrap->set, engine);
    const struct dialect *dialect = dialect_for(engine);
    int code = CTL_OK;
    if (!form || !dialect)
        return ctl_fail(CTL_USAGE, "how %s makes its journal on %s is not known here: use the tool's own command",
                        bootstrap->set->tool, engine);
    const bool *selected = select_migrations(bootstrap, &code);
    if (!selected)
        return code;
    if (stamp_make(form, bootstrap->set, selected, dialect, bootstrap->arena, ret_script, &error) < 0)
        return ctl_fail(CTL_USAGE, "%s", error.message);
    return CTL_OK;
}

/* Without --confirm, what would be run is shown. */
static int check_confirmation(const struct bootstrap *bootstrap, const struct stamp_script *script)
{
    const char *name = bootstrap_name(bootstrap);
    const char *confirm = bootstrap->options->confirm;
    if (confirm && *name && strcmp(confirm, name) == 0)
        return CTL_OK;
    if (confirm)
        return ctl_fail(CTL_USAGE, "--confirm says '%s', but the database's name is '%s': nothing was written", confirm,
                        name);
    for (size_t i = 0; i < script->count; i++) {
        ctl_put_text(stderr, script->statements[i].sql, "?");
        fputs(";\n", stderr);
    }
    return ctl_fail(CTL_USAGE, "nothing was written; --confirm %s runs these statements", name);
}

/* What the journal says now, to its own adapter. */
static int read_back(struct bootstrap *bootstrap)
{
    struct error error = {.code = ERROR_OK};
    struct engine_scope everything = {0};
    cleanup(schema) struct schema *schema = NULL;
    cleanup(snapshot) struct snapshot *snapshot = NULL;
    const char *url = bootstrap->options->arguments[0];
    if (ctl_read_schema(url, &everything, bootstrap->deadline, &schema, &bootstrap->server, &error) < 0 ||
        ctl_read_journals(url, bootstrap->deadline, schema, &bootstrap->server, &snapshot, &error) < 0)
        return ctl_fail(CTL_UNKNOWN, "the journal was written, but could not be read back: %s", error.message);
    snapshot_unref(bootstrap->snapshot);
    bootstrap->snapshot = snapshot_ref(snapshot);
    for (size_t i = 0; i < snapshot->reading_count; i++)
        if (snapshot->readings[i].journal && !snapshot->readings[i].journal->invalid)
            return CTL_OK;
    return ctl_fail(CTL_UNKNOWN, "the journal was written, but is not to be seen");
}

int bootstrap_stamp(struct bootstrap *bootstrap)
{
    struct error error = {.code = ERROR_OK};
    struct stamp_script script = {0};
    int code = make_script(bootstrap, &script);
    if (code == CTL_OK)
        code = check_confirmation(bootstrap, &script);
    if (code != CTL_OK)
        return code;
    script.schema = bootstrap_schema(bootstrap);
    if (stamp_run(bootstrap->target, &script, bootstrap->deadline, &error) < 0)
        return ctl_fail(CTL_UNKNOWN, "not recorded: %s", error.message);
    for (size_t i = 0; i < script.count; i++)
        bootstrap->rows += !script.statements[i].ddl;
    return read_back(bootstrap);
}
