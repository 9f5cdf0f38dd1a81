/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ctl_curl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/access.h"
#include "daemon/wait_address.h"

enum { CONNECT_TIMEOUT_MS = 5000 };

void ctl_answer_done(struct ctl_answer *answer)
{
    strbuf_done(&answer->body);
}

static size_t take_body(char *bytes, size_t size, size_t count, void *payload)
{
    struct ctl_answer *answer = payload;
    strbuf_add(&answer->body, bytes, size * count);
    return strbuf_ok(&answer->body) ? size * count : 0;
}

void ctl_encode(struct strbuf *out, const char *text)
{
    wait_encode(out, text);
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A proxy of the environment is for the outside: a health check in a container must not leave by it. */
static bool is_on_this_machine(const char *server)
{
    static const char *const hosts[] = {"127.", "localhost", "[::1]"};
    const char *scheme_end = strstr(server, "://");
    for (size_t i = 0; scheme_end && i < ARRAY_LENGTH(hosts); i++) {
        if (starts_with(scheme_end + 3, hosts[i]))
            return true;
    }
    return starts_with(server, "unix:");
}

/* "unix:/path" or a URL without a path. */
static bool set_address(CURL *curl, const char *server, const char *path, struct strbuf *url)
{
    if (strstr(server, "://") && !starts_with(server, "http://") && !starts_with(server, "https://"))
        return false;
    if (is_on_this_machine(server) && curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK)
        return false;
    if (starts_with(server, "unix:")) {
        if (curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, server + 5) != CURLE_OK)
            return false;
        strbuf_add_string(url, "http://localhost");
    } else {
        strbuf_add(url, server, strlen(server) - (server[strlen(server) - 1] == '/'));
    }
    strbuf_add_string(url, path);
    return strbuf_ok(url) && curl_easy_setopt(curl, CURLOPT_URL, strbuf_text(url)) == CURLE_OK;
}

static bool set_token(CURL *curl, const char *path, char *problem)
{
    char token[TOKEN_SIZE] = "";
    struct error error = {.code = ERROR_OK};
    if (access_token_read(path, token, &error) < 0) {
        snprintf(problem, CURL_ERROR_SIZE, "%s", error.message);
        return false;
    }
    bool set = curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER) == CURLE_OK &&
               curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token) == CURLE_OK;
    explicit_bzero(token, sizeof token);
    if (!set)
        snprintf(problem, CURL_ERROR_SIZE, "libcurl takes no token");
    return set;
}

static bool set_file(CURL *curl, CURLoption option, const char *path)
{
    return !path || curl_easy_setopt(curl, option, path) == CURLE_OK;
}

/* Files that do not fit are found out when they are used. */
static bool set_tls(CURL *curl, const struct ctl_options *options)
{
    return set_file(curl, CURLOPT_CAINFO, options->ca) && set_file(curl, CURLOPT_SSLCERT, options->cert) &&
           set_file(curl, CURLOPT_SSLKEY, options->key);
}

/* Without a user and password that were put into it. */
static const char *shown_address(const char *server)
{
    const char *at = strrchr(server, '@');
    return at ? at + 1 : server;
}

bool ctl_curl_set_up(CURL *curl, const struct ctl_options *options, const char *path, char *error)
{
    cleanup(strbuf) struct strbuf url = STRBUF(16384);
    if (curl && options->token_file && !set_token(curl, options->token_file, error))
        return false;
    if (curl && set_tls(curl, options) && set_address(curl, options->server, path, &url) &&
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "migrationctl/" MIGRATIOND_VERSION) == CURLE_OK)
        return true;
    snprintf(error, CURL_ERROR_SIZE,
             "'%s' is no address of a daemon: http://HOST:PORT, https://HOST:PORT or unix:/path (see --server)",
             shown_address(options->server));
    return false;
}

void ctl_curl_describe(CURL *curl, CURLcode code, const struct ctl_options *options, char *error)
{
    long number = 0;
    char reason[CURL_ERROR_SIZE] = "";
    if (code == CURLE_OK)
        return;
    snprintf(reason, sizeof reason, "%s", *error ? error : curl_easy_strerror(code));
    if (code == CURLE_COULDNT_CONNECT && curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0)
        snprintf(reason, sizeof reason, "%s", strerror((int)number));
    snprintf(error, CURL_ERROR_SIZE, "the daemon at %s: %s%s", shown_address(options->server), reason,
             code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ? " (--server says where it is)" : "");
}

/* `body` NULL: it is a GET. */
static bool set_up(CURL *curl, const char *body, const struct curl_slist *headers, int64_t timeout_ms,
                   struct ctl_answer *answer)
{
    return curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) == CURLE_OK &&
           (!body || (curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
                      curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK));
}

static void exchange(const struct ctl_options *options, const char *path, const char *body,
                     const struct curl_slist *headers, int64_t timeout_ms, struct ctl_answer *ret_answer)
{
    *ret_answer = (struct ctl_answer){.body = STRBUF(LIMIT_RESPONSE_BYTES)};
    _Static_assert(sizeof ret_answer->error >= CURL_ERROR_SIZE, "libcurl writes this much");
    CURL *curl = curl_easy_init();
    if (!ctl_curl_set_up(curl, options, path, ret_answer->error) ||
        !set_up(curl, body, headers, timeout_ms, ret_answer)) {
        curl_easy_cleanup(curl);
        return;
    }
    CURLcode code = curl_easy_perform(curl);
    curl_off_t retry_after = 0;
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
        curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
        ret_answer->retry_after_ms = (int64_t)retry_after * 1000;
    }
    ctl_curl_describe(curl, code, options, ret_answer->error);
    curl_easy_cleanup(curl);
}

void ctl_request(const struct ctl_options *options, const char *method, const char *path, int64_t timeout_ms,
                 struct ctl_answer *ret_answer)
{
    exchange(options, path, strcmp(method, "POST") == 0 ? "" : NULL, NULL, timeout_ms, ret_answer);
}

void ctl_post(const struct ctl_options *options, const char *path, const char *body, int64_t timeout_ms,
              struct ctl_answer *ret_answer)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (headers)
        exchange(options, path, body, headers, timeout_ms, ret_answer);
    else
        *ret_answer = (struct ctl_answer){.error = "out of memory"};
    curl_slist_free_all(headers);
}

struct json_document *ctl_parse(const struct ctl_answer *answer)
{
    struct json_document *document = NULL;
    struct error error = {.code = ERROR_OK};
    if (json_parse(strbuf_text(&answer->body), answer->body.length, LIMIT_RESPONSE_BYTES, "answer", &document, &error) <
        0)
        fprintf(stderr, "migrationctl: the daemon's answer is no JSON: %s\n", error.message);
    return document;
}

void ctl_print_problem(const struct ctl_answer *answer)
{
    if (answer->status == 0) {
        fprintf(stderr, "migrationctl: %s\n", answer->error);
        return;
    }
    cleanup(json_document) struct json_document *document = NULL;
    const char *detail = NULL;
    if (json_parse(strbuf_text(&answer->body), answer->body.length, LIMIT_RESPONSE_BYTES, "answer", &document, NULL) ==
        0)
        detail = json_text(json_member(json_root(document), "detail"));
    fprintf(stderr, "migrationctl: HTTP %ld%s", answer->status, detail ? ": " : "");
    ctl_put_text(stderr, detail, "");
    fputc('\n', stderr);
}
