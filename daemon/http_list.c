/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_list.h"

#include "base/alloc.h"

/* Judging a row takes microseconds: a whole list of this many delays nobody by a millisecond. */
enum { ROWS_AT_ONCE = 100 };

struct list {
    struct view_set *set; /* one reference while streaming */
    const char *name;
    size_t count;
    size_t row;
    http_list_line *line;
    struct http_moment now;
    struct json_writer writer;
    bool begun;
};

static void list_free(void *state)
{
    struct list *list = state;
    view_set_unref(list->set);
    mem_free(list);
}

/* Begins, adds a row, or ends; false after the end. */
static bool add_piece(struct list *list)
{
    if (!list->begun) {
        json_open_object(&list->writer);
        json_key_array(&list->writer, list->name);
        list->begun = true;
    } else if (list->row < list->count) {
        if (!list->line(list->set, list->row++, list->now, &list->writer))
            list->writer.failed = true;
    } else {
        json_close_array(&list->writer);
        json_close_object(&list->writer);
        return false;
    }
    return true;
}

/* A failed append makes the sender cut the document off instead of ending it. */
static bool list_next(void *state, struct strbuf *out)
{
    struct list *list = state;
    list->writer.out = out;
    bool more = add_piece(list);
    if (list->writer.failed)
        out->failed = true;
    return more && !list->writer.failed;
}

static void respond_at_once(struct list *list, struct http_response *response)
{
    http_response_json(response, 200, &list->writer);
    while (!list->writer.failed && add_piece(list))
        continue;
    http_response_end_json(response, &list->writer);
}

static void respond_in_pieces(const struct list *whole, const struct http_request *request,
                              struct http_response *response)
{
    struct list *list = mem_calloc(1, sizeof *list);
    if (!list) {
        http_response_no_memory(response);
        return;
    }
    *list = *whole;
    list->set = view_set_ref(request->set);
    json_writer_init(&list->writer, NULL, 0);
    response->status = 200;
    response->content_type = HTTP_JSON;
    response->stream = (struct http_stream){.next = list_next, .free = list_free, .state = list};
}

void http_list_respond(const struct http_request *request, const char *name, size_t count, http_list_line *line,
                       struct http_response *response)
{
    struct list list = {.set = request->set,
                        .name = name,
                        .count = count,
                        .line = line,
                        .now = {.monotonic_ms = request->monotonic_ms, .unix_ms = request->unix_ms}};
    if (count <= ROWS_AT_ONCE)
        respond_at_once(&list, response);
    else
        respond_in_pieces(&list, request, response);
}
