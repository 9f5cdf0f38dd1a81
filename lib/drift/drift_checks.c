/* SPDX-License-Identifier: Apache-2.0
 *
 * A check that stands with a column: MariaDB keeps it there, MySQL makes a constraint of the table of it. Between the
 * two it is one check.
 */
#include <string.h>

#include "base/limits.h"
#include "drift/drift_print.h"

static bool are_two_flavours(const struct drift_work *work)
{
    const struct schema *reference = work->sides[REFERENCE].schema;
    const struct schema *live = work->sides[LIVE].schema;
    return work->features.mysql &&
           strcmp(schema_text(reference, reference->engine), schema_text(live, live->engine)) != 0;
}

static uint32_t check_of_column(const struct schema *schema, uint32_t column)
{
    size_t count = 0;
    const struct schema_attribute *check =
        schema_attribute_list(schema, schema->columns[column].attributes, ATTRIBUTE_COLUMN_CHECK, &count);
    return check ? check->text : 0;
}

static void print_check(struct drift_work *work, enum drift_end end, uint32_t expression, struct strbuf *out)
{
    struct drift_printer printer = {.work = work, .side = &work->sides[end], .out = out, .canonical = true};
    drift_print_text(&printer, TEXT_EXPRESSION, expression, 0);
}

/* Two expressions, one of each side. */
static bool same_check(struct drift_work *work, const uint32_t expressions[static ENDS])
{
    cleanup(strbuf) struct strbuf reference = STRBUF(LIMIT_DRIFT_TEXT);
    cleanup(strbuf) struct strbuf live = STRBUF(LIMIT_DRIFT_TEXT);
    if (expressions[REFERENCE] == 0 || expressions[LIVE] == 0)
        return false;
    print_check(work, REFERENCE, expressions[REFERENCE], &reference);
    print_check(work, LIVE, expressions[LIVE], &live);
    return strbuf_ok(&reference) && strbuf_ok(&live) && strcmp(strbuf_text(&reference), strbuf_text(&live)) == 0;
}

bool drift_check_is_columns(struct drift_work *work, enum drift_end end, uint32_t constraint, uint32_t partner)
{
    enum drift_end other = end == REFERENCE ? LIVE : REFERENCE;
    const struct schema *schema = work->sides[other].schema;
    const struct schema_relation *relation = &schema->relations[partner];
    uint32_t expressions[ENDS] = {0};
    expressions[end] = work->sides[end].schema->constraints[constraint].expression;
    for (uint32_t i = 0; are_two_flavours(work) && i < relation->column_count; i++) {
        expressions[other] = check_of_column(schema, relation->first_column + i);
        if (same_check(work, expressions))
            return true;
    }
    return false;
}

bool drift_check_is_tables(struct drift_work *work, const uint32_t columns[static ENDS])
{
    uint32_t checks[ENDS] = {check_of_column(work->sides[REFERENCE].schema, columns[REFERENCE]),
                             check_of_column(work->sides[LIVE].schema, columns[LIVE])};
    enum drift_end end = checks[REFERENCE] != 0 ? LIVE : REFERENCE; /* whose table may have it */
    const struct schema *schema = work->sides[end].schema;
    const struct schema_relation *relation = &schema->relations[schema->columns[columns[end]].relation];
    if (!are_two_flavours(work) || checks[end] != 0)
        return false;
    for (uint32_t i = 0; i < relation->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[relation->first_constraint + i];
        checks[end] = constraint->kind == CONSTRAINT_CHECK ? constraint->expression : 0;
        if (same_check(work, checks))
            return true;
    }
    return false;
}
