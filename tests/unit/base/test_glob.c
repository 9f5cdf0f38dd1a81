/* SPDX-License-Identifier: Apache-2.0 */
#include "support/oom.h"

#include "base/glob.h"

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool matches;
    } cases[] = {
        {"public", "public", true},
        {"public", "Public", false},
        {"*", "", true},
        {"tmp_*", "tmp_", true},
        {"tmp_*", "tmp", false},
        {"t?p", "tap", true},
        {"t?p", "tp", false},
        {"[a-c]x", "bx", true},
        {"[!a-c]x", "bx", false},
        {"*", "a/b", true},
        {"*", ".hidden", true},
        {"?hidden", ".hidden", true},
        {"a\\*", "a*", true},
        {"a\\*", "ab", false},
        {"tenant_*.orders", "tenant_42.orders", true},
        {"", "", true},
        {"", "a", false},
        {"[", "[", true},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        if (glob_match(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s against %s", cases[i].pattern, cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_patterns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
