/* SPDX-License-Identifier: Apache-2.0 */
#include "reference/reference_steps.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "engine/scratch.h"
#include "journal/file_list.h"
#include "reference/reference_source.h"

static bool ends_in(const char *text, const char *ending)
{
    size_t length = strlen(text);
    size_t tail = strlen(ending);
    return length >= tail && strcasecmp(text + length - tail, ending) == 0;
}

/* One SQL file for each. */
static bool is_sql(const struct migration_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const char *file = set->migrations[i].file;
        if (!file || !ends_in(file, ".sql") || (i > 0 && strcmp(file, set->migrations[i - 1].file) == 0))
            return false;
    }
    return set->count > 0 && !set->graph;
}

enum steps_source reference_steps_source(const struct migration_set *set, const char *directory)
{
    static const char *const layouts[] = {"meta", "drizzle/meta"};
    if (strcmp(set->tool, "drizzle") == 0)
        for (size_t i = 0; i < ARRAY_LENGTH(layouts); i++)
            if (directory_exists(directory, layouts[i]))
                return STEPS_SNAPSHOTS;
    return is_sql(set) ? STEPS_SCRATCH : STEPS_NONE;
}

static int walk_snapshots(const struct reference_request *request, const struct migration_set *set,
                          const struct steps_sink *sink, struct error *reterr)
{
    for (size_t i = 0; i < set->count; i++) {
        cleanup(reference) struct reference reference = {0};
        struct reference_request at = *request;
        const char *revision = set->migrations[i].revision;
        at.kind = REFERENCE_DRIZZLE;
        at.applied = &revision;
        at.applied_count = 1;
        at.tool = set->tool;
        if (reference_load(&at, &reference, reterr) < 0)
            return -1;
        if (reference.schema && sink->step(sink->payload, i, reference.schema, reterr) < 0)
            return -1;
    }
    return 0;
}

static int run(struct scratch *scratch, const struct reference_request *request, const struct migration_set *set,
               size_t index, struct error *reterr)
{
    cleanup(free) char *path = mem_printf("%s/%s", request->path, set->migrations[index].file);
    if (!path)
        return error_no_memory(reterr);
    return reference_run_file(scratch, request, path, set->tool, reterr);
}

static int run_repeatables(struct scratch *scratch, const struct reference_request *request,
                           const struct migration_set *set, struct error *reterr)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->migrations[i].repeatable && run(scratch, request, set, i, reterr) < 0)
            return -1;
    return 0;
}

/* Where the last version stands; set->count if there is none. */
static size_t last_version(const struct migration_set *set)
{
    size_t last = set->count;
    while (last > 0 && set->migrations[last - 1].repeatable)
        last--;
    return last > 0 ? last - 1 : set->count;
}

static int walk_files(struct scratch *scratch, const struct reference_request *request, const struct migration_set *set,
                      const struct steps_sink *sink, struct server_facts *facts, struct error *reterr)
{
    size_t last = last_version(set);
    bool begun = false;
    for (size_t i = 0; i < set->count && i <= last; i++) {
        cleanup(reference) struct reference reference = {0};
        const struct migration *migration = &set->migrations[i];
        /* A baseline stands for the versions before it: where they are there, it is not run. */
        if (migration->repeatable || (migration->baseline && begun))
            continue;
        begun = true;
        if (run(scratch, request, set, i, reterr) < 0 ||
            (i == last && run_repeatables(scratch, request, set, reterr)) ||
            reference_read_back(scratch, request, &reference, facts, reterr) < 0 ||
            sink->step(sink->payload, i, reference.schema, reterr) < 0)
            return -1;
    }
    return 0;
}

static int walk_scratch(const struct reference_request *request, const struct migration_set *set,
                        const struct steps_sink *sink, char *ret_remark, struct error *reterr)
{
    struct scratch *scratch = NULL;
    struct server_facts facts = {0};
    struct error left = {0};
    const struct scratch_request wanted = {.engine = reference_engine(request),
                                           .server = request->scratch,
                                           .collation = reference_usual_collation(request->live),
                                           .stop = request->stop};
    if (scratch_open(&wanted, request->deadline, &scratch, reterr) < 0)
        return -1;
    int status = walk_files(scratch, request, set, sink, &facts, reterr);
    reference_remark_on_server(request, &facts, ret_remark, STEPS_REMARK);
    if (scratch_close(scratch, &left) < 0)
        snprintf(ret_remark, STEPS_REMARK, "%s", left.message);
    return status;
}

int reference_steps(const struct reference_request *request, const struct migration_set *set, enum steps_source source,
                    const struct steps_sink *sink, char ret_remark[static STEPS_REMARK], struct error *reterr)
{
    ret_remark[0] = '\0';
    switch (source) {
    case STEPS_SNAPSHOTS:
        return walk_snapshots(request, set, sink, reterr);
    case STEPS_SCRATCH:
        return walk_scratch(request, set, sink, ret_remark, reterr);
    default:
        return error_set(reterr, ERROR_UNSUPPORTED, "%s's migrations are programs: only the tool can tell what they do",
                         set->tool);
    }
}
