/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl compare: many schemas at once, straight from URLs and files, the tenants of one database, or databases
 * that the daemon watches.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/glob.h"
#include "base/limits.h"
#include "daemon/ctl_drift.h"
#include "drift/compare_many.h"

/* The members, and what belongs to them. */
struct gathering {
    struct arena *arena;
    struct drift_policy policy;
    struct comparison_member *members;
    size_t count;
};

static void gathering_done(struct gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++)
        schema_unref(gathering->members[i].schema);
    arena_free(gathering->arena);
}

DEFINE_CLEANUP_VALUE(gathering, struct gathering, gathering_done);

static bool begin(const struct ctl_options *options, struct gathering *gathering, size_t most)
{
    gathering->arena = arena_new(LIMIT_SNAPSHOT_BYTES);
    gathering->members = gathering->arena ? arena_array(gathering->arena, most + 1, sizeof *gathering->members) : NULL;
    if (gathering->members)
        return ctl_policy(options, gathering->arena, &gathering->policy);
    ctl_fail(CTL_TROUBLE, "out of memory");
    return false;
}

/* Takes over `schema`; one that could not be read has a message instead. */
static bool add_member(struct gathering *gathering, const char *name, struct schema *schema, const struct error *error)
{
    struct comparison_member *member = &gathering->members[gathering->count++];
    member->schema = schema;
    member->name = arena_strdup(gathering->arena, name);
    member->problem = schema ? NULL : arena_strdup(gathering->arena, error->message);
    return member->name && (schema || member->problem);
}

static bool gather_sides(const struct ctl_options *options, struct gathering *gathering)
{
    if (!begin(options, gathering, (size_t)options->argument_count))
        return false;
    for (int i = 0; i < options->argument_count; i++) {
        cleanup(ctl_side) struct ctl_side side = {0};
        struct error error = {.code = ERROR_OK};
        bool read = ctl_side_read(options->arguments[i], options, deadline_in(options->timeout_ms), &side, &error) == 0;
        if (!add_member(gathering, side.shown ? side.shown : options->arguments[i], read ? take(side.schema) : NULL,
                        &error)) {
            ctl_fail(CTL_TROUBLE, "out of memory");
            return false;
        }
    }
    return true;
}

/* One connection reads them all, one after the other: a thousand logins would be the longest part. */
static bool gather_tenants(const struct ctl_options *options, struct gathering *gathering)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    cleanup(schema) struct schema *whole = NULL;
    struct server_facts server = {0};
    struct error error = {.code = ERROR_OK};
    struct engine_scope all = {.schemas = &options->tenants, .schema_count = 1};
    if (ctl_open_url(options->arguments[0], PURPOSE_DEEP, deadline_in(options->timeout_ms), &connection, &server,
                     &error) < 0 ||
        engine_read(connection, &all, deadline_in(options->timeout_ms), &whole, &error) < 0) {
        ctl_fail(CTL_TROUBLE, "%s", error.message);
        return false;
    }
    size_t first = whole->object_starts[OBJECT_SCHEMA];
    size_t end = whole->object_starts[OBJECT_SCHEMA + 1];
    if (!begin(options, gathering, end - first))
        return false;
    for (size_t i = first; i < end; i++) {
        const char *name = schema_text(whole, whole->objects[i].name);
        struct engine_scope own = {.schemas = &name, .schema_count = 1, .own_schema = name};
        struct schema *schema = NULL;
        if (!glob_match(options->tenants, name))
            continue;
        if (engine_read(connection, &own, deadline_in(options->timeout_ms), &schema, &error) < 0) {
            ctl_fail(CTL_TROUBLE, "%s: %s", name, error.message);
            return false;
        }
        if (!add_member(gathering, name, schema, &error)) {
            ctl_fail(CTL_TROUBLE, "out of memory");
            return false;
        }
    }
    if (gathering->count == 0)
        ctl_fail(CTL_TROUBLE, "no schema's name matches '%s'", options->tenants);
    return gathering->count > 0;
}

/* Groups that a policy makes equal are no difference. */
static int exit_code(const struct comparison_of_many *comparison)
{
    bool doubtful = comparison->unread_count > 0;
    bool different = false;
    for (size_t i = 1; i < comparison->group_count; i++) {
        enum drift_verdict verdict = drift_verdict(comparison->groups[i].report);
        different |= verdict == DRIFT_DRIFTED;
        doubtful |= verdict == DRIFT_UNKNOWN;
    }
    if (different)
        return CTL_CLOSED;
    return doubtful ? CTL_TROUBLE : CTL_OK;
}

static int compare_here(const struct ctl_options *options)
{
    cleanup(gathering) struct gathering gathering = {0};
    cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    struct error error = {.code = ERROR_OK};
    if (!(options->tenants ? gather_tenants(options, &gathering) : gather_sides(options, &gathering)))
        return CTL_TROUBLE;
    if (compare_many(gathering.members, gathering.count, &gathering.policy, ctl_now_ms(), &comparison, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    const struct report_subject subject = {.members = gathering.members, .many = comparison};
    ctl_render(REPORT_OF_MANY, options->output, &subject, &out);
    return ctl_write(&out, exit_code(comparison));
}

static int compare_of_daemon(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf path = STRBUF(16384);
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    strbuf_printf(&path, "/v1/compare?format=%s&databases=", ctl_output_name(options->output));
    for (int i = 0; i < options->argument_count; i++) {
        strbuf_add_string(&path, i > 0 ? "," : "");
        ctl_encode(&path, options->arguments[i]);
    }
    if (!strbuf_ok(&path))
        return ctl_fail(CTL_TROUBLE, "the names are too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return CTL_TROUBLE;
    }
    return ctl_write(&answer.body, CTL_OK);
}

int ctl_compare(const struct ctl_options *options)
{
    enum reference_kind kind = REFERENCE_BASELINE;
    const char *path = NULL;
    if (options->tenants && (options->argument_count != 1 || !ctl_is_url(options->arguments[0])))
        return ctl_fail(CTL_TROUBLE, "--tenants takes one URL: the database whose schemas are compared");
    bool here = options->tenants != NULL;
    for (int i = 0; i < options->argument_count; i++)
        here |= ctl_is_url(options->arguments[i]) || reference_parse(options->arguments[i], &kind, &path);
    return here ? compare_here(options) : compare_of_daemon(options);
}
