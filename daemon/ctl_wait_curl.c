/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ctl_wait_curl.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "daemon/ctl_curl.h"

static size_t take_body(char *bytes, size_t size, size_t count, void *payload)
{
    struct strbuf *body = payload;
    strbuf_add(body, bytes, size * count);
    return strbuf_ok(body) ? size * count : 0;
}

static bool set_up(CURL *curl, const struct wait_request *request, struct curl_slist *headers, struct strbuf *body)
{
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms) == CURLE_OK &&
           (!request->body || (curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
                               curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body) == CURLE_OK));
}

static void take_answer(CURL *curl, struct wait_answer *answer)
{
    long status = 0;
    curl_off_t retry_after = 0;
    const char *location = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
    curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
    answer->status = (int)status;
    answer->retry_after_ms = (int64_t)retry_after * 1000;
    snprintf(answer->location, sizeof answer->location, "%s", location ? location : "");
    utf8_make_line(answer->location, sizeof answer->location);
}

static void perform(CURL *curl, const struct wait_request *request, struct curl_slist *headers,
                    struct wait_answer *answer)
{
    CURLcode code = set_up(curl, request, headers, &answer->body) ? curl_easy_perform(curl) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        take_answer(curl, answer);
    else if (!*answer->problem)
        snprintf(answer->problem, sizeof answer->problem, "%s", curl_easy_strerror(code));
}

static void exchange(void *payload, const struct wait_request *request, struct wait_answer *ret_answer)
{
    const struct ctl_options *options = payload;
    struct curl_slist *headers = NULL;
    *ret_answer = (struct wait_answer){.body = STRBUF(LIMIT_WAIT_BODY)};
    _Static_assert(sizeof ret_answer->problem >= CURL_ERROR_SIZE, "libcurl writes this much");
    CURL *curl = curl_easy_init();
    bool usable = ctl_curl_set_up(curl, options, request->target, ret_answer->problem);
    if (usable && request->body)
        headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (usable && (headers || !request->body))
        perform(curl, request, headers, ret_answer);
    else if (!*ret_answer->problem)
        snprintf(ret_answer->problem, sizeof ret_answer->problem, "out of memory");
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

struct wait_transport ctl_curl_transport(const struct ctl_options *options)
{
    return (struct wait_transport){.exchange = exchange, .payload = (void *)(uintptr_t)options};
}
