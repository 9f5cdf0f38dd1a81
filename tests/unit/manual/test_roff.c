/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain text as the source of a manual page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/manual/roff.h"

static char *rendered(void (*put)(FILE *out, const char *text), const char *text)
{
    char *source = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&source, &length);
    assert_non_null(out);
    put(out, text);
    assert_int_equal(fclose(out), 0);
    return source;
}

struct expected {
    const char *text;
    const char *source;
};

static void check(void (*put)(FILE *out, const char *text), const struct expected *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *source = rendered(put, cases[i].text);
        assert_string_equal(source, cases[i].source);
        free(source);
    }
}

static void test_what_roff_would_change(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"", ""},
        {"--ca", "\\-\\-ca"},
        {"it's", "it\\(aqs"},
        {"a\\b ^ ~", "a\\eb \\(ha \\(ti"},
        {"SIDE…", "SIDE..."},
        {"0.1.0 – é", "0.1.0 \\[u2013] \\[u00E9]"},
        {"\xff", "?"},
        {"the `url` and `--tools`", "the \\fBurl\\fR and \\fB\\-\\-tools\\fR"},
        {"one ` alone", "one \\(ga alone"},
        {"`a` and ` alone", "\\fBa\\fR and \\(ga alone"},
    };
    check(roff_put, cases, ARRAY_LENGTH(cases));
}

static void test_synopsis(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"[--config FILE]", "[\\fB\\-\\-config\\fR \\fIFILE\\fR]"},
        {"REFERENCE LIVE | DATABASE", "\\fIREFERENCE\\fR \\fILIVE\\fR | \\fIDATABASE\\fR"},
        {"DIRECTORY…", "\\fIDIRECTORY\\fR..."},
        {"A..B", "\\fIA..B\\fR"},
        {"K=V", "\\fIK\\fR=\\fIV\\fR"},
        {"-V", "\\fB\\-V\\fR"},
    };
    check(roff_put_synopsis, cases, ARRAY_LENGTH(cases));
}

static void test_sentences_stand_on_lines_of_their_own(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"One. Two.", "One.\nTwo.\n"},
        {"such as a.b or i.e. this", "such as a.b or i.e. this\n"},
        {"`a`. `b` too. $C as well", "\\fBa\\fR.\n\\fBb\\fR too.\n$C as well\n"},
        {"...", "\\&...\n"},
        {".so /etc/passwd", "\\&.so /etc/passwd\n"},
    };
    check(roff_put_sentences, cases, ARRAY_LENGTH(cases));
}

/* No request begins a line that was folded. */
static void test_lines_are_short(void **state)
{
    (void)state;
    char text[400] = "";
    for (size_t i = 0; i < sizeof text - 2; i++)
        text[i] = i % 3 == 2 ? ' ' : '.';
    char *source = rendered(roff_put_sentences, text);
    for (char *line = strtok(source, "\n"); line; line = strtok(NULL, "\n")) {
        assert_in_range(strlen(line), 1, 80);
        assert_int_equal(strncmp(line, "\\&..", 4), 0);
    }
    free(source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_roff_would_change),
        cmocka_unit_test(test_synopsis),
        cmocka_unit_test(test_sentences_stand_on_lines_of_their_own),
        cmocka_unit_test(test_lines_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
