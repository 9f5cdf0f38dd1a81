/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/problem.h"
#include "base/utf8.h"

enum phase {
    STATUS_LINE,
    HEADER,
    BODY,          /* `left` bytes */
    BODY_TO_CLOSE, /* no length was given */
    CHUNK_SIZE,    /* a line */
    CHUNK,         /* `left` bytes */
    CHUNK_END,     /* an empty line */
    TRAILER,       /* fields behind the last chunk, which nobody asked for */
    WHOLE,
};

enum { MOST_INTERIM = 8, MOST_RETRY_AFTER_S = 3600, LENGTH_DIGITS = 15, CHUNK_DIGITS = 8 };

void wait_response_init(struct wait_response *response, size_t limit)
{
    memset(response, 0, sizeof *response);
    response->body.maximum = limit;
}

void wait_response_done(struct wait_response *response)
{
    strbuf_done(&response->body);
}

bool wait_response_is_whole(const struct wait_response *response)
{
    return response->phase == WHOLE && !response->problem[0];
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool parse_status(struct wait_response *response)
{
    const char *line = response->line;
    if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') || line[8] != ' ')
        return problem_set(response->problem, sizeof response->problem, "the answer is no HTTP/1.1: '%.60s'", line);
    const char *code = line + 9;
    if (code[0] < '1' || code[0] > '5' || !is_digit(code[1]) || !is_digit(code[2]) || (code[3] && code[3] != ' '))
        return problem_set(response->problem, sizeof response->problem, "the answer has no status: '%.60s'", line);
    response->status = (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
    response->phase = HEADER;
    return true;
}

/* At most `digits` of them, and nothing else. */
static bool parse_number(const char *text, unsigned digits, uint64_t *ret_number)
{
    *ret_number = 0;
    size_t length = strlen(text);
    if (length == 0 || length > digits)
        return false;
    for (; *text; text++) {
        if (!is_digit(*text))
            return false;
        *ret_number = *ret_number * 10 + (uint64_t)(*text - '0');
    }
    return true;
}

static bool keep_length(struct wait_response *response, const char *value)
{
    if (response->has_length || !parse_number(value, LENGTH_DIGITS, &response->left))
        return problem_set(response->problem, sizeof response->problem, "the answer's Content-Length makes no sense");
    response->has_length = true;
    return true;
}

static bool keep_encoding(struct wait_response *response, const char *value)
{
    if (response->chunked || strcasecmp(value, "chunked") != 0)
        return problem_set(response->problem, sizeof response->problem, "the answer has the Transfer-Encoding '%.60s'",
                           value);
    response->chunked = true;
    return true;
}

static bool keep_content_encoding(struct wait_response *response, const char *value)
{
    if (strcasecmp(value, "identity") != 0)
        return problem_set(response->problem, sizeof response->problem,
                           "the answer has the Content-Encoding '%.60s', which nobody asked for", value);
    return true;
}

static bool keep_retry_after(struct wait_response *response, const char *value)
{
    uint64_t seconds = 0;
    if (parse_number(value, LENGTH_DIGITS, &seconds))
        response->retry_after_ms = (int64_t)(seconds < MOST_RETRY_AFTER_S ? seconds : MOST_RETRY_AFTER_S) * 1000;
    return true;
}

static bool keep_location(struct wait_response *response, const char *value)
{
    snprintf(response->location, sizeof response->location, "%s", value);
    utf8_make_line(response->location, sizeof response->location);
    return true;
}

static const struct {
    const char *name;
    bool (*keep)(struct wait_response *response, const char *value);
} fields[] = {
    {"Content-Length", keep_length},
    {"Transfer-Encoding", keep_encoding},
    {"Content-Encoding", keep_content_encoding},
    {"Retry-After", keep_retry_after},
    {"Location", keep_location},
};

static bool is_token(const char *text, size_t length)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        bool letter = ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || is_digit(byte);
        if (!letter && (byte == '\0' || !strchr(marks, byte)))
            return false;
    }
    return length > 0;
}

/* "Name: value", without blanks around the value; folded lines begin with a blank, which is no name. */
static bool parse_field(struct wait_response *response)
{
    char *line = response->line;
    size_t name = strcspn(line, ":");
    if (!line[name] || !is_token(line, name))
        return problem_set(response->problem, sizeof response->problem, "the answer's header makes no sense: '%.60s'",
                           line);
    char *value = line + name + 1;
    value += strspn(value, " \t");
    char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        *--end = '\0';
    line[name] = '\0';
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) {
        if (strcasecmp(line, fields[i].name) == 0)
            return fields[i].keep(response, value);
    }
    return true;
}

/* "100 Continue" and the like stand before the answer. */
static bool pass_interim(struct wait_response *response)
{
    if (response->status == 101 || ++response->interim > MOST_INTERIM)
        return problem_set(response->problem, sizeof response->problem, "HTTP %d, which nobody asked for",
                           response->status);
    response->phase = STATUS_LINE;
    response->has_length = response->chunked = false;
    response->left = 0;
    response->retry_after_ms = 0;
    response->location[0] = '\0';
    return true;
}

