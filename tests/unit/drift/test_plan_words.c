/* SPDX-License-Identifier: Apache-2.0
 *
 * Which names SQL text mentions: what the order of a plan's statements hangs on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "drift/plan_dialect.h"

static const struct {
    const char *text;
    const char *schema_name;
    const char *name;
    bool qualified;
    bool mentioned;
} mentions[] = {
    {"SELECT a FROM public.t", "public", "t", true, true},
    {"SELECT a FROM public.t", "other", "t", true, false},
    {"SELECT a FROM t", "public", "t", true, false},
    {"SELECT a FROM t", "public", "t", false, true},
    {"SELECT t.a FROM public.u t", "public", "a", false, false},
    {"SELECT a FROM public . t", "public", "t", true, false},
    {"SELECT a FROM \"public\".\"t\"", "public", "t", true, true},
    {"SELECT a FROM public.\"we \"\"ird\"", "public", "we \"ird", true, true},
    {"SELECT a FROM `t`", "", "t", true, true},
    {"SELECT a FROM T", NULL, "t", true, true},
    {"SELECT 'public.t'", "public", "t", true, false},
    {"SELECT 'it''s public.t' FROM public.t", "public", "t", true, true},
    {"SELECT $$public.t$$", "public", "t", true, false},
    {"SELECT $x$ $$public.t$$ $x$", "public", "t", true, false},
    {"SELECT $x$ public.t $y$", "public", "t", true, false},
    {"SELECT $1 FROM public.t", "public", "t", true, true},
    {"SELECT 1 -- public.t\n FROM public.u", "public", "t", true, false},
    {"SELECT 1 /* public.t */ FROM public.u", "public", "u", true, true},
    {"SELECT 1 /* public.u", "public", "u", true, false},
    {"SELECT \"public.t", "public", "t", true, false},
    {"public.tt", "public", "t", true, false},
    {"", "public", "t", true, false},
    {NULL, "public", "t", true, false},
};

static void test_mentions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(mentions); i++)
        if (plan_mentions(mentions[i].text, mentions[i].schema_name, mentions[i].name, mentions[i].qualified) !=
            mentions[i].mentioned)
            fail_msg("%s: %s.%s", mentions[i].text, mentions[i].schema_name, mentions[i].name);
}

static void test_words(void **state)
{
    (void)state;
    assert_true(plan_mentions_word("SELECT t.mail FROM public.t", "mail"));
    assert_true(plan_mentions_word("lower(\"Mail\")", "mail"));
    assert_false(plan_mentions_word("lower(email)", "mail"));
    assert_false(plan_mentions_word("'mail'", "mail"));
    assert_false(plan_mentions_word(NULL, "mail"));
}

/* Names come from databases: none ends a comment or moves a terminal's cursor. */
static void test_comments(void **state)
{
    (void)state;
    cleanup(strbuf) struct strbuf out = STRBUF(4096);
    plan_render_comment(&out, "one\ntwo */ DROP TABLE x;\r\033[2J\xff\n\xc2\x9b"
                              "end");
    assert_string_equal(strbuf_text(&out), "-- one\n-- two */ DROP TABLE x;  [2J?\n--  end\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mentions),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_comments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
