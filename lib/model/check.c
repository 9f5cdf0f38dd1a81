/* SPDX-License-Identifier: Apache-2.0 */
#include "model/check.h"

#include <string.h>

#include "base/refcount.h"

/* Texts of one result: rows and items are bounded, sentences short. */
enum { RESULT_BYTES = 256 * 1024 };

static const char *const state_names[CHECK_STATES] = {
    [CHECK_UNKNOWN] = "unknown",
    [CHECK_PASSED] = "passed",
    [CHECK_FAILED] = "failed",
};

static const char *const severity_names[CHECK_SEVERITIES] = {[CHECK_WARNS] = "warn", [CHECK_FAILS] = "fail"};

const char *check_state_name(enum check_state state)
{
    return state_names[state];
}

const char *check_severity_name(enum check_severity severity)
{
    return severity_names[severity];
}

static unsigned index_of(const char *const *names, unsigned count, const char *name)
{
    unsigned i = 0;
    while (i < count && strcmp(names[i], name) != 0)
        i++;
    return i;
}

enum check_state check_state_from_name(const char *name)
{
    return index_of(state_names, CHECK_STATES, name);
}

enum check_severity check_severity_from_name(const char *name)
{
    return index_of(severity_names, CHECK_SEVERITIES, name);
}

struct check_result *check_result_new(void)
{
    cleanup(arena) struct arena *arena = arena_new(RESULT_BYTES);
    struct check_result *result = arena ? arena_alloc(arena, sizeof *result) : NULL;
    if (!result)
        return NULL;
    *result = (struct check_result){.references = 1, .arena = take(arena), .reason = "", .next = ""};
    result->backup.size = -1;
    return result;
}

struct check_result *check_result_ref(struct check_result *result)
{
    refcount_take(&result->references);
    return result;
}

void check_result_unref(struct check_result *result)
{
    if (result && refcount_drop(&result->references))
        arena_free(result->arena);
}
