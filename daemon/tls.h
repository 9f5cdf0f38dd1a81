/* SPDX-License-Identifier: Apache-2.0
 *
 * What a listener shows and demands in TLS: certificate, key, and whose certificates clients must show. An identity is
 * immutable and shared by reference count between any threads; a session keeps the one that it began with. `struct tls`
 * holds the current one, which the main thread replaces when the configuration is read again. Knows GnuTLS, no HTTP.
 */
#ifndef MIGRATIOND_DAEMON_TLS_H
#define MIGRATIOND_DAEMON_TLS_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/strbuf.h"
#include "daemon/config.h"

/* 1.2 and 1.3 alone, and the server's order of ciphers. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

struct gnutls_session_int;
struct tls_identity;

/* Reads the files and checks that they belong together. Fails with ERROR_INVALID and the file's name. */
int tls_identity_load(const struct config_tls *config, struct tls_identity **ret_identity, struct error *reterr);
struct tls_identity *tls_identity_ref(struct tls_identity *identity);
void tls_identity_unref(struct tls_identity *identity);

/* Appends a sentence if the certificate is not valid at that time. */
void tls_identity_remark(const struct tls_identity *identity, int64_t unix_seconds, struct strbuf *out);

/* Makes a server's session use it, before the handshake. The identity must outlive the session. */
int tls_identity_apply(const struct tls_identity *identity, struct gnutls_session_int *session);

struct tls;

/* Takes over `identity`, which may be NULL: then no session can begin. */
struct tls *tls_new(struct tls_identity *identity) __attribute__((warn_unused_result));
void tls_free(struct tls *tls);

/* Takes over `identity`, and hands out the one before. */
struct tls_identity *tls_exchange(struct tls *tls, struct tls_identity *identity) __attribute__((warn_unused_result));

/* A reference to the current one; any thread. */
struct tls_identity *tls_acquire(struct tls *tls);

DEFINE_CLEANUP(tls_identity, struct tls_identity *, tls_identity_unref);
DEFINE_CLEANUP(tls, struct tls *, tls_free);

#endif
