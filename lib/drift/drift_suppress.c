/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "base/limits.h"
#include "drift/drift_print.h"

/* One name that entries may match: of an item, of the relation or of the schema that it belongs to. */
struct target {
    enum drift_kind kind;
    const char *path;
    const char *last;      /* where its last part begins */
    const char *attribute; /* NULL: entries that name one do not match */
};

/* What an entry met. */
struct fate {
    bool hit;
    bool expired; /* and would have hit */
};

struct suppression {
    struct drift_work *work;
    struct fate *fates; /* by entry */
    struct strbuf relation;
    struct strbuf schema;
};

static void suppression_done(struct suppression *suppression)
{
    mem_free(suppression->fates);
    strbuf_done(&suppression->relation);
    strbuf_done(&suppression->schema);
}

DEFINE_CLEANUP_VALUE(suppression, struct suppression, suppression_done);

static bool entry_matches(const struct drift_ignore *entry, const struct target *target)
{
    if (!((entry->kinds >> target->kind) & 1))
        return false;
    if (entry->attribute && (!target->attribute || strcmp(entry->attribute, target->attribute) != 0))
        return false;
    const char *text = strchr(entry->pattern, '.') ? target->path : target->last;
    return glob_match(entry->pattern, text);
}

static bool has_expired(const struct drift_work *work, const struct drift_ignore *entry)
{
    return entry->until_ms != 0 && work->now_ms > entry->until_ms;
}

static size_t add_relation(struct suppression *suppression, const struct drift_item *item, struct target *ret_target)
{
    enum drift_end end = item->relation.reference != DRIFT_NOWHERE ? REFERENCE : LIVE;
    int64_t at = end == REFERENCE ? item->relation.reference : item->relation.live;
    if (at == DRIFT_NOWHERE)
        return 0;
    struct drift_work *work = suppression->work;
    const struct schema *schema = work->sides[end].schema;
    uint32_t last = 0;
    enum drift_kind kind = drift_relation_kind(&schema->relations[at]);
    strbuf_clear(&suppression->relation);
    drift_path(work, end, kind, (uint32_t)at, false, &suppression->relation, &last);
    const char *path = strbuf_text(&suppression->relation);
    *ret_target =
        (struct target){.kind = kind, .path = path, .last = path + (strbuf_ok(&suppression->relation) ? last : 0)};
    return 1;
}

/* The schema is the first part of what has one. */
static size_t add_schema(struct suppression *suppression, const struct drift_item *item, struct target *ret_target)
{
    if (!suppression->work->features.postgres || item->kind == DRIFT_SCHEMA || item->kind == DRIFT_EXTENSION)
        return 0;
    bool quoted = false;
    const char *end = item->object;
    while (*end && (quoted || *end != '.')) {
        quoted ^= *end == '"';
        end++;
    }
    strbuf_clear(&suppression->schema);
    strbuf_add(&suppression->schema, item->object, (size_t)(end - item->object));
    const char *path = strbuf_text(&suppression->schema);
    *ret_target = (struct target){.kind = DRIFT_SCHEMA, .path = path, .last = path};
    return 1;
}

/* An ignored table or schema takes with it what hangs on it. */
static void suppress_draft(struct suppression *suppression, struct drift_draft *draft)
{
    struct drift_item *item = &draft->item;
    const struct drift_policy *policy = suppression->work->policy;
    struct target targets[3] = {{.kind = item->kind,
                                 .path = item->object,
                                 .last = item->object + draft->last_part,
                                 .attribute = item->attribute}};
    size_t count = 1;
    count += add_relation(suppression, item, &targets[count]);
    count += add_schema(suppression, item, &targets[count]);
    for (size_t i = 0; i < policy->ignore_count; i++) {
        const struct drift_ignore *entry = &policy->ignores[i];
        bool matches = false;
        for (size_t j = 0; j < count && !matches; j++)
            matches = entry_matches(entry, &targets[j]);
        if (!matches)
            continue;
        if (has_expired(suppression->work, entry)) {
            suppression->fates[i].expired = true;
            continue;
        }
        suppression->fates[i].hit = true;
        if (!item->suppressed_by) {
            item->suppressed_by = entry;
            item->state = ITEM_SUPPRESSED;
        }
    }
}

/* Which entries came to nothing. */
static int tell_fates(const struct suppression *suppression)
{
    struct drift_report *report = suppression->work->report;
    const struct drift_policy *policy = suppression->work->policy;
    const struct drift_ignore **never_hit = arena_array(report->arena, policy->ignore_count, sizeof(void *));
    const struct drift_ignore **expired = arena_array(report->arena, policy->ignore_count, sizeof(void *));
    if (!never_hit || !expired)
        return error_no_memory(suppression->work->reterr);
    for (size_t i = 0; i < policy->ignore_count; i++) {
        if (suppression->fates[i].expired)
            expired[report->expired_count++] = &policy->ignores[i];
        else if (!suppression->fates[i].hit)
            never_hit[report->never_hit_count++] = &policy->ignores[i];
    }
    report->never_hit = never_hit;
    report->expired = expired;
    return 0;
}

int drift_suppress(struct drift_work *work)
{
    cleanup(suppression) struct suppression suppression = {
        .work = work,
        .relation = STRBUF(LIMIT_DRIFT_TEXT),
        .schema = STRBUF(LIMIT_DRIFT_TEXT),
    };
    if (work->policy->ignore_count == 0)
        return 0;
    suppression.fates = mem_calloc(work->policy->ignore_count, sizeof *suppression.fates);
    if (!suppression.fates)
        return error_no_memory(work->reterr);
    for (size_t i = 0; i < work->draft_count; i++)
        suppress_draft(&suppression, &work->drafts[i]);
    if (!strbuf_ok(&suppression.relation) || !strbuf_ok(&suppression.schema))
        return error_no_memory(work->reterr);
    return tell_fates(&suppression);
}
