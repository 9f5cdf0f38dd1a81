/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk over golden cases: inputs are found and read, outputs compared.
 */
#include "support/golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct seen {
    int cases;
    char names[2][32];
};

static void upper_case(struct golden_case *golden, void *userdata)
{
    struct seen *seen = userdata;
    assert_in_range(seen->cases, 0, 1);
    strncpy(seen->names[seen->cases++], golden_name(golden), sizeof(seen->names[0]) - 1);
    size_t length = 0;
    const char *input = golden_read(golden, "input", &length);
    assert_int_equal(strlen(input), length);
    char output[256] = "";
    assert_in_range(length, 1, sizeof(output) - 1);
    for (size_t i = 0; i < length; i++)
        output[i] = (char)(input[i] >= 'a' && input[i] <= 'z' ? input[i] - 'a' + 'A' : input[i]);
    assert_false(golden_has(golden, "absent"));
    golden_expect(golden, "expected", output);
}

static void test_cases_run_in_order(void **state)
{
    (void)state;
    struct seen seen = {0};
    golden_run("support", upper_case, &seen);
    assert_int_equal(seen.cases, 2);
    assert_string_equal(seen.names[0], "lines");
    assert_string_equal(seen.names[1], "one-line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_run_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
