/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admission_signal.h"

#include <string.h>

typedef bool member_reader(const struct json_value *value, struct admission_signal *signal,
                           struct http_response *response);

static member_reader read_revisions;
static member_reader read_ranges;
static member_reader read_match;

/* Which member stands where, and how long it may be. */
static const struct member {
    const char *name;
    size_t offset;
    size_t longest;
    member_reader *read; /* instead of offset and longest; NULL */
    bool required;
} members[] = {
    {.name = "application",
     .offset = offsetof(struct admission_signal, application),
     .longest = LIMIT_ADMISSION_TEXT,
     .required = true},
    {.name = "instance",
     .offset = offsetof(struct admission_signal, instance),
     .longest = LIMIT_ADMISSION_TEXT,
     .required = true},
    {.name = "revision", .read = read_revisions},
    {.name = "supports", .read = read_ranges},
    {.name = "match", .read = read_match},
};

static const char *read_text(const struct json_value *value, const char *name, size_t longest,
                             struct http_response *response)
{
    const char *text = json_text(value);
    if (text && *text && strlen(text) <= longest)
        return text;
    http_response_bad_member(response, name, "%s must be a string of 1 to %zu bytes", name, longest);
    return NULL;
}

static bool add_text(const struct json_value *value, const char *name, struct signal_texts *texts,
                     struct http_response *response)
{
    const char *text = read_text(value, name, LIMIT_QUERY_VALUE, response);
    if (!text)
        return false;
    strbuf_add_string(&texts->joined, texts->count > 0 ? " " : "");
    strbuf_add_string(&texts->joined, text);
    texts->items[texts->count++] = text;
    return true;
}

static bool read_texts(const struct json_value *value, const char *name, struct signal_texts *texts,
                       struct http_response *response)
{
    size_t count = json_length(value);
    if (!json_is_array(value))
        return add_text(value, name, texts, response);
    if (count == 0 || count > ARRAY_LENGTH(texts->items)) {
        http_response_bad_member(response, name, "%s must be a string, or a list of 1 to %zu of them", name,
                                 ARRAY_LENGTH(texts->items));
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!add_text(json_element(value, i), name, texts, response))
            return false;
    }
    return true;
}

static bool read_revisions(const struct json_value *value, struct admission_signal *signal,
                           struct http_response *response)
{
    return read_texts(value, "revision", &signal->revisions, response);
}

static bool read_ranges(const struct json_value *value, struct admission_signal *signal, struct http_response *response)
{
    return read_texts(value, "supports", &signal->supports, response);
}

static bool read_match(const struct json_value *value, struct admission_signal *signal, struct http_response *response)
{
    const char *text = json_text(value);
    signal->match = text ? match_from_name(text) : MATCHES;
    if (signal->match == MATCHES)
        http_response_bad_member(response, "match", "match is exact, at-least or contains");
    else if (signal->revisions.count == 0)
        http_response_bad_member(response, "match", "match says how to compare a revision, and none is given");
    else if (signal->supports.count > 0)
        http_response_bad_member(response, "match", "a range says itself how it compares: match goes without supports");
    return response->status == 0;
}

/* Stops at the first member that is not in the table. */
static bool is_known_member(void *payload, const char *key, const struct json_value *value)
{
    (void)value;
    for (size_t i = 0; i < ARRAY_LENGTH(members); i++) {
        if (strcmp(members[i].name, key) == 0)
            return true;
    }
    http_response_bad_member(payload, key, "the members are application, instance, revision, match and supports");
    return false;
}

static bool read_member(const struct json_value *root, const struct member *member, struct admission_signal *signal,
                        struct http_response *response)
{
    const struct json_value *value = json_member(root, member->name);
    if (!value && !member->required)
        return true;
    if (member->read)
        return member->read(value, signal, response);
    const char *text = read_text(value, member->name, member->longest, response);
    memcpy((char *)signal + member->offset, &text, sizeof text);
    return text;
}

bool admission_signal_parse(const char *body, size_t length, struct admission_signal *ret_signal,
                            struct http_response *response)
{
    struct error error = {.code = ERROR_OK};
    *ret_signal = (struct admission_signal){.match = MATCH_AT_LEAST};
    ret_signal->revisions.joined = ret_signal->supports.joined = (struct strbuf)STRBUF(LIMIT_REQUEST_BODY);
    if (json_parse(body ? body : "", length, LIMIT_REQUEST_BODY, "body", &ret_signal->document, &error) < 0) {
        if (error.code == ERROR_NO_MEMORY)
            http_response_no_memory(response);
        else
            http_response_problem(response, 400, "%s", error.message);
        return false;
    }
    const struct json_value *root = json_root(ret_signal->document);
    if (!json_is_object(root)) {
        http_response_problem(response, 400, "the body must be a JSON object");
        return false;
    }
    json_each_member(root, is_known_member, response);
    for (size_t i = 0; response->status == 0 && i < ARRAY_LENGTH(members); i++) {
        if (!read_member(root, &members[i], ret_signal, response))
            return false;
    }
    if (response->status == 0 &&
        (!strbuf_ok(&ret_signal->revisions.joined) || !strbuf_ok(&ret_signal->supports.joined)))
        http_response_no_memory(response);
    return response->status == 0;
}

void admission_signal_done(struct admission_signal *signal)
{
    json_document_free(signal->document);
    strbuf_done(&signal->revisions.joined);
    strbuf_done(&signal->supports.joined);
}
