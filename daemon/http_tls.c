/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http_tls.h"

#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/alloc.h"

struct http_tls {
    struct http_loop *loop;
    const struct http_connection *connection;
    struct tls_identity *identity; /* one reference */
};

/* The library will not start without a certificate. Every session has an identity of its own instead: one that has none
 * must not begin. */
static int no_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
                          const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
                          unsigned *ret_count, gnutls_privkey_t *ret_key)
{
    (void)session, (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    *ret_chain = NULL;
    *ret_count = 0;
    *ret_key = NULL;
    return -1;
}

unsigned http_tls_options(const struct tls *tls, struct MHD_OptionItem ret_options[static HTTP_TLS_OPTIONS])
{
    static char priorities[] = TLS_PRIORITIES;
    static gnutls_certificate_retrieve_function2 *const none = no_certificate;
    struct MHD_OptionItem *item = ret_options;
    if (tls) {
        *item++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, priorities};
        *item++ = (struct MHD_OptionItem){MHD_OPTION_HTTPS_CERT_CALLBACK, 0, *(void *const *)(const void *)&none};
    }
    *item = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return tls ? MHD_USE_TLS : 0;
}

/* Bytes that went, or a handshake that waits for some. */
static ssize_t note(struct http_tls *tls, ssize_t count)
{
    if (count > 0)
        tls->loop->moved = true;
    else if (count < 0 && errno == EAGAIN && tls->connection->phase == PHASE_NEW)
        tls->loop->stuck = true;
    return count;
}

static ssize_t pull(gnutls_transport_ptr_t transport, void *buffer, size_t size)
{
    struct http_tls *tls = transport;
    return note(tls, recv(tls->connection->fd, buffer, size, 0));
}

static ssize_t push(gnutls_transport_ptr_t transport, const giovec_t *pieces, int count)
{
    struct http_tls *tls = transport;
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces, .msg_iovlen = (size_t)count};
    return note(tls, sendmsg(tls->connection->fd, &message, MSG_NOSIGNAL));
}

int http_tls_begin(struct http_loop *loop, struct http_connection *connection, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    gnutls_session_t session = info ? info->tls_session : NULL;
    struct http_tls *tls = session ? mem_calloc(1, sizeof *tls) : NULL;
    if (!tls)
        return -1;
    connection->tls = tls;
    tls->loop = loop;
    tls->connection = connection;
    tls->identity = tls_acquire(loop->listener->tls);
    if (!tls->identity || tls_identity_apply(tls->identity, session) < 0)
        return -1;
    gnutls_transport_set_ptr(session, tls);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_vec_push_function(session, push);
    return 0;
}

void http_tls_free(struct http_tls *tls)
{
    if (!tls)
        return;
    tls_identity_unref(tls->identity);
    mem_free(tls);
}
