/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/compare?databases=dev,test,prod: the schemas as they were last read, in groups of equals.
 */
#include <string.h>

#include "daemon/http_format.h"
#include "daemon/http_routes.h"
#include "drift/compare_many.h"
#include "report/report_drift.h"

enum { COMPARE_FORMATS = 1 << FORMAT_JSON | 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN, ARENA_BYTES = 16 * 1024 * 1024 };

static struct comparison_member member_of(const struct view *view)
{
    struct schema *schema = view->snapshot ? view->snapshot->schema : NULL;
    return (struct comparison_member){
        .name = view->database->name,
        .schema = schema,
        .problem = schema                                     ? NULL
                   : view->status.deep_error.code != ERROR_OK ? view->status.deep_error.message
                                                              : "the schema was not read yet",
    };
}

/* One name of the list; false, with the problem answered, if there is none of that name or it stands there twice. */
static bool add_member(const struct http_request *request, const char *name, struct comparison_member *members,
                       size_t *count, struct http_response *response)
{
    const struct config *config = request->set->config;
    const struct config_database *database = config_find_database(config, name);
    if (!database) {
        http_response_problem(response, 404, "there is no database %s", name);
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(members[i].name, name) == 0) {
            http_response_bad_parameter(response, "databases", "%s stands in the list twice", name);
            return false;
        }
    }
    members[(*count)++] = member_of(request->set->views[database - config->databases]);
    return true;
}

static bool gather(const struct http_request *request, struct arena *arena, struct comparison_member *members,
                   size_t *ret_count, struct http_response *response)
{
    const char *list = http_request_parameter(request, "databases");
    if (!list || !*list) {
        http_response_bad_parameter(response, "databases", "databases is a list of names: dev,test,prod");
        return false;
    }
    for (;;) {
        size_t length = strcspn(list, ",");
        if (length == 0) {
            http_response_bad_parameter(response, "databases", "the list has an empty name");
            return false;
        }
        const char *name = arena_strndup(arena, list, length);
        if (!name) {
            http_response_no_memory(response);
            return false;
        }
        if (!add_member(request, name, members, ret_count, response))
            return false;
        if (!list[length])
            return true;
        list += length + 1;
    }
}

/* Policies and ignored objects are the first database's: they are the reader's own choice, and one set must hold. */
static const struct drift_policy *policy_of(const struct http_request *request, const struct comparison_member *members)
{
    return &config_find_database(request->set->config, members[0].name)->drift.policy;
}

void route_compare(const struct http_request *request, struct http_response *response)
{
    enum http_format format = FORMAT_JSON;
    size_t count = 0;
    struct error error = {.code = ERROR_OK};
    cleanup(comparison_of_many) struct comparison_of_many *comparison = NULL;
    cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
    if (!route_has_views(request, response) || !http_format_choose(request, COMPARE_FORMATS, response, &format))
        return;
    struct comparison_member *members =
        arena ? arena_array(arena, request->set->config->database_count + 1, sizeof *members) : NULL;
    if (!members) {
        http_response_no_memory(response);
        return;
    }
    if (!gather(request, arena, members, &count, response))
        return;
    if (compare_many(members, count, policy_of(request, members), request->unix_ms, &comparison, &error) < 0) {
        if (error.code == ERROR_UNSUPPORTED)
            http_response_bad_parameter(response, "databases", "%s", error.message);
        else
            http_response_error(response, &error, "databases");
        return;
    }
    http_format_begin(response, 200, format);
    const struct report_subject subject = {.members = members, .many = comparison};
    http_format_render(response, REPORT_OF_MANY, format, &subject);
    http_format_end(response);
}
