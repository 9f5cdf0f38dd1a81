/* SPDX-License-Identifier: Apache-2.0
 *
 * /v1/databases/{database}/journal: rendered while it is sent, from a view that the stream keeps.
 */
#include "base/alloc.h"
#include "daemon/http_format.h"
#include "daemon/http_routes.h"

struct journal_stream {
    struct view *view; /* one reference */
    struct arena *arena;
    struct database_report report;
    struct journal_report stream;
};

static void journal_stream_free(void *state)
{
    struct journal_stream *journal = state;
    view_unref(journal->view);
    arena_free(journal->arena);
    mem_free(journal);
}

static bool journal_stream_next(void *state, struct strbuf *out)
{
    struct journal_stream *journal = state;
    return report_journal_next(&journal->stream, out);
}

enum { JOURNAL_FORMATS = 1 << FORMAT_JSON | 1 << FORMAT_TEXT | 1 << FORMAT_MARKDOWN };

/* What people read is not streamed, and nobody reads further than this. */
enum { TEXT_ENTRIES = 1000 };

static void respond_in_words(const struct database_report *report, enum http_format format,
                             struct http_response *response)
{
    http_format_begin(response, 200, format);
    report_journal_text(&response->body, report, format == FORMAT_MARKDOWN ? STYLE_MARKDOWN : STYLE_PLAIN,
                        TEXT_ENTRIES);
    http_format_end(response);
}

void route_journal(const struct http_request *request, struct http_response *response)
{
    enum http_format format = FORMAT_JSON;
    const struct view *view = route_find_view(request, response);
    if (!view || !http_format_choose(request, JOURNAL_FORMATS, response, &format))
        return;
    cleanup(arena) struct arena *arena = arena_new(GATE_ARENA_BYTES);
    cleanup(free) struct journal_stream *journal = mem_calloc(1, sizeof *journal);
    if (!arena || !journal ||
        view_judge(view, NULL, request->monotonic_ms, request->unix_ms, arena, &journal->report, NULL)) {
        http_response_no_memory(response);
        return;
    }
    if (format != FORMAT_JSON) {
        respond_in_words(&journal->report, format, response);
        return;
    }
    journal->view = view_ref(request->set->views[view->database - request->set->config->databases]);
    journal->arena = take(arena);
    report_journal_init(&journal->stream, &journal->report);
    response->status = 200;
    response->content_type = HTTP_JSON;
    response->stream = (struct http_stream){.next = journal_stream_next, .free = journal_stream_free};
    response->stream.state = take(journal);
}
