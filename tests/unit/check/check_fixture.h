/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks that are run against a SQLite file, through the engine that the daemon uses.
 */
#ifndef MIGRATIOND_TESTS_UNIT_CHECK_CHECK_FIXTURE_H
#define MIGRATIOND_TESTS_UNIT_CHECK_CHECK_FIXTURE_H

#include "unit/engine/sqlite_fixture.h"

#include "check/check_kinds.h"

/* The database as a check sees it; to be closed by the caller. */
struct seen {
    struct engine_connection *connection;
    struct server_facts facts;
    struct engine_scope scope;
};

static inline struct seen see(const struct fixture *fixture)
{
    struct seen seen = {0};
    struct engine_target *target = NULL;
    struct error error = {0};
    char url[128] = "";
    snprintf(url, sizeof url, "sqlite:///%s", fixture->path);
    if (engine_target_parse(url, &target, &error) < 0 ||
        target->ops->open(target, PURPOSE_CHECK, deadline_in(10000), &seen.connection, &seen.facts, &error) < 0)
        fail_msg("%s", error.message);
    engine_target_free(target);
    return seen;
}

static inline struct check_world world_of(const struct seen *seen)
{
    return (struct check_world){
        .connection = seen->connection, .server = &seen->facts, .scope = &seen->scope, .deadline = deadline_in(10000)};
}

/* Runs once; want of memory fails the test. */
static inline struct check_result *run_check(const struct seen *seen, const struct check *check)
{
    const struct check_world world = world_of(seen);
    struct check_memory *memory = NULL;
    struct check_result *result = NULL;
    struct error error = {0};
    if (check_run(check, &world, &memory, &result, &error) < 0)
        fail_msg("%s", error.message);
    assert_null(memory);
    return result;
}

static inline void assert_result(const struct check_result *result, enum check_state state, const char *value,
                                 const char *reason)
{
    assert_string_equal(check_state_name(result->state), check_state_name(state));
    assert_string_equal(result->reason, reason);
    if (value)
        assert_string_equal(result->value, value);
    else
        assert_null(result->value);
}

#endif
