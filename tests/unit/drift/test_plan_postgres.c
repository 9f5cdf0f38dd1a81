/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL's planner without a database: equal schemas have an empty plan, the same two schemas the same plan every
 * time, each statement says what there is to say of it, and running out of memory is said. That the SQL does what it
 * says is test_postgres_plan.py's.
 */
#include "support/oom.h"

#include <stdio.h>
#include <string.h>

#include "drift/plan.h"
#include "unit/drift/drift_fixture.h"

enum { OUTPUT_LIMIT = 1 << 26, SEEDS = 40, SPARED = 3, OOM_SEED = 3 };

static struct plan *plan_of(struct schema *reference, struct schema *live, enum plan_direction direction)
{
    struct plan *plan = NULL;
    struct error error = {0};
    struct drift_policy policy = strict_policy();
    if (plan_make(reference, live, &policy, direction, 0, &plan, &error) < 0)
        fail_msg("%s", error.message);
    return plan;
}

static void render_all(const struct plan *plan, struct strbuf *out)
{
    for (const struct plan_file *file = plan_files; file->name; file++)
        file->render(plan, file->stage, out);
    plan_render_sql(plan, PLAN_ALL_STAGES, out);
    plan_render_readme(plan, "live", "reference", out);
}

static void test_equal_schemas_need_nothing(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        cleanup(schema) struct schema *schema = random_schema(seed, 0, SPARED, &dialect_postgres);
        cleanup(plan) struct plan *plan = plan_of(schema, schema, PLAN_REVERT);
        assert_int_equal(plan->statement_count, 0);
        assert_int_equal(plan->unsolved_count, 0);
        assert_int_equal(plan->guard_count, 0);
    }
}

static void check_plan(const struct plan *plan)
{
    unsigned stage = 1;
    assert_true(plan->report->item_count == 0 || plan->statement_count + plan->unsolved_count > 0);
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        assert_true(statement->stage >= stage && statement->stage <= PLAN_STAGES);
        stage = statement->stage;
        assert_true(*statement->sql && *statement->verify && *statement->kind && *statement->object && statement->lock);
        assert_true(statement->undo || statement->undo_note);
        assert_null(strstr(statement->sql, " CASCADE;"));
    }
    for (size_t i = 0; i < plan->unsolved_count; i++)
        assert_true(*plan->unsolved[i].reason);
}

static void test_plans_are_whole_and_repeatable(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        cleanup(schema) struct schema *reference = random_schema(seed, 0, SPARED, &dialect_postgres);
        cleanup(schema) struct schema *live = random_schema(seed, 7, SPARED, &dialect_postgres);
        for (enum plan_direction direction = PLAN_REVERT; direction <= PLAN_ADOPT; direction++) {
            cleanup(plan) struct plan *plan = plan_of(reference, live, direction);
            cleanup(plan) struct plan *again = plan_of(reference, live, direction);
            cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_LIMIT);
            cleanup(strbuf) struct strbuf same = STRBUF(OUTPUT_LIMIT);
            check_plan(plan);
            render_all(plan, &out);
            render_all(again, &same);
            assert_true(strbuf_ok(&out) && strbuf_ok(&same));
            assert_string_equal(strbuf_text(&out), strbuf_text(&same));
        }
    }
}

static void test_allocation_failures(void **state)
{
    (void)state;
    cleanup(schema) struct schema *reference = variation_new(0);
    cleanup(schema) struct schema *live = variation_new(OOM_SEED);
    struct drift_policy policy = strict_policy();
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {0};
        cleanup(plan) struct plan *plan = NULL;
        cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_LIMIT);
        bool made = plan_make(reference, live, &policy, PLAN_REVERT, 0, &plan, &error) == 0;
        if (made)
            render_all(plan, &out);
        OOM_CHECK(loop, made && strbuf_ok(&out));
        assert_true(made == (plan != NULL));
        assert_true(made || error.code == ERROR_NO_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_schemas_need_nothing),
        cmocka_unit_test(test_plans_are_whole_and_repeatable),
        cmocka_unit_test(test_allocation_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
