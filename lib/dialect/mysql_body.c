/* SPDX-License-Identifier: Apache-2.0
 *
 * Bodies, as somebody typed them. Version comments and optimizer hints are code: text like any other.
 */
#include <ctype.h>
#include <string.h>

#include "dialect/mysql_canonical.h"

struct body {
    const char *at;
    const char *end;
    bool blank; /* blanks or comments were skipped since the last byte that was copied */
    char last;
    struct strbuf *out;
};

static bool looking_at(const struct body *body, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(body->end - body->at) >= length && memcmp(body->at, text, length) == 0;
}

static bool at_line_comment(const struct body *body)
{
    if (*body->at == '#')
        return true;
    return looking_at(body, "--") && body->at + 2 < body->end && isspace((unsigned char)body->at[2]);
}

static bool at_block_comment(const struct body *body)
{
    return looking_at(body, "/*") && !looking_at(body, "/*!") && !looking_at(body, "/*M!") && !looking_at(body, "/*+");
}

static void skip_line(struct body *body)
{
    while (body->at < body->end && *body->at != '\n')
        body->at++;
}

static void skip_block(struct body *body)
{
    body->at += 2;
    while (body->at < body->end && !looking_at(body, "*/"))
        body->at++;
    body->at += body->at < body->end ? 2 : 0;
}

static bool skip_blank(struct body *body)
{
    if (isspace((unsigned char)*body->at))
        body->at++;
    else if (at_line_comment(body))
        skip_line(body);
    else if (at_block_comment(body))
        skip_block(body);
    else
        return false;
    body->blank = true;
    return true;
}

/* Between these a blank keeps two tokens apart; beside all else it says nothing. */
static bool is_wordy(char byte)
{
    return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80 || (byte != '\0' && strchr("_$'\"`.@", byte));
}

static void copy_byte(struct body *body)
{
    bool opens_comment = body->last == '/' && *body->at == '*';
    if (body->blank && (opens_comment || (is_wordy(body->last) && is_wordy(*body->at))))
        strbuf_add_char(body->out, ' ');
    body->blank = false;
    body->last = *body->at++;
    strbuf_add_char(body->out, body->last);
}

static void copy_quoted(struct body *body)
{
    char quote = *body->at;
    copy_byte(body);
    while (body->at < body->end) {
        bool escape = *body->at == '\\' && quote != '`' && body->at + 1 < body->end;
        bool closing = !escape && *body->at == quote;
        copy_byte(body);
        if (escape)
            copy_byte(body);
        if (closing)
            return;
    }
}

void mysql_canonical_body(const char *text, size_t length, struct strbuf *out)
{
    struct body body = {.at = text, .end = text + length, .out = out};
    while (body.at < body.end) {
        if (skip_blank(&body))
            continue;
        if (strchr("'\"`", *body.at) && *body.at != '\0')
            copy_quoted(&body);
        else
            copy_byte(&body);
    }
}
