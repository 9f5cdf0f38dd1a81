/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 of bytes that come in pieces, which can be asked for its value in between (Atlas). One owner, one thread.
 */
#ifndef MIGRATIOND_BASE_SHA256_STREAM_H
#define MIGRATIOND_BASE_SHA256_STREAM_H

#include <stddef.h>

#include "base/cleanup.h"

struct sha256_stream;

enum { SHA256_BASE64_SIZE = 45 };

/* NULL when memory is out. */
struct sha256_stream *sha256_stream_new(void) __attribute__((warn_unused_result));
void sha256_stream_free(struct sha256_stream *stream);

void sha256_stream_add(struct sha256_stream *stream, const void *bytes, size_t length);

/* The checksum of all that was added so far, in base64 with its NUL; more may be added afterwards. */
void sha256_stream_base64(const struct sha256_stream *stream, char ret_base64[static SHA256_BASE64_SIZE]);

DEFINE_CLEANUP(sha256_stream, struct sha256_stream *, sha256_stream_free);

#endif
