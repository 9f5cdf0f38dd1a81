/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/tls.h"

static char folder[] = "/tmp/migrationd-tls-XXXXXX";
static char certificate[64];
static char key[64];
static char other_key[64];
static char encrypted_key[64];
static char empty[64];
static char garbage[64];
static time_t begin;
static time_t end;

static void write_file(char path[static 64], const char *name, const void *bytes, size_t length)
{
    snprintf(path, 64, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static gnutls_x509_privkey_t make_key(void)
{
    gnutls_x509_privkey_t made = NULL;
    assert_int_equal(gnutls_x509_privkey_init(&made), 0);
    assert_int_equal(
        gnutls_x509_privkey_generate(made, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0), 0);
    return made;
}

static void write_key(char path[static 64], const char *name, gnutls_x509_privkey_t made, const char *password)
{
    gnutls_datum_t text = {0};
    if (password)
        assert_int_equal(
            gnutls_x509_privkey_export2_pkcs8(made, GNUTLS_X509_FMT_PEM, password, GNUTLS_PKCS_PBES2_AES_256, &text),
            0);
    else
        assert_int_equal(gnutls_x509_privkey_export2(made, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(path, name, text.data, text.size);
    gnutls_free(text.data);
}

static void write_certificate(gnutls_x509_privkey_t made)
{
    gnutls_x509_crt_t signed_by_itself = NULL;
    gnutls_datum_t text = {0};
    begin = time(NULL) - 60;
    end = begin + 3600;
    assert_int_equal(gnutls_x509_crt_init(&signed_by_itself), 0);
    assert_int_equal(gnutls_x509_crt_set_version(signed_by_itself, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(signed_by_itself, "\x01", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_dn_by_oid(signed_by_itself, GNUTLS_OID_X520_COMMON_NAME, 0, "a", 1), 0);
    assert_int_equal(gnutls_x509_crt_set_activation_time(signed_by_itself, begin), 0);
    assert_int_equal(gnutls_x509_crt_set_expiration_time(signed_by_itself, end), 0);
    assert_int_equal(gnutls_x509_crt_set_key(signed_by_itself, made), 0);
    assert_int_equal(gnutls_x509_crt_sign2(signed_by_itself, signed_by_itself, made, GNUTLS_DIG_SHA256, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(signed_by_itself, GNUTLS_X509_FMT_PEM, &text), 0);
    write_file(certificate, "tls.crt", text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(signed_by_itself);
}

static int make_files(void **state)
{
    (void)state;
    static const char noise[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    if (!mkdtemp(folder))
        return -1;
    gnutls_x509_privkey_t made = make_key();
    gnutls_x509_privkey_t other = make_key();
    write_certificate(made);
    write_key(key, "tls.key", made, NULL);
    write_key(other_key, "other.key", other, NULL);
    write_key(encrypted_key, "encrypted.key", made, "secret");
    write_file(empty, "empty", "", 0);
    write_file(garbage, "garbage", noise, sizeof noise - 1);
    gnutls_x509_privkey_deinit(made);
    gnutls_x509_privkey_deinit(other);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    char command[64] = "";
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command); /* NOLINT(cert-env33-c): the name is ours */
}

static struct config_tls files(const char *with_certificate, const char *with_key, const char *client_ca)
{
    return (struct config_tls){
        .certificate = with_certificate, .key = with_key, .client_ca = client_ca, .place = "test.yaml:3:6"};
}

static void test_identity(void **state)
{
    (void)state;
    const struct config_tls configs[] = {files(certificate, key, NULL), files(certificate, key, certificate)};
    for (size_t i = 0; i < ARRAY_LENGTH(configs); i++) {
        struct error error = {.code = ERROR_OK};
        cleanup(tls_identity) struct tls_identity *identity = NULL;
        if (tls_identity_load(&configs[i], &identity, &error) < 0)
            fail_msg("%s", error.message);
        gnutls_session_t session = NULL;
        assert_int_equal(gnutls_init(&session, GNUTLS_SERVER), 0);
        assert_int_equal(tls_identity_apply(identity, session), 0);
        gnutls_deinit(session);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    const char *const missing = "/nonexistent/file";
    const struct {
        struct config_tls config;
        const char *why; /* what the message says behind the place */
    } cases[] = {
        {files(missing, key, NULL), "tls.certificate: /nonexistent/file: No such file"},
        {files(certificate, missing, NULL), "tls.key: /nonexistent/file: No such file"},
        {files(certificate, key, missing), "tls.client_ca: /nonexistent/file: No such file"},
        {files(certificate, other_key, NULL), "it does not belong to tls.certificate"},
        {files(certificate, encrypted_key, NULL), "encrypted"},
        {files(certificate, garbage, NULL), "tls.key: "},
        {files(certificate, certificate, NULL), "tls.key: "},
        {files(key, key, NULL), "tls.certificate: "},
        {files(empty, key, NULL), "tls.certificate: "},
        {files(garbage, key, NULL), "tls.certificate: "},
        {files(certificate, empty, NULL), "tls.key: "},
        {files(certificate, key, empty), "tls.client_ca: "},
        {files(certificate, key, key), "tls.client_ca: "},
        {files(folder, key, NULL), "directory"},
        {files("/dev/zero", key, NULL), "too large"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct error error = {.code = ERROR_OK};
        struct tls_identity *identity = NULL;
        assert_int_equal(tls_identity_load(&cases[i].config, &identity, &error), -1);
        assert_null(identity);
        assert_int_equal(error.code, ERROR_INVALID);
        if (strncmp(error.message, "test.yaml:3:6: ", 15) != 0 || !strstr(error.message, cases[i].why))
            fail_msg("'%s' does not say '%s'", error.message, cases[i].why);
    }
}

static void test_remarks_on_its_time(void **state)
{
    (void)state;
    const struct config_tls config = files(certificate, key, NULL);
    cleanup(tls_identity) struct tls_identity *identity = NULL;
    assert_int_equal(tls_identity_load(&config, &identity, NULL), 0);
    const struct {
        int64_t at;
        const char *said;
    } moments[] = {{begin - 1, "is not valid before"}, {begin, NULL}, {end, NULL}, {end + 1, "has expired at"}};
    for (size_t i = 0; i < ARRAY_LENGTH(moments); i++) {
        cleanup(strbuf) struct strbuf text = STRBUF(1024);
        tls_identity_remark(identity, moments[i].at, &text);
        assert_true((text.length > 0) == (moments[i].said != NULL));
        if (moments[i].said)
            assert_non_null(strstr(strbuf_text(&text), moments[i].said));
    }
}

static void test_the_current_one_is_replaced_and_the_old_one_lives_while_used(void **state)
{
    (void)state;
    const struct config_tls config = files(certificate, key, NULL);
    struct tls_identity *first = NULL;
    struct tls_identity *second = NULL;
    assert_int_equal(tls_identity_load(&config, &first, NULL), 0);
    assert_int_equal(tls_identity_load(&config, &second, NULL), 0);
    cleanup(tls) struct tls *tls = tls_new(first);
    assert_non_null(tls);
    cleanup(tls_identity) struct tls_identity *used = tls_acquire(tls);
    assert_ptr_equal(used, first);
    tls_identity_unref(tls_exchange(tls, second));
    cleanup(tls_identity) struct tls_identity *next = tls_acquire(tls);
    assert_ptr_equal(next, second);
    cleanup(strbuf) struct strbuf text = STRBUF(1024);
    tls_identity_remark(used, end + 1, &text);
    assert_true(text.length > 0);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    const struct config_tls config = files(certificate, key, certificate);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct error error = {.code = ERROR_OK};
        cleanup(tls_identity) struct tls_identity *identity = NULL;
        OOM_CHECK(loop, tls_identity_load(&config, &identity, &error) == 0);
        assert_true((identity != NULL) == (error.code == ERROR_OK));
    }
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        struct tls_identity *identity = NULL;
        mem_fault_off();
        assert_int_equal(tls_identity_load(&config, &identity, NULL), 0);
        mem_fault_after(loop.successes);
        cleanup(tls) struct tls *tls = tls_new(identity);
        OOM_CHECK(loop, tls != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_remarks_on_its_time),
        cmocka_unit_test(test_the_current_one_is_replaced_and_the_old_one_lives_while_used),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("tls", tests, make_files, remove_files);
}
