/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROW_FIRST = 16 };

static _Thread_local size_t fault_countdown = SIZE_MAX;
static _Thread_local bool fault_hit = false;

static bool refused(void)
{
    if (fault_countdown == SIZE_MAX)
        return false;
    if (fault_countdown > 0) {
        fault_countdown--;
        return false;
    }
    fault_hit = true;
    return true;
}

void mem_fault_after(size_t successes)
{
    fault_countdown = successes;
    fault_hit = false;
}

bool mem_fault_off(void)
{
    fault_countdown = SIZE_MAX;
    return fault_hit;
}

void *mem_alloc(size_t size)
{
    return refused() ? NULL : malloc(size ? size : 1);
}

void *mem_calloc(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || refused())
        return NULL;
    return calloc(bytes ? bytes : 1, 1);
}

void *mem_resize(void *block, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || refused())
        return NULL;
    return realloc(block, bytes ? bytes : 1);
}

void mem_free(void *block)
{
    free(block);
}

char *mem_strndup(const char *text, size_t length)
{
    if (!text)
        return NULL;
    char *copy = mem_alloc(length + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        return NULL;
    char *text = mem_alloc((size_t)length + 1);
    if (!text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

bool mem_grow(void *array_pointer, size_t *capacity, size_t count, size_t size, size_t limit)
{
    if (count < *capacity)
        return true;
    if (count >= limit)
        return false;
    size_t wanted = *capacity ? *capacity * 2 : GROW_FIRST;
    if (wanted > limit)
        wanted = limit;
    void **array = array_pointer;
    void *grown = mem_resize(*array, wanted, size);
    if (!grown)
        return false;
    *array = grown;
    *capacity = wanted;
    return true;
}
