/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares two schemas from the command line, for the integration tests: A is the reference, B the live one, each a URL
 * or a baseline file. Exit code 0; 1 with a message on standard error; 2 for wrong usage.
 *
 *   drift_probe diff A B [POLICY=VALUE…]    {"verdict":…,"equal":…,"items":[…],"hints":[…]}
 *               steps A B [POLICY=VALUE…]   {"items":…,"statements":[…],"unsolved":[…],"scripts":{"guard":…,…}}
 *               plan A B [STAGE]            the script of a stage; without one, of all
 *               guard|verify|undo A B       scripts
 *               snapshot A                  the baseline
 *
 * `direction=adopt` and `ignore=KIND:PATTERN` count as policies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/dialects.h"
#include "drift/plan.h"
#include "engine/engine.h"
#include "model/schema_json.h"
#include "json/json_writer.h"

enum { OUTPUT_BYTES = 1 << 30, TIMEOUT_MS = 60000, MAXIMUM_IGNORES = 16 };

struct call {
    struct schema *schemas[2];
    struct drift_policy policy;
    struct drift_ignore ignores[MAXIMUM_IGNORES];
    struct arena *arena;
    enum plan_direction direction;
    unsigned stage;
    struct strbuf out;
    struct json_writer json;
};

static int read_file(const char *path, struct strbuf *out, struct error *reterr)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(reterr, ERROR_NOT_FOUND, "%s: cannot be opened", path);
    char chunk[65536];
    for (size_t got = 0; (got = fread(chunk, 1, sizeof chunk, file)) > 0;)
        strbuf_add(out, chunk, got);
    fclose(file);
    return 0;
}

static int read_baseline(const char *path, struct schema **ret_schema, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(OUTPUT_BYTES);
    if (read_file(path, &text, reterr) < 0)
        return -1;
    return schema_json_parse(strbuf_text(&text), text.length, path, dialects, ret_schema, NULL, reterr);
}

static int read_side(const char *name, struct schema **ret_schema, struct error *reterr)
{
    struct deadline deadline = deadline_in(TIMEOUT_MS);
    struct engine_scope scope = {0};
    struct server_facts facts = {0};
    cleanup(engine_target) struct engine_target *target = NULL;
    cleanup(engine_connection) struct engine_connection *connection = NULL;
    if (!strstr(name, "://"))
        return read_baseline(name, ret_schema, reterr);
    if (engine_target_parse(name, &target, reterr) < 0 ||
        target->ops->open(target, PURPOSE_DEEP, deadline, &connection, &facts, reterr) < 0)
        return -1;
    return engine_read(connection, &scope, deadline, ret_schema, reterr);
}

static int read_option(struct call *call, const char *text, struct error *reterr)
{
    char key[64] = {0};
    const char *value = strchr(text, '=');
    if (!value) {
        call->stage = (unsigned)atoi(text);
        return 0;
    }
    snprintf(key, sizeof key, "%.*s", (int)(value - text), text);
    value++;
    if (strcmp(key, "direction") == 0) {
        call->direction = strcmp(value, "adopt") == 0 ? PLAN_ADOPT : PLAN_REVERT;
        return 0;
    }
    if (strcmp(key, "ignore") != 0)
        return drift_policy_set(&call->policy, key, value, reterr);
    if (call->policy.ignore_count == MAXIMUM_IGNORES)
        return error_set(reterr, ERROR_INVALID, "too many ignores");
    call->policy.ignores = call->ignores;
    return drift_ignore_parse(value, call->arena, &call->ignores[call->policy.ignore_count++], reterr);
}

static void add_items(struct call *call, const struct drift_report *report)
{
    json_key_string(&call->json, "verdict", drift_verdict_name(drift_verdict(report)));
    json_key_boolean(&call->json, "equal", digest_equal(report->reference->digest, report->live->digest));
    json_key(&call->json, "items");
    json_open_array(&call->json);
    for (size_t i = 0; i < report->item_count; i++) {
        const struct drift_item *item = &report->items[i];
        json_open_object(&call->json);
        json_key_string(&call->json, "kind", drift_kind_name(item->kind));
        json_key_string(&call->json, "object", item->object);
        json_key_string(&call->json, "change", drift_change_name(item->change));
        json_key_string(&call->json, "attribute", item->attribute);
        json_key_string(&call->json, "expected", item->expected);
        json_key_string(&call->json, "actual", item->actual);
        json_key_string(&call->json, "severity", drift_severity_name(item->severity));
        json_key_string(&call->json, "state", drift_state_name(item->state));
        json_close_object(&call->json);
    }
    json_close_array(&call->json);
    json_key(&call->json, "hints");
    json_open_array(&call->json);
    for (size_t i = 0; i < report->hint_count; i++)
        json_add_string(&call->json, report->hints[i].text);
    json_close_array(&call->json);
}

static void add_hazards(struct call *call, unsigned hazards)
{
    json_key(&call->json, "hazards");
    json_open_array(&call->json);
    for (int i = 0; i < PLAN_HAZARDS; i++) {
        if (hazards & 1u << i)
            json_add_string(&call->json, plan_hazard_name((enum plan_hazard)i));
    }
    json_close_array(&call->json);
}

