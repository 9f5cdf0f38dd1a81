/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_request.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/utf8.h"

enum http_method http_method_from_name(const char *name)
{
    static const char *const names[] = {[HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD", [HTTP_POST] = "POST"};
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
        if (strcmp(names[i], name) == 0)
            return (enum http_method)i;
    }
    return HTTP_OTHER_METHOD;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* Decodes a NUL-terminated part in place. */
static int decode(char *part, bool plus_is_blank, struct error *reterr)
{
    char *out = part;
    for (const char *in = part; *in; in++) {
        char byte = *in;
        if (byte == '%') {
            int high = hex_value(in[1]);
            int low = high < 0 ? -1 : hex_value(in[2]);
            if (low < 0)
                return error_set(reterr, ERROR_INVALID, "a per cent sign is not followed by two hexadecimal digits");
            byte = (char)(high * 16 + low);
            if (byte == 0)
                return error_set(reterr, ERROR_INVALID, "%%00 is not allowed");
            in += 2;
        } else if (byte == '+' && plus_is_blank) {
            byte = ' ';
        }
        *out++ = byte;
    }
    *out = 0;
    if (!utf8_is_valid(part, (size_t)(out - part)))
        return error_set(reterr, ERROR_INVALID, "what is percent-encoded is not valid UTF-8");
    return 0;
}

static int parse_path(char *path, struct http_target *target, struct error *reterr)
{
    char *rest = path + 1;
    if (!*rest)
        return 0;
    for (char *segment = NULL; (segment = strsep(&rest, "/"));) {
        if (decode(segment, false, reterr))
            return -1;
        if (target->segment_count < HTTP_SEGMENTS)
            target->segments[target->segment_count] = segment;
        target->segment_count++;
    }
    return 0;
}

static int parse_query(char *query, struct http_target *target, struct error *reterr)
{
    for (char *pair = NULL; (pair = strsep(&query, "&"));) {
        if (!*pair)
            continue;
        if (target->parameter_count == LIMIT_QUERY_PARAMETERS)
            return error_set(reterr, ERROR_INVALID, "more than %u parameters", LIMIT_QUERY_PARAMETERS);
        char *value = strchr(pair, '=');
        if (value)
            *value++ = 0;
        if (decode(pair, true, reterr))
            return -1;
        target->bad_parameter = pair;
        if (value && decode(value, true, reterr))
            return -1;
        if (value && strlen(value) > LIMIT_QUERY_VALUE)
            return error_set(reterr, ERROR_INVALID, "parameter %.40s is longer than %u bytes", pair, LIMIT_QUERY_VALUE);
        target->bad_parameter = NULL;
        target->parameters[target->parameter_count++] =
            (struct http_parameter){.name = pair, .value = value ? value : ""};
    }
    return 0;
}

int http_target_parse(const char *raw, struct http_target *ret_target, struct error *reterr)
{
    ret_target->segment_count = 0;
    ret_target->parameter_count = 0;
    ret_target->bad_parameter = NULL;
    if (raw[0] != '/')
        return error_set(reterr, ERROR_INVALID, "the target must begin with a slash");
    size_t length = strlen(raw);
    if (length >= sizeof ret_target->text)
        return error_set(reterr, ERROR_INVALID, "the target is longer than %zu bytes", sizeof ret_target->text - 1);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)raw[i] <= ' ' || raw[i] == 0x7f || raw[i] == '#')
            return error_set(reterr, ERROR_INVALID, "the target holds a character that must be percent-encoded");
    }
    memcpy(ret_target->text, raw, length + 1);
    char *query = strchr(ret_target->text, '?');
    if (query)
        *query++ = 0;
    if (parse_path(ret_target->text, ret_target, reterr))
        return -1;
    return query ? parse_query(query, ret_target, reterr) : 0;
}

static bool is_token(const char *text, size_t length)
{
    static const char specials[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        bool alphanumeric = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        if (!alphanumeric && !memchr(specials, byte, sizeof specials - 1))
            return false;
    }
    return length > 0;
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f)
            return true;
    }
    return false;
}

static bool name_is(const char *name, size_t length, const char *expected)
{
    return length == strlen(expected) && strncasecmp(name, expected, length) == 0;
}

/* Digits only: no sign, no blank, no list, nothing that overflows in somebody else's parser. */
static bool parse_length(const char *value, size_t length, uint64_t *ret_length)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < length; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(value[i] - '0');
    }
    *ret_length = sum;
    return length > 0 && length <= 18;
}

void http_guard_header(struct http_guard *guard, const char *name, size_t name_length, const char *value,
                       size_t value_length)
{
    if (!is_token(name, name_length) || has_control(value, value_length))
        guard->malformed = true;
    switch (name_length) {
    case 4:
        guard->hosts += name_is(name, name_length, "host");
        return;
    case 14:
        if (name_is(name, name_length, "content-length")) {
            guard->lengths++;
            if (!parse_length(value, value_length, &guard->length))
                guard->length_invalid = true;
        }
        return;
    case 17:
        if (name_is(name, name_length, "transfer-encoding"))
            guard->transfer_encoding = true;
        return;
    default:
        return;
    }
}

int http_guard_check(const struct http_guard *guard, enum http_method method, const char *version,
                     const char **ret_detail)
{
    bool is_1_1 = strcmp(version, "HTTP/1.1") == 0;
    const struct {
        bool holds;
        int status;
        const char *detail;
    } rules[] = {
        {!is_1_1 && strcmp(version, "HTTP/1.0") != 0, 505, "the version must be HTTP/1.1 or HTTP/1.0"},
        {guard->malformed, 400, "a header field is malformed"},
        {guard->transfer_encoding, 400, "Transfer-Encoding is not accepted"},
        {guard->lengths > 1, 400, "there is more than one Content-Length"},
        {guard->length_invalid, 400, "Content-Length is not a plain number"},
        {guard->hosts > 1, 400, "there is more than one Host"},
        {guard->hosts == 0 && is_1_1, 400, "Host is missing"},
        {guard->length > 0 && (method == HTTP_GET || method == HTTP_HEAD), 400, "this method takes no body"},
        {guard->length > LIMIT_REQUEST_BODY, 413, "the body is too large"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        if (rules[i].holds) {
            *ret_detail = rules[i].detail;
            return rules[i].status;
        }
    }
    return 0;
}

const char *http_request_parameter(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->parameter_count; i++) {
        if (strcmp(request->parameters[i].name, name) == 0)
            return request->parameters[i].value;
    }
    return NULL;
}

bool http_etag_matches(const char *field, const char *etag)
{
    size_t length = strlen(etag);
    while (*field) {
        field += strspn(field, " \t,");
        if (*field == '*')
            return true;
        if (strncmp(field, "W/", 2) == 0)
            field += 2;
        if (strncmp(field, etag, length) == 0 && (field[length] == 0 || strchr(" \t,", field[length])))
            return true;
        field += strcspn(field, ",");
    }
    return false;
}
