/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>

static void to_hex(const unsigned char *bytes, size_t count, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * count] = '\0';
}

struct digest digest_of(const void *bytes, size_t length)
{
    XXH128_canonical_t canonical = {0};
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, length));
    struct digest digest = {0};
    _Static_assert(sizeof canonical.digest == sizeof digest.bytes, "128 bits");
    memcpy(digest.bytes, canonical.digest, sizeof digest.bytes);
    return digest;
}

bool digest_equal(struct digest a, struct digest b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

void digest_to_hex(struct digest digest, char ret_hex[static DIGEST_HEX_SIZE])
{
    to_hex(digest.bytes, sizeof digest.bytes, ret_hex);
}

uint64_t hash64(const void *bytes, size_t length)
{
    return XXH3_64bits(bytes, length);
}

/* Room for the context of any hash below. */
union hash_context {
    struct md5_ctx md5;
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
    struct sha512_ctx sha512; /* SHA-384's, too */
};

static void checksum(const struct nettle_hash *hash, const void *bytes, size_t length, char *ret_hex)
{
    union hash_context context;
    unsigned char digest[SHA512_DIGEST_SIZE] = {0};
    hash->init(&context);
    hash->update(&context, length, bytes);
    hash->digest(&context, hash->digest_size, digest);
    to_hex(digest, hash->digest_size, ret_hex);
}

void checksum_md5(const void *bytes, size_t length, char ret_hex[static MD5_HEX_SIZE])
{
    checksum(&nettle_md5, bytes, length, ret_hex);
}

void checksum_sha1(const void *bytes, size_t length, char ret_hex[static SHA1_HEX_SIZE])
{
    checksum(&nettle_sha1, bytes, length, ret_hex);
}

void checksum_sha256(const void *bytes, size_t length, char ret_hex[static SHA256_HEX_SIZE])
{
    checksum(&nettle_sha256, bytes, length, ret_hex);
}

void checksum_sha384(const void *bytes, size_t length, char ret_hex[static SHA384_HEX_SIZE])
{
    checksum(&nettle_sha384, bytes, length, ret_hex);
}

uint32_t checksum_crc32(uint32_t crc, const void *bytes, size_t length)
{
    return (uint32_t)crc32_z(crc, bytes, length);
}
