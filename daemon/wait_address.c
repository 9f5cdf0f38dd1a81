/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_address.h"

#include <stdio.h>
#include <string.h>

#include "base/problem.h"

static bool keep(const char *text, size_t length, char *place, size_t size)
{
    if (length >= size)
        return false;
    memcpy(place, text, length);
    place[length] = '\0';
    return true;
}

/* What may stand in a request's first line and in its Host field. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7F)
            return false;
    return true;
}

static bool parse_target(const char *text, struct wait_address *address, char *problem, size_t size)
{
    size_t length = strlen(text);
    if (text[strcspn(text, "?#")])
        return problem_set(problem, size,
                           "an address of a gate has no ? and no #: the question has options of its own");
    while (length > 0 && text[length - 1] == '/')
        length--;
    if (length == 0)
        return problem_set(problem, size, "it names no gate: it should end like /v1/gates/NAME");
    if (!keep(text, length, address->target, sizeof address->target))
        return problem_set(problem, size, "it is too long");
    return true;
}

static bool parse_port(const char *text, size_t length, struct wait_address *address, char *problem, size_t size)
{
    unsigned number = 0;
    bool digits = length > 0 && length <= 5;
    for (size_t i = 0; digits && i < length; i++) {
        digits = text[i] >= '0' && text[i] <= '9';
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    if (!digits || number == 0 || number > 65535)
        return problem_set(problem, size, "'%.*s' is no port", (int)length, text);
    snprintf(address->port, sizeof address->port, "%u", number);
    return true;
}

/* HOST[:PORT], of `length` characters. */
static bool parse_authority(const char *text, size_t length, struct wait_address *address, char *problem, size_t size)
{
    if (memchr(text, '@', length))
        return problem_set(problem, size, "it holds a user or a password: a token belongs into --token-file");
    if (!keep(text, length, address->field, sizeof address->field))
        return problem_set(problem, size, "the host's name is too long");
    const char *end = text + length;
    bool bracketed = *text == '[';
    const char *host = text + bracketed;
    const char *host_end = memchr(host, bracketed ? ']' : ':', (size_t)(end - host));
    if (!host_end && bracketed)
        return problem_set(problem, size, "a ] is missing");
    if (!host_end)
        host_end = end;
    if (host_end == host)
        return problem_set(problem, size, "it names no host");
    if (!keep(host, (size_t)(host_end - host), address->host, sizeof address->host))
        return problem_set(problem, size, "the host's name is too long");
    const char *rest = host_end + bracketed;
    memcpy(address->port, "80", sizeof "80");
    if (rest == end)
        return true;
    if (*rest != ':')
        return problem_set(problem, size, "after a ] there may be a port only");
    return parse_port(rest + 1, (size_t)(end - rest - 1), address, problem, size);
}

/* "/path/of/socket:/v1/gates/NAME": a path may hold colons, a target begins with the last ":/". */
static bool parse_unix(const char *text, struct wait_address *address, char *problem, size_t size)
{
    const char *target = NULL;
    for (const char *colon = strstr(text, ":/"); colon; colon = strstr(colon + 1, ":/"))
        target = colon + 1;
    if (*text != '/' || !target)
        return problem_set(problem, size, "a unix socket is written unix:/path/of/socket:/v1/gates/NAME");
    if (!keep(text, (size_t)(target - 1 - text), address->socket, sizeof address->socket))
        return problem_set(problem, size, "the socket's path is longer than %d characters", WAIT_SOCKET_SIZE - 1);
    memcpy(address->field, "localhost", sizeof "localhost");
    return parse_target(target, address, problem, size);
}

bool wait_address_parse(const char *text, struct wait_address *ret_address, char *problem, size_t size)
{
    *ret_address = (struct wait_address){0};
    if (!is_plain(text))
        return problem_set(problem, size,
                           "it holds a blank or a character that is not ASCII: write it as %%20 or the like");
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(text + 5, ret_address, problem, size);
    if (strncmp(text, "https://", 8) == 0)
        return problem_set(problem, size, "it needs TLS, which only migrationctl wait speaks");
    if (strncmp(text, "http://", 7) != 0)
        return problem_set(problem, size, "it should be http://HOST:PORT/v1/gates/NAME or unix:/SOCKET:/v1/gates/NAME");
    size_t length = strcspn(text + 7, "/?#");
    if (length == 0)
        return problem_set(problem, size, "it names no host");
    return parse_authority(text + 7, length, ret_address, problem, size) &&
           parse_target(text + 7 + length, ret_address, problem, size);
}

void wait_encode(struct strbuf *out, const char *text)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (; *text; text++) {
        if (strchr(plain, *text))
            strbuf_add_char(out, *text);
        else
            strbuf_printf(out, "%%%02X", (unsigned char)*text);
    }
}