static bool end_header(struct wait_response *response)
{
    if (response->status < 200)
        return pass_interim(response);
    if (response->has_length && response->chunked)
        return problem_set(response->problem, sizeof response->problem,
                           "the answer has a Content-Length and a Transfer-Encoding");
    if (response->has_length && response->left > response->body.maximum)
        return problem_set(response->problem, sizeof response->problem, "the answer is larger than %zu bytes",
                           response->body.maximum);
    bool bodiless = response->status == 204 || response->status == 304;
    if (bodiless || (response->has_length && response->left == 0))
        response->phase = WHOLE;
    else if (response->chunked)
        response->phase = CHUNK_SIZE;
    else
        response->phase = response->has_length ? BODY : BODY_TO_CLOSE;
    return true;
}

static int hex_value(char byte)
{
    char letter = (char)(byte | 0x20);
    return is_digit(byte) ? byte - '0' : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* "1a2f", which may be followed by extensions. */
static bool parse_chunk_size(struct wait_response *response)
{
    const char *line = response->line;
    size_t digits = 0;
    response->left = 0;
    for (; digits <= CHUNK_DIGITS && hex_value(line[digits]) >= 0; digits++)
        response->left = response->left << 4 | (uint64_t)hex_value(line[digits]);
    char behind = line[digits];
    if (digits == 0 || digits > CHUNK_DIGITS || (behind && behind != ';' && behind != ' ' && behind != '\t'))
        return problem_set(response->problem, sizeof response->problem, "the answer's chunks make no sense: '%.60s'",
                           line);
    response->phase = response->left > 0 ? CHUNK : TRAILER;
    return true;
}

static bool take_line(struct wait_response *response)
{
    bool empty = response->line_length == 0;
    switch (response->phase) {
    case STATUS_LINE:
        return parse_status(response);
    case HEADER:
        return empty ? end_header(response) : parse_field(response);
    case CHUNK_SIZE:
        return parse_chunk_size(response);
    case CHUNK_END:
        response->phase = CHUNK_SIZE;
        return empty ||
               problem_set(response->problem, sizeof response->problem, "the answer's chunks are longer than they say");
    default:
        if (empty)
            response->phase = WHOLE;
        return true;
    }
}

/* One byte of a line; the line is taken at its CR LF, and nothing else ends one. */
static bool feed_line(struct wait_response *response, char byte)
{
    bool after_return = response->line_length > 0 && response->line[response->line_length - 1] == '\r';
    if (++response->header_bytes > LIMIT_WAIT_HEADER || response->line_length + 1 >= sizeof response->line)
        return problem_set(response->problem, sizeof response->problem, "the answer's header is too long");
    if (after_return && byte == '\n') {
        response->line[--response->line_length] = '\0';
        bool taken = take_line(response);
        response->line_length = 0;
        return taken;
    }
    if (after_return || ((unsigned char)byte < 0x20 && byte != '\t' && byte != '\r') || byte == 0x7F)
        return problem_set(response->problem, sizeof response->problem,
                           response->phase == STATUS_LINE ? "the answer is no HTTP/1.1"
                                                          : "the answer's header holds a control character");
    response->line[response->line_length++] = byte;
    return true;
}

/* What of `length` bytes belongs to the body or the chunk. */
static bool feed_body(struct wait_response *response, const char *bytes, size_t length, size_t *ret_taken)
{
    bool counted = response->phase != BODY_TO_CLOSE;
    *ret_taken = counted && response->left < length ? (size_t)response->left : length;
    if (*ret_taken > response->body.maximum - response->body.length)
        return problem_set(response->problem, sizeof response->problem, "the answer is larger than %zu bytes",
                           response->body.maximum);
    strbuf_add(&response->body, bytes, *ret_taken);
    if (!strbuf_ok(&response->body))
        return problem_set(response->problem, sizeof response->problem, "out of memory");
    if (!counted)
        return true;
    response->left -= *ret_taken;
    if (response->left == 0) {
        response->phase = response->phase == CHUNK ? CHUNK_END : WHOLE;
        /* The bounds of a header are for each chunk's line, not for their number: the body has its own. */
        response->header_bytes = 0;
    }
    return true;
}

bool wait_response_feed(struct wait_response *response, const char *bytes, size_t length)
{
    while (length > 0 && response->phase != WHOLE && !response->problem[0]) {
        size_t taken = 1;
        bool in_body = response->phase == BODY || response->phase == BODY_TO_CLOSE || response->phase == CHUNK;
        if (!(in_body ? feed_body(response, bytes, length, &taken) : feed_line(response, *bytes)))
            return false;
        bytes += taken;
        length -= taken;
    }
    return !response->problem[0];
}

bool wait_response_end(struct wait_response *response)
{
    if (response->problem[0])
        return false;
    if (response->phase == BODY_TO_CLOSE)
        response->phase = WHOLE;
    if (response->phase == WHOLE)
        return true;
    if (response->phase == STATUS_LINE && response->line_length == 0)
        return problem_set(response->problem, sizeof response->problem, "the connection was closed without an answer");
    return problem_set(response->problem, sizeof response->problem,
                       "the connection was closed in the middle of the answer");
}
