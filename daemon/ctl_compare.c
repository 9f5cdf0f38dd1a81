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

/* Tenants that one look reads together: what a look costs by itself is spread over them, and still it takes a fraction
 * of a second. */
enum { TENANTS_AT_ONCE = 64, RELATIONS_AT_ONCE = 2000 };

/* Schemas whose names match, in order; reading them begins a batch wherever the last one is full. */
struct tenants {
    const char *pattern;
    struct arena *arena;
    const char **names;
    size_t *relations;
    size_t count;
    size_t name_capacity;
    size_t relation_capacity;
};

static void tenants_done(struct tenants *tenants)
{
    arena_free(tenants->arena);
    mem_free(tenants->names);
    mem_free(tenants->relations);
}

DEFINE_CLEANUP_VALUE(tenants, struct tenants, tenants_done);

static int take_tenant(void *payload, const struct schema_sighting *sighting, struct error *reterr)
{
    struct tenants *tenants = payload;
    if (!glob_match(tenants->pattern, sighting->name))
        return 0;
    size_t size = sizeof *tenants->relations;
    if (!mem_grow(&tenants->names, &tenants->name_capacity, tenants->count, sizeof *tenants->names, LIMIT_TABLES) ||
        !mem_grow(&tenants->relations, &tenants->relation_capacity, tenants->count, size, LIMIT_TABLES))
        return error_no_memory(reterr);
    tenants->relations[tenants->count] = sighting->relations;
    tenants->names[tenants->count] = arena_strdup(tenants->arena, sighting->name);
    return tenants->names[tenants->count++] ? 0 : error_no_memory(reterr);
}

/* How many tenants from `first` on one look reads. */
static size_t batch_size(const struct tenants *tenants, size_t first)
{
    size_t relations = tenants->relations[first];
    size_t count = 1;
    while (count < TENANTS_AT_ONCE && first + count < tenants->count &&
           relations + tenants->relations[first + count] <= RELATIONS_AT_ONCE)
        relations += tenants->relations[first + count++];
    return count;
}

/* What one tenant's DDL holds up or changes need not keep the others from being read, and that one is to be named. */
static int read_batch(struct engine_connection *connection, const struct tenants *tenants, size_t first, size_t count,
                      const struct ctl_options *options, struct schema **ret_schemas, struct error *reterr)
{
    struct error error = {.code = ERROR_OK};
    if (engine_read_each(connection, &tenants->names[first], count, deadline_in(options->timeout_ms), ret_schemas,
                         &error) == 0)
        return 0;
    bool is_ones = error.code == ERROR_LOCKED || error.code == ERROR_CHANGED || error.code == ERROR_NOT_FOUND;
    for (size_t i = 0; is_ones && i < count; i++) {
        const char *name = tenants->names[first + i];
        const struct engine_scope own = {.own_schema = name};
        if (engine_read(connection, &own, deadline_in(options->timeout_ms), &ret_schemas[i], reterr) < 0)
            return error_prefix(reterr, "%s", name);
    }
    if (!is_ones)
        *reterr = error;
    return is_ones ? 0 : -1;
}

/* Equal schemas are kept once: a thousand tenants take the memory of one. */
static struct schema *share(const struct gathering *gathering, struct schema *schema)
{
    for (size_t i = 0; i < gathering->count; i++) {
        struct schema *known = gathering->members[i].schema;
        if (!digest_equal(known->digest, schema->digest))
            continue;
        schema_unref(schema);
        return schema_ref(known);
    }
    return schema;
}

/* One connection reads them all, a batch at a time: a look or even a login for each would be the longest part. */
static int read_tenants(struct engine_connection *connection, const struct tenants *tenants,
                        const struct ctl_options *options, struct gathering *gathering, struct error *reterr)
{
    for (size_t first = 0, count = 0; first < tenants->count; first += count) {
        struct schema *schemas[TENANTS_AT_ONCE] = {NULL};
        count = batch_size(tenants, first);
        int status = read_batch(connection, tenants, first, count, options, schemas, reterr);
        for (size_t i = 0; i < count; i++) {
            if (status < 0)
                schema_unref(schemas[i]);
            else if (!add_member(gathering, tenants->names[first + i], share(gathering, schemas[i]), NULL))
                status = error_no_memory(reterr);
        }
        if (status < 0)
            return -1;
    }
    return 0;
}

static bool gather_tenants(const struct ctl_options *options, struct gathering *gathering)
{
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    cleanup(tenants) struct tenants tenants = {.pattern = options->tenants, .arena = arena_new(LIMIT_SNAPSHOT_BYTES)};
    struct server_facts server = {0};
    struct error error = {.code = ERROR_OK};
    const struct schema_sink sink = {.schema = take_tenant, .payload = &tenants};
    struct deadline deadline = deadline_in(options->timeout_ms);
    if (!tenants.arena) {
        ctl_fail(CTL_TROUBLE, "out of memory");
        return false;
    }
    if (ctl_open_url(options->arguments[0], PURPOSE_DEEP, deadline, &connection, &server, &error) < 0 ||
        (connection->ops->list_schemas && connection->ops->list_schemas(connection, deadline, &sink, &error) < 0)) {
        ctl_fail(CTL_TROUBLE, "%s", error.message);
        return false;
    }
    if (tenants.count == 0) {
        ctl_fail(CTL_TROUBLE, "no schema's name matches '%s'", options->tenants);
        return false;
    }
    if (!begin(options, gathering, tenants.count))
        return false;
    if (read_tenants(connection, &tenants, options, gathering, &error) == 0)
        return true;
    ctl_fail(CTL_TROUBLE, "%s", error.message);
    return false;
}

/* Groups that a policy makes equal are no difference. */
static int exit_code(const struct comparison_of_many *comparison)
{
    bool doubtful = comparison->unread_count > 0 || comparison->partial_count > 0;
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
