/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/resolve/resolve.h"

#include <netdb.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/alloc.h"

/* Owned by both sides: the C library writes into it until the lookup is over, which can be after we gave up. */
struct lookup {
    atomic_int owners;
    struct gaicb request;
    struct addrinfo hints;
    char host[256];
};

static void release(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->owners, 1) > 1)
        return;
    if (lookup->request.ar_result)
        freeaddrinfo(lookup->request.ar_result);
    mem_free(lookup);
}

DEFINE_CLEANUP(lookup, struct lookup *, release);

static void lookup_over(union sigval value)
{
    release(value.sival_ptr);
}

static size_t copy_addresses(const struct addrinfo *found, struct engine_address *ret_addresses, size_t limit)
{
    size_t count = 0;
    for (; found && count < limit; found = found->ai_next)
        if (getnameinfo(found->ai_addr, found->ai_addrlen, ret_addresses[count].text, sizeof ret_addresses->text, NULL,
                        0, NI_NUMERICHOST) == 0)
            count++;
    return count;
}

/* Addresses need no resolver. */
static bool is_numeric(const char *host)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

static struct lookup *start(const char *host, struct error *reterr)
{
    struct lookup *lookup = mem_calloc(1, sizeof *lookup);
    if (!lookup) {
        error_no_memory(reterr);
        return NULL;
    }
    memcpy(lookup->host, host, strlen(host) + 1);
    lookup->hints.ai_socktype = SOCK_STREAM;
    lookup->request.ar_name = lookup->host;
    lookup->request.ar_request = &lookup->hints;
    atomic_init(&lookup->owners, 2);
    struct gaicb *list[] = {&lookup->request};
    struct sigevent notify = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = lookup_over};
    notify.sigev_value.sival_ptr = lookup;
    if (getaddrinfo_a(GAI_NOWAIT, list, 1, &notify) != 0) {
        mem_free(lookup);
        error_set(reterr, ERROR_UNREACHABLE, "host '%s' cannot be looked up now", host);
        return NULL;
    }
    return lookup;
}

int engine_resolve(const char *host, struct deadline deadline, struct engine_address *ret_addresses, size_t limit,
                   size_t *ret_count, struct error *reterr)
{
    if (strlen(host) >= sizeof((struct lookup *)0)->host)
        return error_set(reterr, ERROR_INVALID, "a host name is longer than 255 bytes");
    if (is_numeric(host) && strlen(host) < sizeof ret_addresses->text) {
        memcpy(ret_addresses->text, host, strlen(host) + 1);
        *ret_count = 1;
        return 0;
    }
    cleanup(lookup) struct lookup *lookup = start(host, reterr);
    if (!lookup)
        return -1;
    const struct gaicb *const list[] = {&lookup->request};
    int status = EAI_INPROGRESS;
    while ((status = gai_error(&lookup->request)) == EAI_INPROGRESS && !deadline_passed(deadline)) {
        int left = deadline_left_ms(deadline);
        struct timespec timeout = {.tv_sec = left / 1000, .tv_nsec = (left % 1000) * 1000000L};
        gai_suspend(list, 1, &timeout);
    }
    if (status == EAI_INPROGRESS)
        return error_set(reterr, ERROR_TIMEOUT, "looking up host '%s' took too long", host);
    if (status != 0)
        return error_set(reterr, ERROR_UNREACHABLE, "host '%s' cannot be looked up: %s", host, gai_strerror(status));
    *ret_count = copy_addresses(lookup->request.ar_result, ret_addresses, limit);
    if (*ret_count == 0)
        return error_set(reterr, ERROR_UNREACHABLE, "host '%s' has no address", host);
    return 0;
}
