/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_revisions.h"

#include "base/alloc.h"
#include "daemon/wait.h"
#include "daemon/wait_manifest.h"

void wait_revisions_done(struct wait_revisions *revisions)
{
    for (size_t i = 0; i < revisions->head_count; i++)
        mem_free(revisions->heads[i]);
    *revisions = (struct wait_revisions){0};
}

/* Of a manifest and a revision for one and the same database nobody could say which one counts. */
static bool are_for_different_databases(const struct option_list *revisions, const struct option_list *manifests)
{
    for (size_t i = 0; revisions->count > 0 && i < manifests->count; i++) {
        if (wait_manifest_path(manifests->items[i]) == manifests->items[i])
            return false;
    }
    return true;
}

int wait_revisions_collect(const char *program, const struct option_list *revisions,
                           const struct option_list *manifests, struct wait_revisions *ret_revisions)
{
    char problem[WAIT_MANIFEST_PROBLEM_SIZE] = "";
    *ret_revisions = (struct wait_revisions){0};
    if (revisions->count + manifests->count > LIMIT_WAIT_REVISIONS)
        return wait_fail(program, WAIT_USAGE, "at most %u revisions are asked for", LIMIT_WAIT_REVISIONS);
    if (!are_for_different_databases(revisions, manifests))
        return wait_fail(program, WAIT_USAGE,
                         "--manifest and --revision both name the revision: give one, or DATABASE:FILE");
    for (size_t i = 0; i < revisions->count; i++)
        ret_revisions->list[ret_revisions->count++] = revisions->items[i];
    for (size_t i = 0; i < manifests->count; i++) {
        char *head = wait_manifest_revision(manifests->items[i], problem, sizeof problem);
        if (!head)
            return wait_fail(program, WAIT_USAGE, "%s", problem);
        ret_revisions->heads[ret_revisions->head_count++] = head;
        ret_revisions->list[ret_revisions->count++] = head;
    }
    return WAIT_OPEN;
}
