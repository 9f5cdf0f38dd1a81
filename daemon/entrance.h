/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of a configuration say about who gets in: tokens (access.h) and the identity of TLS listeners (tls.h).
 * They are read together, so that a configuration is taken whole or not at all. For the main thread.
 */
#ifndef MIGRATIOND_DAEMON_ENTRANCE_H
#define MIGRATIOND_DAEMON_ENTRANCE_H

#include "daemon/access.h"
#include "daemon/tls.h"

/* As read, before anybody uses them. */
struct entrance_keys {
    struct access_tokens *tokens;
    struct tls_identity *identity; /* NULL: no TLS */
};

/* Fails with ERROR_INVALID: where it stands in the configuration, which file, what is wrong. */
int entrance_read(const struct config *config, struct entrance_keys *ret_keys, struct error *reterr);
void entrance_keys_done(struct entrance_keys *keys);

/* Calls `say` with each sentence that an operator should read: tokens that anybody on the way can read, a certificate
 * that is not valid now. */
void entrance_remarks(const struct config *config, const struct entrance_keys *keys, int64_t unix_seconds,
                      void (*say)(const char *text));

/* What requests are judged by; in use by every thread while the server runs. */
struct entrance {
    struct access *access;
    struct tls *tls; /* NULL: no TLS */
};

/* Takes the keys out of `keys`. */
int entrance_init(struct entrance *entrance, struct entrance_keys *keys, struct error *reterr);
void entrance_done(struct entrance *entrance);

/* New keys for requests and connections that begin from now on; `keys` gets the ones before, so that doing it again
 * undoes it. Whether TLS is spoken at all stays. */
void entrance_exchange(struct entrance *entrance, struct entrance_keys *keys);

DEFINE_CLEANUP_VALUE(entrance_keys, struct entrance_keys, entrance_keys_done);

#endif
