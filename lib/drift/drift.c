/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/drift_report.h"
#include "drift/drift_work.h"

static void side_done(struct drift_side *side)
{
    mem_free(side->relation_partners);
    mem_free(side->column_partners);
    mem_free(side->object_partners);
    mem_free(side->relation_marks);
    mem_free(side->object_marks);
    mem_free(side->column_marks);
    mem_free(side->alone_columns);
}

static void drift_work_done(struct drift_work *work)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        side_done(&work->sides[end]);
        strbuf_done(&work->printed[end]);
        strbuf_done(&work->canonical[end]);
    }
    strbuf_done(&work->path);
    strbuf_done(&work->spare);
    strbuf_done(&work->spare_type);
    mem_free(work->drafts);
    mem_free(work->hints);
}

DEFINE_CLEANUP_VALUE(drift_work, struct drift_work, drift_work_done);

static int side_init(struct drift_side *side, const struct schema *schema, enum drift_end end, bool fold_columns,
                     struct error *reterr)
{
    *side = (struct drift_side){.schema = schema, .end = end, .fold_columns = fold_columns};
    side->relation_partners = mem_calloc(schema->relation_count, sizeof *side->relation_partners);
    side->column_partners = mem_calloc(schema->column_count, sizeof *side->column_partners);
    side->object_partners = mem_calloc(schema->object_count, sizeof *side->object_partners);
    side->relation_marks = mem_calloc(schema->relation_count, sizeof *side->relation_marks);
    side->object_marks = mem_calloc(schema->object_count, sizeof *side->object_marks);
    side->column_marks = mem_calloc(schema->column_count, sizeof *side->column_marks);
    side->alone_columns = mem_calloc(schema->relation_count, sizeof *side->alone_columns);
    if (!side->relation_partners || !side->column_partners || !side->object_partners || !side->relation_marks ||
        !side->object_marks || !side->column_marks || !side->alone_columns)
        return error_no_memory(reterr);
    memset(side->column_partners, 0xff, schema->column_count * sizeof *side->column_partners);
    return 0;
}

/* mysql and mariadb read one language; no two others do. */
static int refuse_engines(const struct schema *reference, const struct schema *live, struct error *reterr)
{
    if (reference->dialect && reference->dialect == live->dialect)
        return 0;
    return error_set(reterr, ERROR_UNSUPPORTED, "a schema of %s cannot be compared with one of %s",
                     schema_text(reference, reference->engine), schema_text(live, live->engine));
}

/* Where the fingerprints are equal there is nothing to find, but for what they do not say: in which order columns
 * stand, and what extensions' versions are. */
static bool are_equal(const struct drift_work *work)
{
    return digest_equal(work->sides[REFERENCE].schema->digest, work->sides[LIVE].schema->digest) &&
           !drift_policy_deviates(work, POLICY_EXTENSION_VERSIONS) && !drift_policy_deviates(work, POLICY_COLUMN_ORDER);
}

static int find_differences(struct drift_work *work)
{
    if (drift_mark_columns(work) || drift_compare_relations(work))
        return -1;
    return drift_compare_objects(work);
}

static int compare(struct drift_work *work)
{
    if (drift_pair_relations(work) || drift_pair_objects(work))
        return -1;
    drift_leave_out(work);
    drift_count_compared(work);
    if (drift_tell_coverage(work) || (!are_equal(work) && find_differences(work)))
        return -1;
    if (drift_suppress(work) || drift_find_hints(work))
        return -1;
    return drift_finish(work);
}

int drift_compare(struct schema *reference, struct schema *live, const struct drift_policy *policy, int64_t now_ms,
                  struct drift_report **ret_report, struct error *reterr)
{
    *ret_report = NULL;
    if (refuse_engines(reference, live, reterr))
        return -1;
    cleanup(drift_report) struct drift_report *report = drift_report_new(reference, live);
    if (!report)
        return error_no_memory(reterr);
    struct strbuf buffer = STRBUF(LIMIT_DRIFT_TEXT);
    cleanup(drift_work) struct drift_work work = {
        .policy = policy,
        .report = report,
        .arena = report->arena,
        .printed = {buffer, buffer},
        .canonical = {buffer, buffer},
        .path = buffer,
        .spare = buffer,
        .spare_type = buffer,
        .now_ms = now_ms,
        .reterr = reterr,
    };
    work.sides[REFERENCE].schema = reference;
    work.sides[LIVE].schema = live;
    drift_find_features(&work);
    if (side_init(&work.sides[REFERENCE], reference, REFERENCE, work.features.fold_columns, reterr) ||
        side_init(&work.sides[LIVE], live, LIVE, work.features.fold_columns, reterr) || compare(&work))
        return -1;
    *ret_report = take(report);
    return 0;
}
