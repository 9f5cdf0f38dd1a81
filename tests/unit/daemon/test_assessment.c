/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assessment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "daemon/view.h"
#include "support/oom.h"

enum { READINGS = 4 };

/* A snapshot made by hand: one entry per reading. */
struct scene {
    struct config *config;
    struct snapshot *snapshot;
    struct journal_reading readings[READINGS];
    struct expectation *expectation;
};

static struct journal *make_journal(const struct journal_address *address, const char *revision)
{
    struct journal *journal = journal_new(address);
    assert_non_null(journal);
    struct journal_entry *entry = arena_alloc(journal->arena, sizeof *entry);
    assert_non_null(entry);
    *entry = (struct journal_entry){
        .revision = revision, .part = address->part, .applied_at_ms = TIME_UNKNOWN, .state = ENTRY_APPLIED};
    journal->engine = "postgres";
    journal->entries = entry;
    journal->entry_count = 1;
    journal->row_count = 1;
    journal->heads_only = strcmp(address->tool, "alembic") == 0;
    journal->digest = digest_of(revision, strlen(revision));
    return journal;
}

static void begin(struct scene *scene, const char *database)
{
    struct error error = {0};
    cleanup(free) char *text = mem_printf("databases: {app: {url: 'sqlite:////app.db', %s}}", database);
    *scene = (struct scene){.snapshot = snapshot_new()};
    assert_non_null(scene->snapshot);
    scene->snapshot->readings = scene->readings;
    scene->snapshot->has_tables = true;
    scene->snapshot->server.absence_proven = true;
    if (config_parse(text, strlen(text), "scene", &scene->config, &error) < 0)
        fail_msg("%s", error.message);
}

static void end(struct scene *scene)
{
    for (size_t i = 0; i < scene->snapshot->reading_count; i++)
        journal_unref(scene->readings[i].journal);
    scene->snapshot->readings = NULL;
    scene->snapshot->reading_count = 0;
    snapshot_unref(scene->snapshot);
    expectation_unref(scene->expectation);
    config_unref(scene->config);
}

static void add(struct scene *scene, const char *tool, const char *schema, const char *table, const char *part,
                const char *revision)
{
    struct journal_reading *reading = &scene->readings[scene->snapshot->reading_count++];
    reading->address = (struct journal_address){.tool = tool, .schema = schema, .table = table, .part = part};
    reading->lock.since_ms = TIME_UNKNOWN;
    if (revision)
        reading->journal = make_journal(&reading->address, revision);
}

/* "part:revision" each, NULL-terminated; part "" is none. */
static void expect(struct scene *scene, size_t at, const char *tool, const char *const *revisions)
{
    size_t count = config_journal_count(&scene->config->databases[0]);
    if (!scene->expectation) {
        scene->expectation = mem_calloc(1, sizeof *scene->expectation + count * sizeof(struct expected_files));
        assert_non_null(scene->expectation);
        scene->expectation->references = 1;
        scene->expectation->count = count;
    }
    struct migration_set *set = migration_set_new(tool);
    assert_non_null(set);
    struct migration *migrations = arena_array(set->arena, 8, sizeof *migrations);
    assert_non_null(migrations);
    for (; revisions[set->count]; set->count++) {
        const char *colon = strchr(revisions[set->count], ':');
        char *part = arena_strndup(set->arena, revisions[set->count], (size_t)(colon - revisions[set->count]));
        const char **parent = arena_alloc(set->arena, sizeof *parent);
        struct migration *migration = &migrations[set->count];
        assert_true(part && parent);
        *migration = (struct migration){.revision = colon + 1, .file = colon + 1, .part = *part ? part : NULL};
        if (set->count == 0 || !*part || strcmp(migration[-1].part, part) != 0)
            continue;
        *parent = migration[-1].revision;
        migration->parents = parent;
        migration->parent_count = 1;
    }
    set->migrations = migrations;
    scene->expectation->files[at].set = set;
}

static struct assessment *must_assess(struct scene *scene)
{
    struct assessment *assessment = assess(scene->snapshot, &scene->config->databases[0], scene->expectation, NULL);
    assert_non_null(assessment);
    return assessment;
}

static const struct assessed_journal *find(const struct assessment *assessment, const char *address)
{
    for (size_t i = 0; i < assessment->count; i++) {
        char text[JOURNAL_NAME_SIZE] = "";
        if (assessment->journals[i].address.table)
            journal_address_print(&assessment->journals[i].address, text, sizeof text);
        if (strcmp(text, address) == 0)
            return &assessment->journals[i];
    }
    return NULL;
}

