/* SPDX-License-Identifier: Apache-2.0
 *
 * One reference from the command line, for the integration tests: one line of JSON on standard output with what the
 * reference says of itself and its schema or, with --drift, the differences between it and the live database. Exit code
 * 0; 1 with {"error": …}; 2 for wrong usage.
 *
 *   reference_probe [--timeout MILLISECONDS] [--applied REVISION]… [--nothing-applied] [--tool NAME] [--scratch URL]
 *                   [--drift] REFERENCE [URL]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/drift.h"
#include "engine/engine.h"
#include "model/schema_json.h"
#include "reference/reference.h"
#include "json/json_writer.h"

enum { MAXIMUM_HEADS = 16, OUTPUT_BYTES = 1 << 30 };

struct call {
    const char *reference;
    const char *url;
    const char *scratch;
    const char *tool;
    const char *applied[MAXIMUM_HEADS];
    size_t applied_count;
    bool knows_applied;
    bool drift;
    int timeout;
};

static int read_live(const struct engine_target *target, struct deadline deadline, struct schema **ret_schema,
                     struct error *reterr)
{
    static const struct engine_scope everything = {0};
    struct server_facts facts = {0};
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (target->ops->open(target, PURPOSE_DEEP, deadline, &connection, &facts, reterr) < 0)
        return -1;
    return engine_read(connection, &everything, deadline, ret_schema, reterr);
}

static void render_items(struct json_writer *json, const struct drift_report *report)
{
    json_key_array(json, "items");
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        if (item->state == ITEM_SUPPRESSED)
            continue;
        json_open_object(json);
        json_key_string(json, "kind", drift_kind_name(item->kind));
        json_key_string(json, "object", item->object);
        json_key_string(json, "change", drift_change_name(item->change));
        json_key_string(json, "attribute", item->attribute);
        json_key_string(json, "expected", item->expected);
        json_key_string(json, "actual", item->actual);
        json_close_object(json);
    }
    json_close_array(json);
    json_key_string(json, "drift", drift_verdict_name(drift_verdict(report)));
}

static int render(const struct call *call, struct schema *live, const struct reference *reference, struct strbuf *out,
                  struct error *reterr)
{
    struct json_writer json = {0};
    json_writer_init(&json, out, 0);
    json_open_object(&json);
    json_key_string(&json, "revision", reference->revision);
    json_key_boolean(&json, "ahead", reference->ahead);
    json_key_string(&json, "reason", reference->reason);
    json_key_string(&json, "remark", reference->remark);
    if (call->drift && reference->schema) {
        struct drift_policy policy = {0};
        cleanup(drift_report) struct drift_report *report = NULL;
        drift_policy_init(&policy);
        if (drift_compare(reference->schema, live, &policy, 0, &report, reterr) < 0)
            return -1;
        render_items(&json, report);
    }
    json_close_object(&json);
    if (!call->drift && reference->schema) {
        out->length--; /* the brace comes after the schema */
        strbuf_add_string(out, ",\"schema\":");
        schema_json_render(reference->schema, 0, out);
        strbuf_add_char(out, '}');
    }
    return strbuf_ok(out) ? 0 : error_no_memory(reterr);
}

static int load(const struct call *call, struct strbuf *out, struct error *reterr)
{
    struct deadline deadline = deadline_in(call->timeout);
    cleanup(engine_target) struct engine_target *target = NULL;
    cleanup(engine_target) struct engine_target *scratch = NULL;
    cleanup(schema) struct schema *live = NULL;
    cleanup(reference) struct reference reference = {0};
    struct reference_request request = {.tool = call->tool, .deadline = deadline};
    if (!reference_parse(call->reference, &request.kind, &request.path))
        return error_set(reterr, ERROR_INVALID, "%s is no reference", call->reference);
    if (call->url &&
        (engine_target_parse(call->url, &target, reterr) < 0 || read_live(target, deadline, &live, reterr) < 0))
        return -1;
    if (call->scratch && engine_target_parse(call->scratch, &scratch, reterr) < 0)
        return -1;
    request.live = live;
    request.scratch = scratch;
    request.applied = call->knows_applied ? call->applied : NULL;
    request.applied_count = call->applied_count;
    if (reference_load(&request, &reference, reterr) < 0)
        return -1;
    return render(call, live, &reference, out, reterr);
}

static int fail(const struct error *error)
{
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct json_writer json = {0};
    json_writer_init(&json, &out, 0);
    json_open_object(&json);
    json_key_object(&json, "error");
    json_key_string(&json, "code", error_code_name(error->code));
    json_key_string(&json, "message", error->message);
    json_close_object(&json);
    json_close_object(&json);
    printf("%s\n", strbuf_text(&out));
    return 1;
}

/* Takes the option at `arguments`; how many words it has, 0 if it is none. */
static int take_option(struct call *call, char **arguments, int count)
{
    const char *name = arguments[0];
    if (strcmp(name, "--drift") == 0) {
        call->drift = true;
        return 1;
    }
    if (strcmp(name, "--nothing-applied") == 0) {
        call->knows_applied = true;
        return 1;
    }
    if (count < 2 || strncmp(name, "--", 2) != 0)
        return 0;
    if (strcmp(name, "--timeout") == 0)
        call->timeout = atoi(arguments[1]);
    else if (strcmp(name, "--tool") == 0)
        call->tool = arguments[1];
    else if (strcmp(name, "--scratch") == 0)
        call->scratch = arguments[1];
    else if (strcmp(name, "--applied") == 0 && call->applied_count < MAXIMUM_HEADS)
        call->applied[call->applied_count++] = arguments[1];
    else
        return 0;
    call->knows_applied = call->applied_count > 0 || call->knows_applied;
    return 2;
}

int main(int argc, char **argv)
{
    struct call call = {.timeout = 60000};
    int next = 1;
    for (int taken = 1; next < argc && taken > 0; next += taken)
        taken = take_option(&call, argv + next, argc - next);
    if (next >= argc || argc - next > 2 || (call.drift && argc - next < 2)) {
        fprintf(stderr, "usage: reference_probe [OPTION…] REFERENCE [URL]\n");
        return 2;
    }
    call.reference = argv[next];
    call.url = argc - next > 1 ? argv[next + 1] : NULL;
    cleanup(strbuf) struct strbuf out = STRBUF(OUTPUT_BYTES);
    struct error error = {0};
    if (load(&call, &out, &error) < 0)
        return fail(&error);
    printf("%s\n", strbuf_text(&out));
    return 0;
}
