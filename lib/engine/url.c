/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "engine/engine.h"

enum { URL_BYTES = 16384 };

static struct url_span span_between(const char *begin, const char *end)
{
    return (struct url_span){begin, (size_t)(end - begin)};
}

static const char *find_byte(struct url_span span, char byte)
{
    return span.length ? memchr(span.text, byte, span.length) : NULL;
}

static void split_authority(struct url_span authority, struct url_parts *parts)
{
    parts->hosts = authority;
    const char *at = authority.length ? memrchr(authority.text, '@', authority.length) : NULL;
    if (!at)
        return;
    parts->hosts = span_between(at + 1, authority.text + authority.length);
    parts->user = span_between(authority.text, at);
    const char *colon = find_byte(parts->user, ':');
    if (colon) {
        parts->password = span_between(colon + 1, at);
        parts->user = span_between(authority.text, colon);
    }
}

static bool is_scheme(struct url_span scheme)
{
    for (size_t i = 0; i < scheme.length; i++)
        if (!isalnum((unsigned char)scheme.text[i]) && !strchr("+-.", scheme.text[i]))
            return false;
    return scheme.length > 0 && isalpha((unsigned char)scheme.text[0]);
}

int url_split(const char *url, struct url_parts *ret_parts, struct error *reterr)
{
    struct url_parts parts = {0};
    const char *mark = strstr(url, "://");
    if (!mark || !is_scheme(span_between(url, mark)))
        return error_set(reterr, ERROR_INVALID,
                         "not a database URL: it must begin with a scheme such as postgresql://");
    if (strnlen(url, URL_BYTES + 1) > URL_BYTES)
        return error_set(reterr, ERROR_INVALID, "database URL longer than %d bytes", URL_BYTES);
    parts.scheme = span_between(url, mark);
    const char *begin = mark + 3;
    const char *end = begin + strlen(begin);
    const char *question = strchr(begin, '?');
    const char *before_query = question ? question : end;
    if (question)
        parts.query = span_between(question + 1, end);
    struct url_span head = span_between(begin, before_query);
    const char *slash = find_byte(head, '/');
    split_authority(span_between(begin, slash ? slash : before_query), &parts);
    if (slash)
        parts.path = span_between(slash, before_query);
    *ret_parts = parts;
    return 0;
}

bool url_next_part(struct url_span *rest, char separator, struct url_span *ret_part)
{
    if (!rest->text)
        return false;
    const char *end = rest->text + rest->length;
    const char *cut = find_byte(*rest, separator);
    *ret_part = span_between(rest->text, cut ? cut : end);
    *rest = cut ? span_between(cut + 1, end) : (struct url_span){0};
    return true;
}

bool url_next_parameter(struct url_span *rest, struct url_span *ret_name, struct url_span *ret_value)
{
    struct url_span part = {0};
    do {
        if (!url_next_part(rest, '&', &part))
            return false;
    } while (part.length == 0);
    const char *equals = find_byte(part, '=');
    const char *end = part.text + part.length;
    *ret_name = equals ? span_between(part.text, equals) : part;
    *ret_value = equals ? span_between(equals + 1, end) : span_between(end, end);
    return true;
}

bool url_is_secret(struct url_span name)
{
    static const char *const words[] = {"pass", "pwd", "secret", "token", "credential", "%"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        size_t length = strlen(words[i]);
        for (size_t at = 0; at + length <= name.length; at++)
            if (strncasecmp(name.text + at, words[i], length) == 0)
                /* A passfile is a path; an escaped name hides what it is. */
                return name.length != strlen("passfile") || strncasecmp(name.text, "passfile", name.length) != 0;
    }
    return false;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char lower = (char)tolower((unsigned char)digit);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

int url_decode(struct url_span span, const char *what, char **ret_text, struct error *reterr)
{
    cleanup(free) char *text = mem_alloc(span.length + 1);
    if (!text)
        return error_no_memory(reterr);
    size_t used = 0;
    for (size_t i = 0; i < span.length; i++) {
        char byte = span.text[i];
        if (byte == '%') {
            bool complete = span.length - i > 2;
            int high = complete ? hex_value(span.text[i + 1]) : -1;
            int low = complete ? hex_value(span.text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return error_set(reterr, ERROR_INVALID, "%s of the URL has a %% without two hexadecimal digits", what);
            byte = (char)(high * 16 + low);
            if (!byte)
                return error_set(reterr, ERROR_INVALID, "%s of the URL holds a NUL byte", what);
            i += 2;
        }
        text[used++] = byte;
    }
    text[used] = '\0';
    *ret_text = take(text);
    return 0;
}

/* Everything up to the last '@' before the query may be a password with unescaped characters. */
static const char *redacted_head(const char *begin, const char *before_query, struct strbuf *out)
{
    const char *at = memrchr(begin, '@', (size_t)(before_query - begin));
    if (!at)
        return begin;
    const char *colon = memchr(begin, ':', (size_t)(at - begin));
    if (colon) {
        strbuf_add(out, begin, (size_t)(colon - begin));
        strbuf_add_string(out, ":***");
        return at;
    }
    return begin;
}

char *engine_url_redact(const char *url)
{
    cleanup(strbuf) struct strbuf out = STRBUF(4 * URL_BYTES);
    const char *mark = strstr(url, "://");
    const char *begin = mark ? mark + 3 : url;
    if (!mark || strnlen(url, URL_BYTES + 1) > URL_BYTES)
        return mem_strdup("***");
    const char *end = begin + strlen(begin);
    const char *question = strchr(begin, '?');
    /* A password with an unescaped '?' in it: the last '@' is the authority's end all the same. */
    const char *last_at = strrchr(begin, '@');
    if (question && last_at && last_at > question && !memchr(begin, '@', (size_t)(question - begin)))
        question = strchr(last_at, '?');
    const char *before_query = question ? question : end;
    strbuf_add(&out, url, (size_t)(begin - url));
    const char *tail = redacted_head(begin, before_query, &out);
    strbuf_add(&out, tail, (size_t)(before_query - tail));
    struct url_span rest = question ? span_between(question + 1, end) : (struct url_span){0};
    struct url_span name = {0};
    struct url_span value = {0};
    for (char separator = '?'; url_next_parameter(&rest, &name, &value); separator = '&') {
        strbuf_add_char(&out, separator);
        strbuf_add(&out, name.text, name.length);
        strbuf_add_char(&out, '=');
        if (url_is_secret(name))
            strbuf_add_string(&out, "***");
        else
            strbuf_add(&out, value.text, value.length);
    }
    return strbuf_steal(&out);
}
