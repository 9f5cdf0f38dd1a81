/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines read from a table: where values are kept, what is refused, and what --help looks like.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <getopt.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "daemon/option_table.h"

struct sample {
    bool flag;
    const char *text;
    struct option_list list;
    int64_t duration_ms;
    unsigned custom;
};

static bool read_custom(const char *text, void *options, char *problem, size_t size)
{
    struct sample *sample = options;
    sample->custom = (unsigned)strlen(text);
    if (sample->custom < 3)
        return true;
    snprintf(problem, size, "--custom is short, not '%s'", text);
    return false;
}

static bool helped;
static const char *helped_about;

static void help(const char *word)
{
    helped = true;
    helped_about = word;
}

#define KEPT(field) .offset = offsetof(struct sample, field)

static const struct option_row rows[] = {
    {.name = "flag", .letter = 'f', .commands = "one", .kind = OPTION_FLAG, KEPT(flag), .doc = "a flag"},
    {.name = "text", .letter = 't', .argument = "T", .kind = OPTION_TEXT, KEPT(text), .values = "a b", .doc = "a text"},
    {.name = "list", .argument = "L", .commands = "one two", .kind = OPTION_LIST, KEPT(list), .doc = "a list"},
    {.name = "duration", .argument = "D", .kind = OPTION_DURATION, KEPT(duration_ms), .doc = "a duration"},
    {.name = "custom", .argument = "C", .kind = OPTION_CUSTOM, .read = read_custom, .doc = "read by itself"},
    {.name = "verbose", .kind = OPTION_FLAG, KEPT(flag), .doc = "another flag"},
    {.name = "version", .kind = OPTION_VERSION, .doc = "version"},
    {.name = "help", .letter = 'h', .kind = OPTION_HELP, .doc = "help"},
};

static const struct option_exit exits[] = {
    {.commands = "one", .status = 0, .doc = "one's success"},
    {.commands = "one", .status = 1, .doc = "one's failure"},
    {.commands = "two three",
     .status = 0,
     .doc = "this says at length that two and three both have come to an end as planned"},
    {.commands = "two three", .status = 124, .doc = "they have not"},
    {.status = 0, .doc = "done"},
};

static const struct option_program program = {
    .name = "sample",
    .summary = "shows what a table of options does",
    .usage = "[OPTIONS] ONE\nTWO",
    .rows = rows,
    .count = ARRAY_LENGTH(rows),
    .exits = exits,
    .exit_count = ARRAY_LENGTH(exits),
    .help = help,
};

enum { WORDS = 8 };

static enum option_outcome parse(const char *const *words, struct sample *sample, uint64_t *ret_given, int *ret_first)
{
    static char copies[WORDS][64];
    char *argv[WORDS + 1] = {0};
    int argc = 1;
    argv[0] = strcpy(copies[0], "sample");
    for (; words[argc - 1]; argc++)
        argv[argc] = strcpy(copies[argc], words[argc - 1]);
    optind = 0; /* begin anew */
    return option_parse(&program, argc, argv, sample, ret_given, ret_first);
}

static void test_values_are_kept(void **state)
{
    (void)state;
    struct sample sample = {0};
    uint64_t given = 0;
    int first = 0;
    const char *const words[] = {"one", "-f", "-tb", "--list=x", "--list", "y", "--duration=2m", NULL};
    assert_int_equal(parse(words, &sample, &given, &first), OPTION_READ);
    assert_true(sample.flag);
    assert_string_equal(sample.text, "b");
    assert_int_equal(sample.list.count, 2);
    assert_string_equal(sample.list.items[1], "y");
    assert_int_equal(sample.duration_ms, 120000);
    assert_int_equal(first, 7);
    assert_true(option_is_given(&program, given, "duration"));
    assert_false(option_is_given(&program, given, "custom"));
    option_free(&program, &sample);
    assert_null(sample.list.items);
}

/* What standard error was told while `words` were parsed; to be freed. */
static char *complaint_about(const char *const *words)
{
    struct sample sample = {0};
    uint64_t given = 0;
    int first = 0;
    char *text = NULL;
    size_t length = 0;
    FILE *kept = stderr;
    stderr = open_memstream(&text, &length);
    assert_non_null(stderr);
    enum option_outcome outcome = parse(words, &sample, &given, &first);
    fclose(stderr);
    stderr = kept;
    assert_int_equal(outcome, OPTION_WRONG);
    option_free(&program, &sample);
    return text;
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *complaint;
    } cases[] = {
        {{"--text", "c"}, "--text is a or b, not 'c'"},
        {{"--text", ""}, "--text needs a value: T"},
        {{"--duration", "3x"}, "--duration takes a duration such as 30s or 2m, not '3x'"},
        {{"--custom", "long"}, "--custom is short, not 'long'"},
        {{"--nothing-like-it"}, "there is no option --nothing-like-it"},
        {{"--lsit=1"}, "there is no option --lsit (did you mean --list?)"},
        {{"--fl\033[ag"}, "there is no option --fl [ag (did you mean --flag?)"},
        {{"--duration"}, "--duration needs a value: D"},
        {{"-t"}, "--text needs a value: T"},
        {{"--flag=1"}, "--flag takes no value"},
        {{"-fx"}, "there is no option -x"},
        {{"--ver"}, "--ver may be --verbose or --version"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        char expected[128] = "";
        char *text = complaint_about(cases[i].words);
        snprintf(expected, sizeof expected, "sample: %s (see --help)\n", cases[i].complaint);
        assert_string_equal(text, expected);
        free(text);
    }
}

