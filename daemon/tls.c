/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"

enum { CHAIN_LENGTH = 16 };

struct tls_identity {
    unsigned references; /* atomic */
    gnutls_certificate_credentials_t credentials;
    bool asks_clients;
    int64_t valid_from; /* seconds since 1970 */
    int64_t valid_until;
    char *certificate; /* the file's name, for remarks */
};

/* The certificates of a file, as the library wants them. */
struct chain {
    gnutls_x509_crt_t items[CHAIN_LENGTH];
    unsigned count;
};

static void chain_done(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->items[i]);
    chain->count = 0;
}
DEFINE_CLEANUP_VALUE(chain, struct chain, chain_done);

static void key_done(gnutls_x509_privkey_t *key)
{
    if (*key)
        gnutls_x509_privkey_deinit(*key);
}
DEFINE_CLEANUP_VALUE(key, gnutls_x509_privkey_t, key_done);

/* A buffer that may hold a key. */
static void secret_done(struct strbuf *text)
{
    if (text->bytes)
        explicit_bzero(text->bytes, text->length);
    strbuf_done(text);
}
DEFINE_CLEANUP_VALUE(secret, struct strbuf, secret_done);

static int fail(struct error *reterr, const char *key, const char *path, const char *why)
{
    return error_set(reterr, ERROR_INVALID, "tls.%s: %s: %s", key, path, why);
}

/* The room for all of a file is taken beforehand: a key must not stay behind in a block that was outgrown. */
static int read_file(const char *key, const char *path, struct strbuf *out, struct error *reterr)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return fail(reterr, key, path, strerror(errno));
    ssize_t count = 1;
    char *place = strbuf_reserve(out, LIMIT_TLS_FILE + 1);
    while (place && count > 0 && out->length <= LIMIT_TLS_FILE) {
        count = read(file, place + out->length, LIMIT_TLS_FILE + 1 - out->length);
        if (count > 0)
            strbuf_commit(out, (size_t)count);
        else if (count < 0 && errno == EINTR)
            count = 1;
    }
    int failure = errno;
    close(file);
    if (!place)
        return error_no_memory(reterr);
    if (count < 0)
        return fail(reterr, key, path, strerror(failure));
    return out->length > LIMIT_TLS_FILE ? fail(reterr, key, path, "the file is too large") : 0;
}

static gnutls_datum_t datum_of(const struct strbuf *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text->bytes, .size = (unsigned)text->length};
}

static int read_chain(const char *path, struct chain *chain, struct error *reterr)
{
    cleanup(secret) struct strbuf text = STRBUF(2 * LIMIT_TLS_FILE);
    if (read_file("certificate", path, &text, reterr) < 0)
        return -1;
    gnutls_datum_t datum = datum_of(&text);
    unsigned count = CHAIN_LENGTH;
    int result = gnutls_x509_crt_list_import(chain->items, &count, &datum, GNUTLS_X509_FMT_PEM,
                                             GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED | GNUTLS_X509_CRT_LIST_SORT);
    if (result < 0)
        return fail(reterr, "certificate", path, gnutls_strerror(result));
    chain->count = (unsigned)result;
    return chain->count > 0 ? 0 : fail(reterr, "certificate", path, "there is no certificate");
}

