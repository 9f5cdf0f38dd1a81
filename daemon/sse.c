/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/sse.h"

#include <stdio.h>
#include <string.h>

void sse_id(char ret_id[static SSE_ID_SIZE], const char *epoch, uint64_t number)
{
    snprintf(ret_id, SSE_ID_SIZE, "%.16s-%llu", epoch, (unsigned long long)number);
}

bool sse_id_parse(const char *text, char ret_epoch[static SSE_EPOCH_SIZE], uint64_t *ret_number)
{
    size_t length = strspn(text, "0123456789abcdef");
    const char *digits = text + length + 1;
    if (length != SSE_EPOCH_SIZE - 1 || text[length] != '-' || !*digits)
        return false;
    memcpy(ret_epoch, text, length);
    ret_epoch[length] = '\0';
    *ret_number = 0;
    for (; *digits; digits++) {
        if (*digits < '0' || *digits > '9' || __builtin_mul_overflow(*ret_number, 10, ret_number) ||
            __builtin_add_overflow(*ret_number, (uint64_t)(*digits - '0'), ret_number))
            return false;
    }
    return true;
}

static void add_head(struct strbuf *out, const char *name, const char *id)
{
    strbuf_printf(out, "event: %s\n", name);
    if (id)
        strbuf_printf(out, "id: %s\n", id);
}

void sse_add_event(struct strbuf *out, const char *name, const char *id, const char *data)
{
    add_head(out, name, id);
    for (;;) {
        size_t length = strcspn(data, "\r\n");
        strbuf_add_string(out, "data: ");
        strbuf_add(out, data, length);
        strbuf_add_char(out, '\n');
        data += length;
        if (!*data)
            break;
        data += data[0] == '\r' && data[1] == '\n' ? 2 : 1;
    }
    strbuf_add_char(out, '\n');
}

void sse_open_event(struct strbuf *out, const char *name, const char *id)
{
    add_head(out, name, id);
    strbuf_add_string(out, "data: ");
}

void sse_close_event(struct strbuf *out)
{
    strbuf_add_string(out, "\n\n");
}

void sse_add_retry(struct strbuf *out, int64_t milliseconds)
{
    strbuf_printf(out, "retry: %lld\n\n", (long long)milliseconds);
}

void sse_add_heartbeat(struct strbuf *out, const char *id)
{
    strbuf_printf(out, ":\nid: %s\n\n", id);
}
