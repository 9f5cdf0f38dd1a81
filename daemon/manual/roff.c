/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/manual/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

enum { LONGEST_LINE = 78 };

/* What roff would take for something else, or print as another character than the one that can be typed. */
static const struct {
    uint32_t point;
    const char *escape;
} escapes[] = {
    {'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"}, {'^', "\\(ha"}, {'~', "\\(ti"}, {0x2026, "..."},
};

static void put_point(FILE *out, uint32_t point)
{
    for (size_t i = 0; i < ARRAY_LENGTH(escapes); i++) {
        if (escapes[i].point == point) {
            fputs(escapes[i].escape, out);
            return;
        }
    }
    if (point < 0x80)
        fputc((int)point, out);
    else
        fprintf(out, "\\[u%04X]", (unsigned)point);
}

static void put_span(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t point = '?';
        size_t size = utf8_decode(text + i, length - i, &point);
        put_point(out, point);
        i += size > 0 ? size : 1;
    }
}

static void put_font(FILE *out, char font, const char *text, size_t length)
{
    fprintf(out, "\\f%c", font);
    put_span(out, text, length);
    fputs("\\fR", out);
}

void roff_put_bold(FILE *out, const char *text)
{
    put_font(out, 'B', text, strlen(text));
}

/* Text of which what stands between backquotes is bold. */
static void put_marked(FILE *out, const char *text, size_t length)
{
    while (length > 0) {
        const char *begin = memchr(text, '`', length);
        const char *end = begin ? memchr(begin + 1, '`', length - (size_t)(begin + 1 - text)) : NULL;
        size_t before = end ? (size_t)(begin - text) : length;
        put_span(out, text, before);
        if (!end)
            return;
        put_font(out, 'B', begin + 1, (size_t)(end - begin - 1));
        length -= (size_t)(end + 1 - text);
        text = end + 1;
    }
}

void roff_put(FILE *out, const char *text)
{
    put_marked(out, text, strlen(text));
}

static bool is_capital(char byte)
{
    return isupper((unsigned char)byte) || isdigit((unsigned char)byte);
}

/* "--log-level" and "-V" are options, "A..B" and "FILE" what is replaced. */
void roff_put_synopsis(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, " []|=…");
        bool replaced = length > 0 && isupper((unsigned char)*text);
        for (size_t i = 0; i < length; i++)
            replaced = replaced && (is_capital(text[i]) || text[i] == '.' || text[i] == '-');
        if (length > 0)
            put_font(out, replaced ? 'I' : 'B', text, length);
        text += length;
        size_t between = strspn(text, " []|=…");
        put_span(out, text, between);
        text += between;
    }
}

/* The end of the sentence: behind a full stop that a capital or an option follows. */
static size_t sentence_length(const char *text)
{
    for (const char *stop = text; (stop = strstr(stop, ". ")); stop++) {
        if (is_capital(stop[2]) || strchr("`$", stop[2]))
            return (size_t)(stop + 1 - text);
    }
    return strlen(text);
}

/* Source text in lines that are not too long; a line that began with a full stop would be a request. */
static void put_folded(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t length = strcspn(text, " ");
        if (column > 0 && column + 1 + length > LONGEST_LINE) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%s%s%.*s", column > 0 ? " " : "", column == 0 && *text == '.' ? "\\&" : "", (int)length, text);
        column += (column > 0) + length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

/* False if there is no memory. */
static bool put_sentence(FILE *out, const char *text, size_t length)
{
    char *source = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&source, &size);
    if (!memory)
        return false;
    put_marked(memory, text, length);
    bool written = fclose(memory) == 0;
    if (written)
        put_folded(out, source);
    free(source); /* open_memstream's */
    return written;
}

void roff_put_sentences(FILE *out, const char *text)
{
    while (*text) {
        size_t length = sentence_length(text);
        if (!put_sentence(out, text, length)) {
            fprintf(stderr, "manual: out of memory\n");
            exit(EXIT_FAILURE); /* it is one file that is made, by a program that ends then */
        }
        text += length;
        text += strspn(text, " ");
    }
}