static int read_key(const char *path, gnutls_x509_privkey_t *ret_key, struct error *reterr)
{
    cleanup(secret) struct strbuf text = STRBUF(2 * LIMIT_TLS_FILE);
    if (read_file("key", path, &text, reterr) < 0)
        return -1;
    if (gnutls_x509_privkey_init(ret_key) < 0)
        return error_no_memory(reterr);
    gnutls_datum_t datum = datum_of(&text);
    int result = gnutls_x509_privkey_import2(*ret_key, &datum, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (result == GNUTLS_E_DECRYPTION_FAILED)
        return fail(reterr, "key", path, "the key is encrypted, and there is nobody to ask for its password");
    return result < 0 ? fail(reterr, "key", path, gnutls_strerror(result)) : 0;
}

static int read_client_ca(const char *path, gnutls_certificate_credentials_t credentials, struct error *reterr)
{
    cleanup(secret) struct strbuf text = STRBUF(2 * LIMIT_TLS_FILE);
    if (read_file("client_ca", path, &text, reterr) < 0)
        return -1;
    gnutls_datum_t datum = datum_of(&text);
    int count = gnutls_certificate_set_x509_trust_mem(credentials, &datum, GNUTLS_X509_FMT_PEM);
    if (count < 0)
        return fail(reterr, "client_ca", path, gnutls_strerror(count));
    return count > 0 ? 0 : fail(reterr, "client_ca", path, "there is no certificate");
}

/* Called within the handshake once the client has shown a certificate; without one it has failed before. A result of 0
 * alone only means that there was an answer: the status says which. */
static int verify_client(gnutls_session_t session)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st data = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
    unsigned status = ~0u;
    int result = gnutls_certificate_verify_peers(session, &data, 1, &status);
    return result == 0 && status == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static int fill(struct tls_identity *identity, const struct config_tls *config, struct error *reterr)
{
    cleanup(chain) struct chain chain = {0};
    cleanup(key) gnutls_x509_privkey_t key = NULL;
    if (read_chain(config->certificate, &chain, reterr) < 0 || read_key(config->key, &key, reterr) < 0)
        return -1;
    int result = gnutls_certificate_set_x509_key(identity->credentials, chain.items, (int)chain.count, key);
    if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        return fail(reterr, "key", config->key, "it does not belong to tls.certificate");
    if (result < 0)
        return fail(reterr, "certificate", config->certificate, gnutls_strerror(result));
    identity->valid_from = gnutls_x509_crt_get_activation_time(chain.items[0]);
    identity->valid_until = gnutls_x509_crt_get_expiration_time(chain.items[0]);
    if (!config->client_ca)
        return 0;
    identity->asks_clients = true;
    gnutls_certificate_set_verify_function(identity->credentials, verify_client);
    return read_client_ca(config->client_ca, identity->credentials, reterr);
}

int tls_identity_load(const struct config_tls *config, struct tls_identity **ret_identity, struct error *reterr)
{
    cleanup(tls_identity) struct tls_identity *identity = mem_calloc(1, sizeof *identity);
    if (!identity)
        return error_no_memory(reterr);
    identity->references = 1;
    identity->certificate = mem_strdup(config->certificate);
    if (!identity->certificate || gnutls_certificate_allocate_credentials(&identity->credentials) < 0)
        return error_no_memory(reterr);
    if (fill(identity, config, reterr) < 0)
        return reterr && reterr->code == ERROR_INVALID ? error_prefix(reterr, "%s", config->place) : -1;
    *ret_identity = take(identity);
    return 0;
}

struct tls_identity *tls_identity_ref(struct tls_identity *identity)
{
    if (identity)
        refcount_take(&identity->references);
    return identity;
}

void tls_identity_unref(struct tls_identity *identity)
{
    if (!identity || !refcount_drop(&identity->references))
        return;
    if (identity->credentials)
        gnutls_certificate_free_credentials(identity->credentials);
    mem_free(identity->certificate);
    mem_free(identity);
}

void tls_identity_remark(const struct tls_identity *identity, int64_t unix_seconds, struct strbuf *out)
{
    bool early = unix_seconds < identity->valid_from;
    if (!early && unix_seconds <= identity->valid_until)
        return;
    time_t moment = (time_t)(early ? identity->valid_from : identity->valid_until);
    struct tm utc = {0};
    char text[32] = "";
    if (gmtime_r(&moment, &utc))
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    strbuf_printf(out, "the certificate %s %s %s: clients will refuse it", identity->certificate,
                  early ? "is not valid before" : "has expired at", text);
}

int tls_identity_apply(const struct tls_identity *identity, gnutls_session_t session)
{
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, identity->credentials) < 0)
        return -1;
    gnutls_certificate_server_set_request(session, identity->asks_clients ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_IGNORE);
    return 0;
}

struct tls {
    pthread_mutex_t lock;
    struct tls_identity *current; /* one reference */
};

struct tls *tls_new(struct tls_identity *identity)
{
    struct tls *tls = mem_calloc(1, sizeof *tls);
    if (!tls) {
        tls_identity_unref(identity);
        return NULL;
    }
    tls->current = identity;
    pthread_mutex_init(&tls->lock, NULL);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    tls_identity_unref(tls->current);
    pthread_mutex_destroy(&tls->lock);
    mem_free(tls);
}

struct tls_identity *tls_exchange(struct tls *tls, struct tls_identity *identity)
{
    pthread_mutex_lock(&tls->lock);
    struct tls_identity *old = tls->current;
    tls->current = identity;
    pthread_mutex_unlock(&tls->lock);
    return old;
}

struct tls_identity *tls_acquire(struct tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    struct tls_identity *identity = tls_identity_ref(tls->current);
    pthread_mutex_unlock(&tls->lock);
    return identity;
}
