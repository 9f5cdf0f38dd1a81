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

/* Over what the body shows: the objects (fingerprint), and what stands beside them in the document. */
static void set_etag(struct http_response *response, const struct schema *schema)
{
    char fingerprint[DIGEST_HEX_SIZE] = "";
    digest_to_hex(schema->digest, fingerprint);
    const char *version = schema_text(schema, schema->server_version);
    struct strbuf beside = STRBUF(64 * 1024);
    strbuf_printf(&beside, "%s %d", version, schema->truncated);
    for (unsigned i = 0; i < SCHEMA_KINDS; i++)
        strbuf_printf(&beside, " %d %s", (int)schema->coverage[i].coverage,
                      schema_text(schema, schema->coverage[i].reason));
    unsigned long long hash = hash64(strbuf_text(&beside), beside.length);
    if (strbuf_ok(&beside))
        snprintf(response->etag, sizeof response->etag, "\"%s-%d-%016llx\"", fingerprint, SCHEMA_FORM_VERSION, hash);
    strbuf_done(&beside);
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
