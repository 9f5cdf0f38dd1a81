/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"
#include "check/check.h"

/* What stands behind a cell that was cut, in the place of its end. */
#define CUT "… (cut)"

static bool is_shown(const char *bytes, size_t length, size_t *ret_width)
{
    uint32_t point = 0;
    *ret_width = utf8_decode(bytes, length, &point);
    return *ret_width > 0 && !utf8_is_unprintable(point);
}

void check_print_cell(const char *bytes, size_t length, struct strbuf *out)
{
    for (size_t i = 0; i < length;) {
        size_t width = 0;
        if (is_shown(bytes + i, length - i, &width)) {
            strbuf_add(out, bytes + i, width);
            i += width;
            continue;
        }
        for (size_t end = i + (width > 0 ? width : 1); i < end; i++)
            strbuf_printf(out, "\\x%02x", (unsigned)(unsigned char)bytes[i]);
    }
}

/* How many bytes of what is printed come to at most `limit`, whole characters and whole escapes. */
static size_t fitting(const char *text, size_t length, size_t limit)
{
    size_t fits = 0;
    while (fits < length) {
        bool escaped = text[fits] == '\\' && fits + 4 <= length && text[fits + 1] == 'x';
        size_t width = escaped ? 4 : utf8_decode(text + fits, length - fits, NULL);
        if (fits + width > limit)
            break;
        fits += width;
    }
    return fits;
}

const char *check_show_cell(struct check_run *run, const char *bytes, size_t length)
{
    cleanup(strbuf) struct strbuf text = STRBUF(4 * (CHECK_CELL_BYTES + 4));
    check_print_cell(bytes, length, &text);
    if (!strbuf_ok(&text))
        return NULL;
    if (text.length <= CHECK_VALUE_BYTES)
        return arena_strdup(run->result->arena, strbuf_text(&text));
    size_t fits = fitting(text.bytes, text.length, CHECK_VALUE_BYTES - (sizeof CUT - 1));
    return arena_printf(run->result->arena, "%.*s" CUT, (int)fits, text.bytes);
}
