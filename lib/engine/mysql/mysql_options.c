/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "engine/mysql/mysql_session.h"

/* In the order of enum mysql_tls. */
static const char *const tls_names[] = {"disabled", "preferred", "required", "verify-ca", "verify-identity"};

/* The same word with `-` or `_`, in any case. */
static bool same_word(const char *text, const char *word)
{
    for (; *text != '\0' && *word != '\0'; text++, word++) {
        char byte = *text == '_' ? '-' : *text;
        if (strncasecmp(&byte, word, 1) != 0)
            return false;
    }
    return *text == *word;
}

static int set_tls_mode(enum mysql_tls *ret_tls, const char *value, struct error *reterr)
{
    for (size_t i = 0; i < ARRAY_LENGTH(tls_names); i++) {
        if (same_word(value, tls_names[i])) {
            *ret_tls = (enum mysql_tls)i;
            return 0;
        }
    }
    return error_set(reterr, ERROR_INVALID,
                     "ssl-mode is %s: it must be disabled, preferred, required, verify-ca or verify-identity", value);
}

static bool is_true(const char *value)
{
    return strcasecmp(value, "1") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0 ||
           strcasecmp(value, "yes") == 0;
}

/* The server's key lets caching_sha2_password work without TLS. Connector/C asks for it by itself. */
static void set_public_key(MYSQL *mysql, const char *value)
{
#if MYSQL_HAS_GET_PUBLIC_KEY
    bool wanted = is_true(value);
    mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &wanted);
#else
    (void)mysql;
    (void)is_true(value);
#endif
}

static int set_parameter(MYSQL *mysql, const struct engine_parameter *parameter, enum mysql_tls *ret_tls,
                         const char **ret_socket, struct error *reterr)
{
    static const struct {
        const char *name;
        enum mysql_option option;
    } files[] = {{"ssl-ca", MYSQL_OPT_SSL_CA}, {"ssl-cert", MYSQL_OPT_SSL_CERT}, {"ssl-key", MYSQL_OPT_SSL_KEY}};
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++) {
        if (same_word(parameter->name, files[i].name)) {
            mysql_options(mysql, files[i].option, parameter->value);
            return 0;
        }
    }
    if (same_word(parameter->name, "ssl-mode"))
        return set_tls_mode(ret_tls, parameter->value, reterr);
    if (same_word(parameter->name, "socket") || same_word(parameter->name, "unix-socket"))
        *ret_socket = parameter->value;
    else if (same_word(parameter->name, "get-server-public-key"))
        set_public_key(mysql, parameter->value);
    else if (!same_word(parameter->name, "charset"))
        return error_set(reterr, ERROR_INVALID,
                         "unknown parameter %s: ssl-mode, ssl-ca, ssl-cert, ssl-key, socket and "
                         "get-server-public-key are known",
                         parameter->name);
    return 0;
}

#if MYSQL_HAS_SSL_MODE
static void set_tls(MYSQL *mysql, enum mysql_tls tls)
{
    static const unsigned modes[] = {SSL_MODE_DISABLED, SSL_MODE_PREFERRED, SSL_MODE_REQUIRED, SSL_MODE_VERIFY_CA,
                                     SSL_MODE_VERIFY_IDENTITY};
    unsigned mode = modes[tls];
    mysql_options(mysql, MYSQL_OPT_SSL_MODE, &mode);
}
#else
/* Connector/C has two switches: TLS where the server has it, and the check of the certificate, which includes the name,
 * so that verify-ca is as strict as verify-identity. "required" is checked once more when the connection stands. */
static void set_tls(MYSQL *mysql, enum mysql_tls tls)
{
    bool wanted = tls != MYSQL_TLS_DISABLED;
    bool verify = tls >= MYSQL_TLS_VERIFY_CA;
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &wanted);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}
#endif

/* The password in clear is for a server that has proved who it is, and for nobody else. Oracle's library refuses it by
 * itself; Connector/C takes a list of what is allowed. */
static void restrict_authentication(MYSQL *mysql, enum mysql_tls tls)
{
#if MYSQL_HAS_RESTRICTED_AUTH
    const char *safe = "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,"
                       "auth_gssapi_client";
    const char *all = "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,parsec,"
                      "auth_gssapi_client,dialog,mysql_clear_password";
    mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, tls >= MYSQL_TLS_VERIFY_CA ? all : safe);
#else
    (void)mysql;
    (void)tls;
#endif
}

int mysql_session_configure(MYSQL *mysql, const struct engine_target *target, enum mysql_tls *ret_tls,
                            const char **ret_socket, struct error *reterr)
{
    unsigned off = 0;
    *ret_tls = MYSQL_TLS_PREFERRED;
    *ret_socket = target->host && target->host[0] == '/' ? target->host : NULL;
    for (size_t i = 0; i < target->parameter_count; i++) {
        if (set_parameter(mysql, &target->parameters[i], ret_tls, ret_socket, reterr))
            return -1;
    }
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
    mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "migrationd");
    /* A local name with a port means that port: without one it is the library's own local socket. */
    unsigned protocol = *ret_socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    if (*ret_socket || target->port)
        mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    set_tls(mysql, *ret_socket && *ret_tls == MYSQL_TLS_PREFERRED ? MYSQL_TLS_DISABLED : *ret_tls);
    restrict_authentication(mysql, *ret_tls);
    return 0;
}
