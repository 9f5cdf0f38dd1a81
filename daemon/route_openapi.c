/* SPDX-License-Identifier: Apache-2.0
 *
 * GET /openapi.json: the routes in the words of OpenAPI 3.1, made of their table.
 */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/http_routes.h"

enum { WORD_BYTES = 32 };

struct parameter {
    const char *name;
    const char *type; /* of JSON Schema; NULL: a flag, which has no value */
    bool required;
    const char *documentation;
};

static const struct parameter parameters[] = {
    {"application", "string", false, "Signals of this application alone"},
    {"assert", "string", false, "info, minor, major or critical: 409 where confirmed drift is at least as severe"},
    {"at", "string", false, "A time (RFC 3339): the state as it was then"},
    {"before", "integer", false, "Records before this sequence number"},
    {"database", "string", false, "Of this database alone; may be repeated"},
    {"databases", "string", true, "Names of databases with commas between them"},
    {"direction", "string", false, "revert: the live schema becomes the reference; adopt: the other way round"},
    {"exclude", "string", false, "A database that does not count; may be repeated"},
    {"format", "string", false, "json, text, markdown or sql, as the route has them; else Accept tells"},
    {"kind", "string", false, "Of this kind alone"},
    {"last_event_id", "string", false, "The last event that was seen; in place of the header Last-Event-ID"},
    {"limit", "integer", false, "At most so many"},
    {"match", "string", false, "exact, at-least or contains"},
    {"revision", "string", false,
     "The revision that the caller expects; DATABASE:REVISION, repeated, where a gate requires several"},
    {"stage", "integer", false, "1, 2 or 3: this stage alone"},
    {"supports", "string", false, "A..B: the revisions that the caller can run on"},
    {"target", "string", true, "The name of a configured database"},
    {"verbose", NULL, false, "Tell each part"},
    {"wait", "string", false, "How long the request may be held until the gate opens: 30s, at most 55s"},
};

static const struct {
    const char *word; /* in a route's `answers` */
    const char *media_type;
} forms[] = {
    {"json", "application/json"},    {"health", "application/health+json"},
    {"text", "text/plain"},          {"markdown", "text/markdown"},
    {"sql", "application/sql"},      {"metrics", "text/plain"},
    {"events", "text/event-stream"},
};

static const struct {
    const char *status;
    const char *meaning;
} statuses[] = {
    {"200", "As asked; of a gate: open; of health: pass or warn"},
    {"201", "Admitted, and recorded"},
    {"304", "Unchanged since the ETag that was sent"},
    {"404", "There is no such database or gate"},
    {"409", "Blocked: a person must act"},
    {"413", "The body is too large"},
    {"429", "Too many at once: try again later"},
    {"503", "Not now, or not known: waiting can help"},
    {"504", "It has not ended in time, and goes on"},
};

/* The next of the words that blanks separate; false behind the last one. */
static bool next_word(const char **words, char word[static WORD_BYTES])
{
    size_t length = strcspn(*words, " ");
    if (length == 0)
        return false;
    snprintf(word, WORD_BYTES, "%.*s", (int)length, *words);
    *words += length;
    *words += strspn(*words, " ");
    return true;
}

static bool has_word(const char *words, const char *sought)
{
    char word[WORD_BYTES] = "";
    while (next_word(&words, word))
        if (strcmp(word, sought) == 0)
            return true;
    return false;
}

static void add_parameter(struct json_writer *writer, const struct parameter *parameter, const char *place,
                          bool repeatable)
{
    const char *type = parameter->type ? parameter->type : "boolean";
    json_open_object(writer);
    json_key_string(writer, "name", parameter->name);
    json_key_string(writer, "in", place);
    json_key_boolean(writer, "required", parameter->required);
    json_key_string(writer, "description", parameter->documentation);
    json_key_object(writer, "schema");
    json_key_string(writer, "type", repeatable ? "array" : type);
    if (repeatable) {
        json_key_object(writer, "items");
        json_key_string(writer, "type", type);
        json_close_object(writer);
    }
    json_close_object(writer);
    if (!parameter->type)
        json_key_boolean(writer, "allowEmptyValue", true);
    json_close_object(writer);
}

static void add_path_parameters(struct json_writer *writer, const char *path)
{
    for (const char *open = strchr(path, '{'); open; open = strchr(open + 1, '{')) {
        char name[WORD_BYTES] = "";
        snprintf(name, sizeof name, "%.*s", (int)strcspn(open + 1, "}"), open + 1);
        const struct parameter parameter = {name, "string", true, "The name in the configuration"};
        add_parameter(writer, &parameter, "path", false);
    }
}

/* Parameters are those of GET: no route takes any with a body. */
static void add_parameters(struct json_writer *writer, const struct http_route *route, bool query)
{
    json_key_array(writer, "parameters");
    add_path_parameters(writer, route->path);
    for (size_t i = 0; query && i < ARRAY_LENGTH(parameters); i++)
        if (has_word(route->parameters, parameters[i].name))
            add_parameter(writer, &parameters[i], "query", has_word(route->repeatable, parameters[i].name));
    json_close_array(writer);
}

static void add_problem(struct json_writer *writer)
{
    json_key_object(writer, "application/problem+json");
    json_key_object(writer, "schema");
    json_key_string(writer, "$ref", "#/components/schemas/problem");
    json_close_object(writer);
    json_close_object(writer);
}

/* Blocked gates, failing health and drift that was asserted not to be there are told as well as what is good. */
static bool tells_more(const char *status)
{
    return *status == '2' || strcmp(status, "409") == 0 || strcmp(status, "503") == 0;
}

