/* SPDX-License-Identifier: Apache-2.0
 *
 * Two kinds of hash. Fingerprints (XXH3, 128 bits, canonical byte order) tell whether two models of ours are equal.
 * Checksums are what migration tools compute over their files. All pure; no allocation.
 */
#ifndef MIGRATIOND_BASE_DIGEST_H
#define MIGRATIOND_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct digest {
    unsigned char bytes[16];
};

enum { DIGEST_HEX_SIZE = 33, MD5_HEX_SIZE = 33, SHA1_HEX_SIZE = 41, SHA256_HEX_SIZE = 65, SHA384_HEX_SIZE = 97 };

struct digest digest_of(const void *bytes, size_t length);
bool digest_equal(struct digest a, struct digest b);

/* Lower-case hexadecimal with its NUL. */
void digest_to_hex(struct digest digest, char ret_hex[static DIGEST_HEX_SIZE]);

/* 64-bit hash for hash tables; never stored, never shown. */
uint64_t hash64(const void *bytes, size_t length);

/* Lower-case hexadecimal with its NUL. */
void checksum_md5(const void *bytes, size_t length, char ret_hex[static MD5_HEX_SIZE]);
void checksum_sha1(const void *bytes, size_t length, char ret_hex[static SHA1_HEX_SIZE]);
void checksum_sha256(const void *bytes, size_t length, char ret_hex[static SHA256_HEX_SIZE]);
void checksum_sha384(const void *bytes, size_t length, char ret_hex[static SHA384_HEX_SIZE]);

/* CRC-32 (IEEE, zlib's) of `bytes`, continued from `crc` (0 to begin). */
uint32_t checksum_crc32(uint32_t crc, const void *bytes, size_t length);

#endif
