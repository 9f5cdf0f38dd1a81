/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include <string.h>

#include "base/sha256_stream.h"

/* NIST's examples, in base64. */
static const char of_nothing[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
static const char of_abc[] = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";

static void test_pieces(void **state)
{
    (void)state;
    char text[SHA256_BASE64_SIZE] = "";
    cleanup(sha256_stream) struct sha256_stream *stream = sha256_stream_new();
    assert_non_null(stream);
    sha256_stream_base64(stream, text);
    assert_string_equal(text, of_nothing);
    sha256_stream_add(stream, "a", 1);
    sha256_stream_base64(stream, text);
    sha256_stream_add(stream, "bc", 2);
    sha256_stream_base64(stream, text);
    assert_string_equal(text, of_abc);
    sha256_stream_base64(stream, text);
    assert_string_equal(text, of_abc);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(sha256_stream) struct sha256_stream *stream = sha256_stream_new();
        OOM_CHECK(loop, stream != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