static void add_statements(struct call *call, const struct plan *plan)
{
    json_key(&call->json, "statements");
    json_open_array(&call->json);
    for (size_t i = 0; i < plan->statement_count; i++) {
        const struct plan_statement *statement = &plan->statements[i];
        json_open_object(&call->json);
        json_key_integer(&call->json, "stage", statement->stage);
        json_key_string(&call->json, "kind", statement->kind);
        json_key_string(&call->json, "object", statement->object);
        json_key_string(&call->json, "sql", statement->sql);
        json_key_string(&call->json, "verify", statement->verify);
        json_key_string(&call->json, "undo", statement->undo);
        json_key_string(&call->json, "undo_note", statement->undo_note);
        json_key_boolean(&call->json, "transactional", statement->transactional);
        add_hazards(call, statement->hazards);
        json_close_object(&call->json);
    }
    json_close_array(&call->json);
    json_key(&call->json, "unsolved");
    json_open_array(&call->json);
    for (size_t i = 0; i < plan->unsolved_count; i++) {
        json_open_object(&call->json);
        json_key_string(&call->json, "object", plan->unsolved[i].object);
        json_key_string(&call->json, "reason", plan->unsolved[i].reason);
        json_close_object(&call->json);
    }
    json_close_array(&call->json);
}

static void add_script(struct call *call, const struct plan *plan, const char *name)
{
    cleanup(strbuf) struct strbuf script = STRBUF(OUTPUT_BYTES);
    if (strcmp(name, "guard") == 0)
        plan_render_guard(plan, PLAN_ALL_STAGES, &script);
    else if (strcmp(name, "verify") == 0)
        plan_render_verify(plan, &script);
    else if (strcmp(name, "undo") == 0)
        plan_render_undo(plan, &script);
    else
        plan_render_sql(plan, (unsigned)(name[strlen(name) - 1] - '0'), &script);
    json_key_string(&call->json, name, strbuf_text(&script));
}

static void add_steps(struct call *call, const struct plan *plan)
{
    static const char *const names[] = {"guard", "all0", "stage1", "stage2", "stage3", "verify", "undo"};
    json_open_object(&call->json);
    add_items(call, plan->report);
    add_statements(call, plan);
    json_key(&call->json, "scripts");
    json_open_object(&call->json);
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        add_script(call, plan, names[i]);
    json_close_object(&call->json);
    json_close_object(&call->json);
}

static int run_diff(struct call *call, struct error *reterr)
{
    cleanup(drift_report) struct drift_report *report = NULL;
    if (drift_compare(call->schemas[0], call->schemas[1], &call->policy, 0, &report, reterr) < 0)
        return -1;
    json_open_object(&call->json);
    add_items(call, report);
    json_close_object(&call->json);
    return 0;
}

static int run_plan(struct call *call, const char *command, struct error *reterr)
{
    cleanup(plan) struct plan *plan = NULL;
    if (plan_make(call->schemas[0], call->schemas[1], &call->policy, call->direction, 0, &plan, reterr) < 0)
        return -1;
    if (strcmp(command, "steps") == 0)
        add_steps(call, plan);
    else if (strcmp(command, "guard") == 0)
        plan_render_guard(plan, call->stage, &call->out);
    else if (strcmp(command, "verify") == 0)
        plan_render_verify(plan, &call->out);
    else if (strcmp(command, "undo") == 0)
        plan_render_undo(plan, &call->out);
    else
        plan_render_sql(plan, call->stage, &call->out);
    return 0;
}

static int run(struct call *call, int argc, char **argv, struct error *reterr)
{
    const char *command = argv[1];
    size_t sides = strcmp(command, "snapshot") == 0 ? 1 : 2;
    drift_policy_init(&call->policy);
    for (size_t i = 0; i < sides; i++) {
        if (read_side(argv[2 + i], &call->schemas[i], reterr) < 0)
            return -1;
    }
    for (int i = 2 + (int)sides; i < argc; i++) {
        if (read_option(call, argv[i], reterr) < 0)
            return -1;
    }
    if (sides == 1) {
        schema_json_render(call->schemas[0], 0, &call->out);
        return 0;
    }
    return strcmp(command, "diff") == 0 ? run_diff(call, reterr) : run_plan(call, command, reterr);
}

int main(int argc, char **argv)
{
    static const char *const commands[] = {"diff", "steps", "plan", "guard", "verify", "undo", "snapshot"};
    struct call call = {.out = STRBUF(OUTPUT_BYTES), .arena = arena_new(1 << 20)};
    struct error error = {0};
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(commands) && argc > 2; i++)
        known |= strcmp(commands[i], argv[1]) == 0 && (argc > 3 || strcmp(argv[1], "snapshot") == 0);
    if (!known || !call.arena) {
        fprintf(stderr, "usage: drift_probe diff|steps|plan|guard|verify|undo A B [OPTION…]\n");
        return 2;
    }
    json_writer_init(&call.json, &call.out, 0);
    int result = run(&call, argc, argv, &error);
    if (result == 0 && !strbuf_ok(&call.out))
        result = error_no_memory(&error);
    if (result < 0)
        fprintf(stderr, "%s: %s\n", error_code_name(error.code), error.message);
    else
        fwrite(strbuf_text(&call.out), 1, call.out.length, stdout);
    schema_unref(call.schemas[0]);
    schema_unref(call.schemas[1]);
    arena_free(call.arena);
    strbuf_done(&call.out);
    return result < 0 ? 1 : 0;
}