static void add_response(struct json_writer *writer, const struct http_route *route, const char *status,
                         const char *meaning)
{
    json_key_object(writer, status);
    json_key_string(writer, "description", meaning);
    if (strcmp(status, "304") != 0) {
        json_key_object(writer, "content");
        for (size_t i = 0; tells_more(status) && i < ARRAY_LENGTH(forms); i++) {
            if (!has_word(route->answers, forms[i].word))
                continue;
            json_key_object(writer, forms[i].media_type);
            json_close_object(writer);
        }
        if (*status != '2')
            add_problem(writer);
        json_close_object(writer);
    }
    json_close_object(writer);
}

/* GET is never answered 201, and POST, where GET is there, too, never 200. */
static bool belongs(const struct http_route *route, const char *status, bool post)
{
    if (!has_word(route->answers, status))
        return false;
    if (strcmp(status, "201") == 0 || strcmp(status, "413") == 0)
        return post;
    return !post || !route->get || strcmp(status, "200") != 0;
}

static void add_responses(struct json_writer *writer, const struct http_route *route, bool post)
{
    json_key_object(writer, "responses");
    for (size_t i = 0; i < ARRAY_LENGTH(statuses); i++)
        if (belongs(route, statuses[i].status, post))
            add_response(writer, route, statuses[i].status, statuses[i].meaning);
    json_key_object(writer, "default");
    json_key_string(writer, "description", "Why the request was not answered");
    json_key_object(writer, "content");
    add_problem(writer);
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

static void add_security(struct json_writer *writer, const struct http_route *route)
{
    json_key_string(writer, "x-access", http_route_access(route));
    json_key_array(writer, "security");
    json_open_object(writer);
    json_close_object(writer);
    json_open_object(writer);
    json_key_array(writer, "bearer");
    json_close_array(writer);
    json_close_object(writer);
    json_close_array(writer);
}

static void add_signal(struct json_writer *writer)
{
    json_key_object(writer, "requestBody");
    json_key_boolean(writer, "required", true);
    json_key_object(writer, "content");
    json_key_object(writer, "application/json");
    json_key_object(writer, "schema");
    json_key_string(writer, "$ref", "#/components/schemas/signal");
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

static void add_operation(struct json_writer *writer, const struct http_route *route, bool post)
{
    json_key_object(writer, post ? "post" : "get");
    json_key_string(writer, "summary", route->documentation);
    add_parameters(writer, route, !post);
    if (post && route->get)
        add_signal(writer);
    add_responses(writer, route, post);
    add_security(writer, route);
    json_close_object(writer);
}

/* A member of an object that is sent or answered. */
struct member {
    const char *name;
    const char *type;
    const char *documentation;
};

static const struct member problem_members[] = {
    {"type", "string", "about:blank"},
    {"title", "string", "The status in words"},
    {"status", "integer", "The HTTP status"},
    {"detail", "string", "What was wrong, and what to do"},
};

static const struct member signal_members[] = {
    {"application", "string", "Who starts"},
    {"instance", "string", "Which of them"},
    {"revision", "string", "The revision that it expects, as the gate's parameter has it"},
    {"match", "string", "exact, at-least or contains"},
    {"supports", "string", "A..B, in place of a revision"},
};

static void add_schema(struct json_writer *writer, const char *name, const struct member *members, size_t count)
{
    json_key_object(writer, name);
    json_key_string(writer, "type", "object");
    json_key_object(writer, "properties");
    for (size_t i = 0; i < count; i++) {
        json_key_object(writer, members[i].name);
        json_key_string(writer, "type", members[i].type);
        json_key_string(writer, "description", members[i].documentation);
        json_close_object(writer);
    }
    json_close_object(writer);
    json_close_object(writer);
}

static void add_components(struct json_writer *writer)
{
    json_key_object(writer, "components");
    json_key_object(writer, "schemas");
    add_schema(writer, "problem", problem_members, ARRAY_LENGTH(problem_members));
    add_schema(writer, "signal", signal_members, ARRAY_LENGTH(signal_members));
    json_close_object(writer);
    json_key_object(writer, "securitySchemes");
    json_key_object(writer, "bearer");
    json_key_string(writer, "type", "http");
    json_key_string(writer, "scheme", "bearer");
    json_key_string(writer, "description",
                    "A token of the configuration whose scope covers the route's x-access; a "
                    "loopback listener without tokens asks for none");
    json_close_object(writer);
    json_close_object(writer);
    json_close_object(writer);
}

void route_openapi(const struct http_request *request, struct http_response *response)
{
    (void)request;
    struct json_writer writer = {0};
    http_response_json(response, 200, &writer);
    json_open_object(&writer);
    json_key_string(&writer, "openapi", "3.1.0");
    json_key_object(&writer, "info");
    json_key_string(&writer, "title", "migrationd");
    json_key_string(&writer, "version", MIGRATIOND_VERSION);
    json_key_string(&writer, "summary", "Whether databases are in the migration state that a release expects");
    json_key_object(&writer, "license");
    json_key_string(&writer, "name", "Apache-2.0");
    json_key_string(&writer, "identifier", "Apache-2.0");
    json_close_object(&writer);
    json_close_object(&writer);
    json_key_object(&writer, "paths");
    for (size_t i = 0; i < http_route_count; i++) {
        json_key_object(&writer, http_routes[i].path);
        if (http_routes[i].get)
            add_operation(&writer, &http_routes[i], false);
        if (http_routes[i].post)
            add_operation(&writer, &http_routes[i], true);
        json_close_object(&writer);
    }
    json_close_object(&writer);
    add_components(&writer);
    json_close_object(&writer);
    http_response_end_json(response, &writer);
}
