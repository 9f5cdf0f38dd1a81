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

/* Marks what is to be recorded; NULL after a message. */
static bool *select_migrations(const struct bootstrap *bootstrap, int *ret_code)
{
    struct error error = {.code = ERROR_OK};
    const struct migration_set *set = bootstrap->set;
    const struct ctl_list *stamps = &bootstrap->options->stamps;
    bool *selected = arena_array(bootstrap->arena, set->count + 1, sizeof *selected);
    if (!selected)
        *ret_code = ctl_fail(CTL_UNKNOWN, "out of memory");
    for (size_t i = 0; selected && i < stamps->count; i++) {
        if (stamp_select(set, stamps->items[i], bootstrap->arena, selected, &error) < 0) {
            *ret_code = ctl_fail(CTL_USAGE, "%s", error.message);
            return NULL;
        }
    }
    if (selected)
        stamp_select_done(set, selected);
    return selected;
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
    if (stamp_run(bootstrap->target, &script, bootstrap->deadline, &error) < 0)
        return ctl_fail(CTL_UNKNOWN, "not recorded: %s", error.message);
    for (size_t i = 0; i < script.count; i++)
        bootstrap->rows += !script.statements[i].ddl;
    return read_back(bootstrap);
}