static const char *const shop_and_billing[] = {"billing:billing.0001", "shop:shop.0001", "shop:shop.0002", NULL};

static void test_parts(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "expect: {directory: /srv/app}");
    add(&scene, "django", "public", "django_migrations", "auth", "auth.0001");
    add(&scene, "django", "public", "django_migrations", "shop", "shop.0001");
    expect(&scene, 0, "django", shop_and_billing);
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    assert_int_equal(assessment->count, 3);
    const struct assessed_journal *auth = find(assessment, "public.django_migrations/auth");
    const struct assessed_journal *shop = find(assessment, "public.django_migrations/shop");
    const struct assessed_journal *billing = find(assessment, "public.django_migrations/billing");
    assert_true(auth->bystander);
    assert_int_equal(auth->comparison.source, SOURCE_NONE);
    assert_false(shop->bystander);
    assert_int_equal(shop->files->count, 2);
    assert_int_equal(shop->comparison.pending.count, 1);
    assert_string_equal(shop->comparison.pending.items[0].revision, "shop.0002");
    assert_int_equal(billing->comparison.pending.count, 1);
    assert_int_equal(billing->journal->entry_count, 0);
    assert_int_equal(billing->reading, 0);
    end(&scene);
}

/* What was compared is shared as long as neither journals nor files change. */
static void test_unchanged(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "expect: {directory: /srv/app}");
    add(&scene, "django", "public", "django_migrations", "shop", "shop.0001");
    add(&scene, "flyway", "public", "flyway_schema_history", NULL, NULL);
    expect(&scene, 0, "django", shop_and_billing);
    const struct config_database *database = &scene.config->databases[0];
    cleanup(assessment) struct assessment *first = must_assess(&scene);
    cleanup(assessment) struct assessment *same = assess(scene.snapshot, database, scene.expectation, first);
    assert_ptr_equal(first, same);
    journal_unref(scene.readings[0].journal);
    scene.readings[0].journal = make_journal(&scene.readings[0].address, "shop.0002");
    cleanup(assessment) struct assessment *next = assess(scene.snapshot, database, scene.expectation, first);
    assert_ptr_not_equal(first, next);
    cleanup(assessment) struct assessment *other = assess(scene.snapshot, database, NULL, next);
    assert_ptr_not_equal(next, other);
    end(&scene);
}

/* Equal rows of tenants are compared once. */
static void test_twins(void **state)
{
    (void)state;
    static const char *const revisions[] = {":a", ":b", NULL};
    struct scene scene = {0};
    begin(&scene, "journals: [{tool: alembic, table: 't_*.alembic_version', expect: {directory: /srv/app}}]");
    add(&scene, "alembic", "other", "alembic_version", NULL, "a");
    add(&scene, "alembic", "t_1", "alembic_version", NULL, "a");
    add(&scene, "alembic", "t_2", "alembic_version", NULL, "b");
    add(&scene, "alembic", "t_3", "alembic_version", NULL, "a");
    expect(&scene, 0, "alembic", revisions);
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    assert_int_equal(assessment->count, 3);
    assert_null(find(assessment, "other.alembic_version"));
    const struct comparison *first = &find(assessment, "t_1.alembic_version")->comparison;
    const struct comparison *third = &find(assessment, "t_3.alembic_version")->comparison;
    assert_ptr_equal(first->heads.items, third->heads.items);
    assert_ptr_not_equal(first->heads.items, find(assessment, "t_2.alembic_version")->comparison.heads.items);
    end(&scene);
}

static void test_absent(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "journals: [{tool: alembic}, {tool: flyway, table: reports.history}, "
                  "{tool: flyway, table: 'tenant_*.history'}]");
    add(&scene, "alembic", "public", "alembic_version", NULL, "a");
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    assert_int_equal(assessment->count, 3);
    const struct assessed_journal *absent = find(assessment, "reports.history");
    assert_int_equal(absent->reading, NO_READING);
    assert_int_equal(absent->configured, 1);
    assert_null(assessment->journals[2].address.table);
    end(&scene);
}

