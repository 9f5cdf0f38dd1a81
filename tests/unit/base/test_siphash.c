/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/siphash.h"

static uint64_t of(const char *text)
{
    return siphash13(text, strlen(text));
}

/* What Rust's std::hash::DefaultHasher::new() says after write() of the same bytes. */
static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } vectors[] = {
        {"", UINT64_C(15130871412783076140)},
        {"a", UINT64_C(4644417185603328019)},
        {"abcdefg", UINT64_C(7904145750247929094)},
        {"abcdefgh", UINT64_C(4574395652268504554)},
        {"abcdefghi", UINT64_C(17913969820989044453)},
        {"The quick brown fox jumps over the lazy dog", UINT64_C(10229494255719302430)},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++)
        assert_true(of(vectors[i].text) == vectors[i].hash);
}

static void test_every_byte_and_the_length_count(void **state)
{
    (void)state;
    char bytes[24] = "";
    uint64_t before = 0;
    for (size_t length = 0; length <= sizeof bytes; length++) {
        uint64_t hash = siphash13(bytes, length);
        assert_true(hash != before);
        before = hash;
        for (size_t i = 0; i < length; i++) {
            bytes[i] = 1;
            assert_true(siphash13(bytes, length) != hash);
            bytes[i] = 0;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_byte_and_the_length_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
