/* SPDX-License-Identifier: Apache-2.0 */
#include "base/digest.h"

#include <nettle/md5.h>
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

void checksum_md5(const void *bytes, size_t length, char ret_hex[static MD5_HEX_SIZE])
{
    struct md5_ctx context;
    unsigned char digest[MD5_DIGEST_SIZE] = {0};
    md5_init(&context);
    md5_update(&context, length, bytes);
    md5_digest(&context, sizeof digest, digest);
    to_hex(digest, sizeof digest, ret_hex);
}

void checksum_sha1(const void *bytes, size_t length, char ret_hex[static SHA1_HEX_SIZE])
{
    struct sha1_ctx context;
    unsigned char digest[SHA1_DIGEST_SIZE] = {0};
    sha1_init(&context);
    sha1_update(&context, length, bytes);
    sha1_digest(&context, sizeof digest, digest);
    to_hex(digest, sizeof digest, ret_hex);
}

void checksum_sha256(const void *bytes, size_t length, char ret_hex[static SHA256_HEX_SIZE])
{
    struct sha256_ctx context;
    unsigned char digest[SHA256_DIGEST_SIZE] = {0};
    sha256_init(&context);
    sha256_update(&context, length, bytes);
    sha256_digest(&context, sizeof digest, digest);
    to_hex(digest, sizeof digest, ret_hex);
}

void checksum_sha384(const void *bytes, size_t length, char ret_hex[static SHA384_HEX_SIZE])
{
    struct sha384_ctx context;
    unsigned char digest[SHA384_DIGEST_SIZE] = {0};
    sha384_init(&context);
    sha384_update(&context, length, bytes);
    sha384_digest(&context, sizeof digest, digest);
    to_hex(digest, sizeof digest, ret_hex);
}

uint32_t checksum_crc32(uint32_t crc, const void *bytes, size_t length)
{
    return (uint32_t)crc32_z(crc, bytes, length);
}
