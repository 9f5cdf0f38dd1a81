/* SPDX-License-Identifier: Apache-2.0
 *
 * What a server may send as a stream of events. However the bytes are cut, the same events are heard; and what is heard
 * of one is heard again when it is written anew.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/sse.h"
#include "daemon/sse_reader.h"

enum { LIMIT = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool note(void *payload, const struct sse_event *event)
{
    sse_add_event(payload, event->name, NULL, event->data);
    return true;
}

/* In pieces of that many bytes. */
static enum sse_outcome read_in_pieces(struct sse_reader *reader, const char *text, size_t length, size_t piece)
{
    enum sse_outcome outcome = SSE_MORE;
    for (size_t at = 0; at < length && outcome == SSE_MORE; at += piece)
        outcome = sse_reader_feed(reader, text + at, length - at < piece ? length - at : piece);
    return outcome;
}

static void check_same(const struct strbuf *a, const struct strbuf *b)
{
    if (a->length != b->length || (a->length > 0 && memcmp(a->bytes, b->bytes, a->length) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    cleanup(strbuf) struct strbuf whole = STRBUF(64 * LIMIT);
    cleanup(strbuf) struct strbuf cut = STRBUF(64 * LIMIT);
    cleanup(strbuf) struct strbuf again = STRBUF(64 * LIMIT);
    cleanup(sse_reader) struct sse_reader first = {0};
    cleanup(sse_reader) struct sse_reader second = {0};
    cleanup(sse_reader) struct sse_reader third = {0};
    sse_reader_init(&first, LIMIT, note, &whole);
    sse_reader_init(&second, LIMIT, note, &cut);
    sse_reader_init(&third, 64 * LIMIT, note, &again);
    if (read_in_pieces(&first, text, size, size) != SSE_MORE || read_in_pieces(&second, text, size, 1) != SSE_MORE ||
        !strbuf_ok(&whole))
        return 0;
    check_same(&whole, &cut);
    if (strcmp(first.last_id, second.last_id) != 0 || first.retry_ms != second.retry_ms || first.retry_ms < 0)
        abort();
    if (read_in_pieces(&third, strbuf_text(&whole), whole.length, 7) != SSE_MORE)
        abort();
    check_same(&whole, &again);
    char epoch[SSE_EPOCH_SIZE] = "";
    char id[SSE_ID_SIZE] = "";
    uint64_t number = 0;
    if (sse_id_parse(first.last_id, epoch, &number)) {
        uint64_t same = 0;
        sse_id(id, epoch, number);
        if (!sse_id_parse(id, epoch, &same) || same != number)
            abort();
    }
    return 0;
}
