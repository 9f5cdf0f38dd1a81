/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl manifest: a directory of migrations as one JSON file.
 */
#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "journal/manifest.h"
#include "journal/migration_folders.h"
#include "journal/tool.h"

int ctl_find_tool(const struct ctl_options *options, const struct tool **ret_tool)
{
    *ret_tool = options->tool ? tool_find(options->tool) : NULL;
    if (*ret_tool || !options->tool)
        return CTL_OK;
    const char *meant = tool_nearest(options->tool);
    return ctl_fail(CTL_USAGE, "no migration tool '%s' is known%s%s%s (see journal --tools)", options->tool,
                    meant ? " (did you mean '" : "", meant ? meant : "", meant ? "'?)" : "");
}

void ctl_say_remarks(const struct migration_set *set)
{
    for (size_t i = 0; i < set->remark_count; i++)
        ctl_fail(CTL_OK, "%s: %s", remark_kind_name(set->remarks[i].kind), set->remarks[i].text);
}

int ctl_manifest(const struct ctl_options *options)
{
    struct error error = {.code = ERROR_OK};
    const struct tool *tool = NULL;
    cleanup(migration_set) struct migration_set *set = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    int code = ctl_find_tool(options, &tool);
    if (code != CTL_OK)
        return code;
    if (migration_folders_read(tool, NULL, (const char *const *)options->arguments, (size_t)options->argument_count,
                               &set, &error) < 0 ||
        manifest_write(set, &out, &error) < 0)
        return ctl_fail(CTL_USAGE, "%s", error.message);
    ctl_say_remarks(set);
    return ctl_write(&out, CTL_OK);
}