/* Judges as HTTP would. */
static void judge(struct scene *scene, struct assessment *assessment, const char *revision, const char *journal,
                  struct arena *arena, struct database_report *ret_report)
{
    const struct view view = {.database = &scene->config->databases[0],
                              .snapshot = scene->snapshot,
                              .expectation = scene->expectation,
                              .assessment = assessment,
                              .status = {.tried = true, .observed = true, .good_at_ms = 1000}};
    const struct view_question question = {.revision = revision, .match = MATCH_AT_LEAST, .journal = journal};
    struct error error = {0};
    if (view_judge(&view, &question, 1000, 1000, arena, ret_report, &error) < 0)
        fail_msg("%s", error.message);
}

static enum migration_state worst(struct scene *scene, struct assessment *assessment, const char *revision,
                                  const char *journal)
{
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    assert_non_null(arena);
    judge(scene, assessment, revision, journal, arena, &report);
    return report.journals[report.worst].verdict.state;
}

/* A revision is asked of the part that knows it, whatever is expected of the others. */
static void test_questions(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "expect: {directory: /srv/app}");
    add(&scene, "django", "public", "django_migrations", "auth", "auth.0001");
    add(&scene, "django", "public", "django_migrations", "shop", "shop.0001");
    expect(&scene, 0, "django", shop_and_billing);
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    assert_int_equal(worst(&scene, assessment, NULL, NULL), STATE_PENDING);
    assert_int_equal(worst(&scene, assessment, "shop.0001", NULL), STATE_CURRENT);
    assert_int_equal(worst(&scene, assessment, "shop.0002", NULL), STATE_PENDING);
    assert_int_equal(worst(&scene, assessment, "auth.0001", NULL), STATE_CURRENT);
    assert_int_equal(worst(&scene, assessment, NULL, "auth"), STATE_OBSERVED);
    assert_int_equal(worst(&scene, assessment, NULL, "public"), STATE_PENDING);
    assert_int_equal(worst(&scene, assessment, NULL, "public.django_migrations/billing"), STATE_PENDING);
    assert_int_equal(worst(&scene, assessment, NULL, "nobody"), STATE_UNKNOWN);
    cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
    struct database_report report = {0};
    assert_non_null(arena);
    judge(&scene, assessment, NULL, NULL, arena, &report);
    assert_int_equal(report.journal_count, 3);
    assert_int_equal(report.bystander_count, 1);
    assert_string_equal(report.journals[2].reading->address.part, "auth");
    judge(&scene, assessment, NULL, "shop", arena, &report);
    assert_string_equal(report.name, "app#shop");
    assert_int_equal(report.journal_count, 1);
    end(&scene);
}

/* A literal revision in the configuration is one part's, too. */
static void test_literal(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "expect: {revision: shop.0001, match: at-least}");
    add(&scene, "django", "public", "django_migrations", "auth", "auth.0001");
    add(&scene, "django", "public", "django_migrations", "shop", "shop.0001");
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    assert_true(find(assessment, "public.django_migrations/auth")->bystander);
    assert_false(find(assessment, "public.django_migrations/shop")->bystander);
    assert_int_equal(worst(&scene, assessment, NULL, NULL), STATE_CURRENT);
    end(&scene);
}

/* The next configuration says the same of this database: what was compared goes on, and is not the old one's. */
static void test_another_configuration(void **state)
{
    (void)state;
    struct scene scene = {0};
    struct scene next = {0};
    begin(&scene, "expect: {revision: V1, match: contains}");
    begin(&next, "expect: {revision: V1, match: contains}");
    add(&scene, "flyway", "public", "flyway_schema_history", NULL, "V1");
    cleanup(assessment) struct assessment *assessment = must_assess(&scene);
    config_unref(take(scene.config));
    cleanup(assessment) struct assessment *same =
        assess(scene.snapshot, &next.config->databases[0], scene.expectation, assessment);
    assert_ptr_equal(same, assessment);
    assert_string_equal(same->journals[0].comparison.expected_revision, "V1");
    end(&next);
    end(&scene);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    struct scene scene = {0};
    begin(&scene, "expect: {directory: /srv/app}");
    add(&scene, "django", "public", "django_migrations", "auth", "auth.0001");
    add(&scene, "django", "public", "django_migrations", "shop", "shop.0001");
    expect(&scene, 0, "django", shop_and_billing);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(assessment) struct assessment *assessment =
            assess(scene.snapshot, &scene.config->databases[0], scene.expectation, NULL);
        OOM_CHECK(loop, assessment != NULL);
    }
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_unchanged),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_questions),
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_another_configuration),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
