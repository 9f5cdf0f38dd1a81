/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases/{database}/schema: rendered while it is sent, from a snapshot that the stream keeps.
 */
#include <stdio.h>

#include "base/alloc.h"
#include "daemon/http_routes.h"
#include "model/schema_json.h"

struct schema_stream {
    struct snapshot *snapshot; /* one reference */
    struct schema_json stream;
};

static void schema_stream_free(void *state)
{
    struct schema_stream *schema = state;
    snapshot_unref(schema->snapshot);
    mem_free(schema);
}

static bool schema_stream_next(void *state, struct strbuf *out)
{
    struct schema_stream *schema = state;
    return schema_json_next(&schema->stream, out);
}

/* The fingerprint is for people; that texts can be printed in several ways, and what stands beside them, is what the
 * hash is for. */
static void set_etag(struct http_response *response, const struct schema *schema)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    snprintf(response->etag, sizeof response->etag, "\"%s-%d-%016llx\"", fingerprint, SCHEMA_FORM_VERSION,
             (unsigned long long)schema_content_hash(schema));
}

void route_schema(const struct http_request *request, struct http_response *response)
{
    const struct view *view = route_find_view(request, response);
    if (!view)
        return;
    if (!view->snapshot || !view->snapshot->schema) {
        http_response_problem(response, 503, "the schema of %s was not read yet", view->database->name);
        response->retry_after_seconds = 2;
        return;
    }
    set_etag(response, view->snapshot->schema);
    if (request->if_none_match && *response->etag && http_etag_matches(request->if_none_match, response->etag)) {
        response->status = 304;
        return;
    }
    struct schema_stream *schema = mem_calloc(1, sizeof *schema);
    if (!schema) {
        http_response_no_memory(response);
        return;
    }
    schema->snapshot = snapshot_ref(view->snapshot);
    schema_json_init(&schema->stream, schema->snapshot->schema, 0);
    response->status = 200;
    response->content_type = HTTP_JSON;
    response->stream = (struct http_stream){.next = schema_stream_next, .free = schema_stream_free, .state = schema};
}
