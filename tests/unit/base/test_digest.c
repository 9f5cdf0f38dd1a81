/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

#include "base/digest.h"

static const char phrase[] = "The quick brown fox jumps over the lazy dog";

/* NIST's examples. */
static void test_sha256(void **state)
{
    (void)state;
    char hex[SHA256_HEX_SIZE] = "";
    checksum_sha256("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    checksum_sha256("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    checksum_sha256(phrase, strlen(phrase), hex);
    assert_string_equal(hex, "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592");
}

static void test_sha1(void **state)
{
    (void)state;
    char hex[SHA1_HEX_SIZE] = "";
    checksum_sha1("", 0, hex);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    checksum_sha1("abc", 3, hex);
    assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

/* NIST's example, and what sqlx records for a file. */
static void test_sha384(void **state)
{
    (void)state;
    static const char file[] = "CREATE TABLE a(i int);\n";
    char hex[SHA384_HEX_SIZE] = "";
    checksum_sha384("abc", 3, hex);
    assert_string_equal(hex, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                             "8086072ba1e7cc2358baeca134c825a7");
    checksum_sha384(file, strlen(file), hex);
    assert_string_equal(hex, "1dc39d21880c690443d19d448c47a37f546917226963dbaa476a5bdaa0602201"
                             "bd0e6881a12b696359fa18f4bc9abe21");
}

static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(checksum_crc32(0, "", 0), 0);
    assert_int_equal(checksum_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(checksum_crc32(0, phrase, strlen(phrase)), 0x414FA339);
    uint32_t crc = 0;
    for (size_t i = 0; i < strlen(phrase); i++)
        crc = checksum_crc32(crc, phrase + i, 1);
    assert_int_equal(crc, 0x414FA339);
}

/* XXH3's value for no input: fingerprints are stored, so the hash must never change. */
static void test_fingerprint(void **state)
{
    (void)state;
    char hex[DIGEST_HEX_SIZE] = "";
    digest_to_hex(digest_of("", 0), hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f");
    assert_true(digest_equal(digest_of("a", 1), digest_of("ab", 1)));
    assert_false(digest_equal(digest_of("a", 1), digest_of("b", 1)));
}

static void test_hash_depends_on_every_byte(void **state)
{
    (void)state;
    char text[sizeof phrase] = "";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        memcpy(text, phrase, sizeof text);
        assert_true(hash64(text, sizeof text) == hash64(phrase, sizeof phrase));
        text[i] ^= 1;
        assert_true(hash64(text, sizeof text) != hash64(phrase, sizeof phrase));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha1),        cmocka_unit_test(test_sha256),
        cmocka_unit_test(test_sha384),      cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_fingerprint), cmocka_unit_test(test_hash_depends_on_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
