/* SPDX-License-Identifier: Apache-2.0
 *
 * How well the live schema fits what each revision would have left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/ctl_bootstrap.h"

struct fitting {
    struct bootstrap *bootstrap;
    struct schema *live; /* what --schemas leaves of it */
    size_t capacity;
};

/* The newest of equals is kept: whoever has a populated database has usually run what there is. */
static void keep_best(struct bootstrap *bootstrap, const struct bootstrap_fit *fit, struct drift_report *report)
{
    for (size_t i = 0; i < bootstrap->fit_count; i++) {
        if (bootstrap->fits[i].items < fit->items) {
            drift_report_free(report);
            return;
        }
    }
    drift_report_free(bootstrap->best);
    bootstrap->best = report;
}

static int add_step(void *payload, size_t last, struct schema *schema, struct error *reterr)
{
    struct fitting *fitting = payload;
    struct bootstrap *bootstrap = fitting->bootstrap;
    struct drift_report *report = NULL;
    struct bootstrap_fit fit = {.last = last};
    if (!mem_grow(&bootstrap->fits, &fitting->capacity, bootstrap->fit_count, sizeof *bootstrap->fits,
                  LIMIT_MIGRATIONS))
        return error_no_memory(reterr);
    if (drift_compare(schema, fitting->live, &bootstrap->policy, ctl_now_ms(), &report, reterr) < 0)
        return -1;
    for (size_t i = 0; i < DRIFT_CHANGES; i++) {
        fit.by_change[i] = report->counts.by_change[i];
        fit.items += fit.by_change[i];
    }
    keep_best(bootstrap, &fit, report);
    bootstrap->fits[bootstrap->fit_count++] = fit;
    return 0;
}

static int better_first(const void *a, const void *b)
{
    const struct bootstrap_fit *left = a;
    const struct bootstrap_fit *right = b;
    if (left->items != right->items)
        return left->items < right->items ? -1 : 1;
    return left->last > right->last ? -1 : left->last < right->last;
}

/* The files make what they make in a schema of any name. */
static struct engine_scope scope_of(const struct bootstrap *bootstrap)
{
    struct engine_scope scope = ctl_scope(bootstrap->options);
    scope.own_schema = bootstrap_schema(bootstrap);
    return scope;
}

static int read_live(const struct bootstrap *bootstrap, struct schema **ret_live)
{
    struct error error = {.code = ERROR_OK};
    struct engine_scope scope = scope_of(bootstrap);
    struct server_facts server = {0};
    if (scope.schema_count == 0) {
        *ret_live = schema_ref(bootstrap->schema);
        return CTL_OK;
    }
    if (ctl_read_schema(bootstrap->options->arguments[0], &scope, bootstrap->deadline, ret_live, &server, &error) < 0)
        return ctl_fail_error(&error);
    return CTL_OK;
}

static int walk(struct bootstrap *bootstrap, struct fitting *fitting, const struct engine_target *scratch)
{
    struct error error = {.code = ERROR_OK};
    struct engine_scope scope = scope_of(bootstrap);
    struct ctl_stop stop = {0};
    struct reference_request request = {
        .path = bootstrap->options->directories.items[0],
        .live = fitting->live,
        .scratch = scratch,
        .scope = &scope,
        .deadline = bootstrap->deadline,
        .stop = ctl_stop_catch(&stop),
    };
    const struct steps_sink sink = {.step = add_step, .payload = fitting};
    int status = reference_steps(&request, bootstrap->set, bootstrap->source, &sink, bootstrap->remark, &error);
    ctl_stop_release(&stop);
    if (status < 0)
        snprintf(bootstrap->stopped, sizeof bootstrap->stopped, "%s", error.message);
    return error.code == ERROR_NO_MEMORY ? ctl_fail(CTL_UNKNOWN, "out of memory") : CTL_OK;
}

int bootstrap_find_fits(struct bootstrap *bootstrap)
{
    struct error error = {.code = ERROR_OK};
    cleanup(schema) struct schema *live = NULL;
    cleanup(engine_target) struct engine_target *scratch = NULL;
    const char *server = bootstrap->options->scratch;
    if (bootstrap->options->directories.count > 1) {
        snprintf(bootstrap->stopped, sizeof bootstrap->stopped, "the migrations stand in several folders");
        return CTL_OK;
    }
    bootstrap->source = reference_steps_source(bootstrap->set, bootstrap->options->directories.items[0]);
    if (server && engine_target_parse(server, &scratch, &error) < 0)
        return ctl_fail(CTL_USAGE, "%s", error.message);
    int code = read_live(bootstrap, &live);
    struct fitting fitting = {.bootstrap = bootstrap, .live = live};
    if (code == CTL_OK)
        code = walk(bootstrap, &fitting, scratch);
    if (bootstrap->fit_count > 0)
        qsort(bootstrap->fits, bootstrap->fit_count, sizeof *bootstrap->fits, better_first);
    return code;
}

/* Of an empty schema, each table and view would be left. */
const struct bootstrap_fit *bootstrap_proposal(const struct bootstrap *bootstrap)
{
    if (bootstrap->fit_count == 0 || bootstrap->fits[0].items >= bootstrap->schema->relation_count)
        return NULL;
    return &bootstrap->fits[0];
}
