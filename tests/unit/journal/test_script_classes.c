/* SPDX-License-Identifier: Apache-2.0
 *
 * Classes in scripts: what golden/compare/typeorm does not show, and that any text comes to an end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "journal/script_classes.h"

/* "name=property" for each class, "exports.name" for an assignment. */
static void print_classes(const char *text, size_t length, struct strbuf *out)
{
    struct script_scanner scanner = {0};
    struct script_class class = {0};
    script_scanner_init(&scanner, text, length);
    while (script_next_class(&scanner, &class)) {
        strbuf_printf(out, "%s%s%.*s", out->length > 0 ? " " : "", class.assigned ? "exports." : "",
                      (int)class.name.length, class.name.start ? class.name.start : "");
        if (class.property.start)
            strbuf_printf(out, "=%.*s", (int)class.property.length, class.property.start);
    }
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", ""},
        {"export class A {}", "A"},
        {"class A extends B { name = 'x' } class C {}", "A=x C"},
        {"class A { name: string = \"x\"; }", "A=x"},
        {"class A { constructor() { this.name = 'x'; other.name = 'y'; } }", "A=x"},
        {"class A { up() { const name = 'y'; } }", "A"},
        {"class A { static name = 'y' }", "A"},
        {"module.exports = class { name = 'x' }", "=x"},
        {"export default class extends B {}", ""},
        {"x.class = 1; const classes = [class {}]", ""},
        {"exports.A = void 0; exports.B = B; exports.c == 1 ? exports.d : 0", "exports.A exports.B"},
        {"const r = /class A {'/; class B {}", "B"},
        {"const q = a / b; class B {} // /", "B"},
        {"`class A {} ${ `${'}'}` + \"`\" } class C {}`; class B {}", "B"},
        {"class A { up() { return /[/}]/.test('}'); } } class B {}", "A B"},
        {"} } class A {", "A"},
        {"class A", ""},
        {"class", ""},
        {"'unclosed\nclass A {}", "A"},
        {"/* unclosed class A {}", ""},
        {"class \xC3\x84rger1 {}", "\xC3\x84rger1"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cleanup(strbuf) struct strbuf out = STRBUF(4096);
        print_classes(cases[i].text, strlen(cases[i].text), &out);
        if (strcmp(strbuf_text(&out), cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].text, strbuf_text(&out));
    }
}

/* Every beginning of a text with everything in it, behind which nothing may be read. */
static void test_cut(void **state)
{
    (void)state;
    static const char whole[] = "exports.A = class A extends B { name: string = 'x\\'' /* */ ; up() { return `${a + `"
                                "${'}'}`}` / 2; } r = /[\\]/]\\//; } // end";
    for (size_t length = 0; length < sizeof whole; length++) {
        char *copy = test_malloc(length + 1);
        cleanup(strbuf) struct strbuf out = STRBUF(4096);
        memcpy(copy, whole, length);
        print_classes(copy, length, &out);
        assert_true(strbuf_ok(&out));
        test_free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests_name("classes in scripts", tests, NULL, NULL);
}
