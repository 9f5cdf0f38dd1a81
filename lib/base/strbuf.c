/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

enum { FIRST_CAPACITY = 128 };

void strbuf_done(struct strbuf *buffer)
{
    mem_free(buffer->bytes);
    *buffer = (struct strbuf)STRBUF(buffer->maximum);
}

void strbuf_clear(struct strbuf *buffer)
{
    buffer->length = 0;
    buffer->failed = false;
    if (buffer->bytes)
        buffer->bytes[0] = '\0';
}

char *strbuf_reserve(struct strbuf *buffer, size_t extra)
{
    if (buffer->failed)
        return NULL;
    if (extra > buffer->maximum || buffer->length > buffer->maximum - extra) {
        buffer->failed = true;
        return NULL;
    }
    size_t needed = buffer->length + extra + 1;
    if (needed > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity * 2 : FIRST_CAPACITY;
        if (capacity < needed)
            capacity = needed;
        char *grown = mem_resize(buffer->bytes, capacity, 1);
        if (!grown) {
            buffer->failed = true;
            return NULL;
        }
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    return buffer->bytes + buffer->length;
}

void strbuf_commit(struct strbuf *buffer, size_t written)
{
    buffer->length += written;
    buffer->bytes[buffer->length] = '\0';
}

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length)
{
    char *place = strbuf_reserve(buffer, length);
    if (!place)
        return;
    if (length > 0)
        memcpy(place, bytes, length);
    strbuf_commit(buffer, length);
}

void strbuf_add_string(struct strbuf *buffer, const char *text)
{
    strbuf_add(buffer, text, strlen(text));
}

void strbuf_add_char(struct strbuf *buffer, char byte)
{
    strbuf_add(buffer, &byte, 1);
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *place = length < 0 ? NULL : strbuf_reserve(buffer, (size_t)length);
    if (!place) {
        buffer->failed = true;
        return;
    }
    va_start(arguments, format);
    vsnprintf(place, (size_t)length + 1, format, arguments);
    va_end(arguments);
    strbuf_commit(buffer, (size_t)length);
}

bool strbuf_ok(const struct strbuf *buffer)
{
    return !buffer->failed;
}

const char *strbuf_text(const struct strbuf *buffer)
{
    return buffer->bytes ? buffer->bytes : "";
}

char *strbuf_steal(struct strbuf *buffer)
{
    if (!strbuf_reserve(buffer, 0))
        return NULL;
    buffer->bytes[buffer->length] = '\0';
    char *bytes = take(buffer->bytes);
    buffer->length = 0;
    buffer->capacity = 0;
    return bytes;
}
