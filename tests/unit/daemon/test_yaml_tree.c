/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "daemon/yaml_tree.h"
#include "support/oom.h"

static const char sample[] = "# a comment\n"
                             "key: value\n"
                             "list: [a, 'b', {c: d}]\n"
                             "empty:\n"
                             "quoted: ''\n"
                             "nested:\n"
                             "  \xc3\xa4: 1\n";

static void test_tree(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(1 << 20);
    struct yaml_node *root = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(yaml_parse(sample, strlen(sample), "s.yaml", arena, &root, &error), 0);
    assert_int_equal(root->kind, YAML_MAPPING);
    const struct yaml_node *value = yaml_member(root, "key");
    assert_string_equal(value->text, "value");
    assert_int_equal(value->key_line, 2);
    assert_int_equal(value->key_column, 1);
    assert_int_equal(value->line, 2);
    assert_int_equal(value->column, 6);
    const struct yaml_node *list = yaml_member(root, "list");
    assert_int_equal(list->kind, YAML_SEQUENCE);
    assert_string_equal(list->first->next->text, "b");
    assert_true(list->first->next->quoted);
    assert_null(list->first->next->next->next);
    assert_string_equal(yaml_member(list->first->next->next, "c")->text, "d");
    assert_string_equal(yaml_member(root, "empty")->text, "");
    assert_false(yaml_member(root, "empty")->quoted);
    assert_true(yaml_member(root, "quoted")->quoted);
    const struct yaml_node *umlaut = yaml_member(yaml_member(root, "nested"), "\xc3\xa4");
    assert_int_equal(umlaut->line, 7);
    assert_int_equal(umlaut->column, 6); /* in characters */
    assert_null(yaml_member(root, "value"));
}

/* No byte behind `length` is read; a file that ends anywhere is refused or read, never worse. */
static void test_every_prefix(void **state)
{
    (void)state;
    for (size_t length = 0; length <= strlen(sample); length++) {
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        cleanup(free) char *copy = mem_strndup(sample, length);
        cleanup(free) char *exact = mem_alloc(length + 1);
        memcpy(exact, copy, length);
        exact[length] = '\t';
        struct yaml_node *root = NULL;
        struct error error = {.code = ERROR_OK};
        if (yaml_parse(exact, length, "s.yaml", arena, &root, &error) < 0)
            assert_ptr_equal(strstr(error.message, "s.yaml:"), error.message);
        else
            assert_non_null(root);
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        oom_disarm(&loop);
        cleanup(arena) struct arena *arena = arena_new(1 << 20);
        struct yaml_node *root = NULL;
        struct error error = {.code = ERROR_OK};
        oom_arm(&loop);
        OOM_CHECK(loop, yaml_parse(sample, strlen(sample), "s.yaml", arena, &root, &error) == 0);
        assert_int_equal(error.code, loop.refused ? ERROR_NO_MEMORY : ERROR_OK);
    }
}

static void test_arena_is_bounded(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(16);
    struct yaml_node *root = NULL;
    struct error error = {.code = ERROR_OK};
    assert_int_equal(yaml_parse(sample, strlen(sample), "s.yaml", arena, &root, &error), -1);
    assert_int_equal(error.code, ERROR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_arena_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
