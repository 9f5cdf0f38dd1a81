/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha256_stream.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "base/alloc.h"

struct sha256_stream {
    struct sha256_ctx context;
};

_Static_assert(BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1 == SHA256_BASE64_SIZE, "base64 of a digest");

struct sha256_stream *sha256_stream_new(void)
{
    struct sha256_stream *stream = mem_calloc(1, sizeof *stream);
    if (stream)
        sha256_init(&stream->context);
    return stream;
}

void sha256_stream_free(struct sha256_stream *stream)
{
    mem_free(stream);
}

void sha256_stream_add(struct sha256_stream *stream, const void *bytes, size_t length)
{
    sha256_update(&stream->context, length, bytes);
}

void sha256_stream_base64(const struct sha256_stream *stream, char ret_base64[static SHA256_BASE64_SIZE])
{
    struct sha256_ctx context = stream->context; /* asking for the digest ends a computation */
    unsigned char digest[SHA256_DIGEST_SIZE] = {0};
    sha256_digest(&context, sizeof digest, digest);
    base64_encode_raw(ret_base64, sizeof digest, digest);
    ret_base64[SHA256_BASE64_SIZE - 1] = '\0';
}
