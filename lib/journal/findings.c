/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/findings.h"

#include <string.h>

static void add(struct findings *findings, const struct finding *finding)
{
    if (findings->count == findings->capacity) {
        size_t capacity = findings->capacity ? findings->capacity * 2 : 4;
        struct finding *grown = arena_array(findings->arena, capacity, sizeof *grown);
        if (!grown) {
            findings->failed = true;
            return;
        }
        if (findings->count > 0)
            memcpy(grown, findings->items, findings->count * sizeof *grown);
        findings->items = grown;
        findings->capacity = capacity;
    }
    findings->items[findings->count++] = *finding;
}

void findings_add(struct findings *findings, const struct journal_entry *entry, const struct migration *migration,
                  const char *detail)
{
    struct finding finding = {
        .revision = migration ? migration->revision : entry->revision,
        .file = migration ? migration->file : NULL,
        .detail = detail,
        .applied_at_ms = entry ? entry->applied_at_ms : TIME_UNKNOWN,
    };
    if (findings->copies) {
        finding.revision = arena_strdup(findings->arena, finding.revision);
        finding.detail = arena_strdup(findings->arena, detail);
        if (!finding.revision || (detail && !finding.detail)) {
            findings->failed = true;
            return;
        }
    }
    add(findings, &finding);
}

void findings_add_revision(struct findings *findings, const char *revision)
{
    add(findings, &(struct finding){.revision = revision, .applied_at_ms = TIME_UNKNOWN});
}

struct finding_list findings_list(const struct findings *findings)
{
    return (struct finding_list){.items = findings->items, .count = findings->count};
}

bool findings_lack_files(struct finding_list list)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i].file)
            return false;
    return list.count > 0;
}

/* People paste it into a shell: a revision that came with a request must not be more than a word there. */
static bool is_word(const char *revision)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+:/@";
    return *revision && *revision != '-' && revision[strspn(revision, harmless)] == '\0';
}

bool findings_advise_revert(const struct comparison *comparison, const char *command, struct arena *arena,
                            const char **ret_advice)
{
    const char *revision = comparison->expected_revision;
    *ret_advice = NULL;
    if (!command || comparison->later.count == 0 || !comparison->target_applied || !revision || !is_word(revision))
        return true;
    *ret_advice = arena_printf(arena, "%s%s", command, revision);
    return *ret_advice != NULL;
}