static void test_a_bare_zero_is_no_time(void **state)
{
    (void)state;
    struct sample sample = {.duration_ms = 5};
    uint64_t given = 0;
    int first = 0;
    const char *const words[] = {"--duration", "0", NULL};
    assert_int_equal(parse(words, &sample, &given, &first), OPTION_READ);
    assert_int_equal(sample.duration_ms, 0);
    option_free(&program, &sample);
}

static void test_help_ends(void **state)
{
    (void)state;
    struct sample sample = {0};
    uint64_t given = 0;
    int first = 0;
    const char *const words[] = {"-h", "--unknown", NULL};
    assert_int_equal(parse(words, &sample, &given, &first), OPTION_ENDED);
    assert_true(helped);
    assert_null(helped_about);
    option_free(&program, &sample);
}

/* Wherever the word stands, and not an option's value. */
static void test_help_about_a_word(void **state)
{
    (void)state;
    static const char *const lines[][WORDS] = {{"two", "--help"},
                                               {"-h", "two", "three"},
                                               {"-ta", "two", "-h", "--version"},
                                               {"--help", "--list", "one", "two"}};
    for (size_t i = 0; i < ARRAY_LENGTH(lines); i++) {
        struct sample sample = {0};
        uint64_t given = 0;
        int first = 0;
        assert_int_equal(parse(lines[i], &sample, &given, &first), OPTION_ENDED);
        assert_string_equal(helped_about, "two");
        option_free(&program, &sample);
    }
}

static void test_options_of_other_commands(void **state)
{
    (void)state;
    assert_null(option_misplaced(&program, 1, "one"));
    assert_string_equal(option_misplaced(&program, 1, "two")->name, "flag");
    assert_null(option_misplaced(&program, 1 << 2, "two"));
    assert_non_null(option_misplaced(&program, 1 << 2, "tw"));
    assert_null(option_misplaced(&program, 1 << 1, "three"));
}

/* What `print` prints; to be freed. */
static char *text_of(void (*print)(const struct option_program *printed, FILE *out))
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    print(&program, out);
    fclose(out);
    return text;
}

static void test_help_lines_up(void **state)
{
    (void)state;
    char *text = text_of(option_print);
    assert_non_null(strstr(text, "  -f, --flag               one: a flag\n"));
    assert_non_null(strstr(text, "      --list L             one, two: a list\n"));
    free(text);
}

static void test_usage_has_a_line_for_each_form(void **state)
{
    (void)state;
    char *text = text_of(option_print_usage);
    assert_string_equal(text, "Usage: sample [OPTIONS] ONE\n"
                              "       sample TWO\n"
                              "Shows what a table of options does.\n\n");
    free(text);
}

/* A number stands before its meaning, on the same line. */
static void test_exit_statuses_share_a_line(void **state)
{
    (void)state;
    char *text = text_of(option_print_exits);
    assert_string_equal(text,
                        "\nExit status:\n"
                        "  one: 0 one's success; 1 one's failure\n"
                        "  two, three: 0 this says at length that two and three both have come to an end as planned;\n"
                        "  124 they have not\n"
                        "  0 done\n");
    free(text);
}

static void print_two(const struct option_program *printed, FILE *out)
{
    option_print_of(printed, "two", out);
    option_print_exits_of(printed, "two", out);
}

static void print_exits_of_four(const struct option_program *printed, FILE *out)
{
    option_print_exits_of(printed, "four", out);
}

static void test_help_of_one_command(void **state)
{
    (void)state;
    char *text = text_of(print_two);
    assert_null(strstr(text, "--flag"));
    assert_non_null(strstr(text, "  -t, --text T             a text\n"));
    assert_non_null(strstr(text, "      --list L             a list\n"));
    assert_non_null(strstr(text,
                           "\nExit status:\n  0 this says at length that two and three both have come to an end as "
                           "planned; 124 they have not\n"));
    free(text);
    text = text_of(print_exits_of_four);
    assert_string_equal(text, "\nExit status:\n  0 done\n");
    free(text);
}

static void print_entries(const struct option_program *printed, FILE *out)
{
    (void)printed;
    option_print_entry("  a…", 8, "beside it", out);
    option_print_entry("  abcde", 8, "below it", out);
}

/* Columns are counted, not bytes. */
static void test_entries_line_up(void **state)
{
    (void)state;
    char *text = text_of(print_entries);
    assert_string_equal(text, "  a…    beside it\n"
                              "  abcde\n"
                              "        below it\n");
    free(text);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct sample sample = {0};
    uint64_t given = 0;
    int first = 0;
    const char *const words[] = {"--list", "x", NULL};
    mem_fault_after(0);
    assert_int_equal(parse(words, &sample, &given, &first), OPTION_WRONG);
    assert_true(mem_fault_off());
    option_free(&program, &sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_kept),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_a_bare_zero_is_no_time),
        cmocka_unit_test(test_help_ends),
        cmocka_unit_test(test_help_about_a_word),
        cmocka_unit_test(test_help_of_one_command),
        cmocka_unit_test(test_options_of_other_commands),
        cmocka_unit_test(test_help_lines_up),
        cmocka_unit_test(test_usage_has_a_line_for_each_form),
        cmocka_unit_test(test_exit_statuses_share_a_line),
        cmocka_unit_test(test_entries_line_up),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
