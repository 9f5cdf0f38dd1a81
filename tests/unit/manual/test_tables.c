/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tables must hold so that a manual page and completion can be made of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/config_keys.h"
#include "daemon/ctl.h"
#include "daemon/manual/completion.h"
#include "daemon/manual/template.h"
#include "daemon/wait.h"

/* Shells and manual pages quote what these characters would end. */
static void check_phrase(const char *text)
{
    assert_non_null(text);
    size_t length = strlen(text);
    assert_true(length > 0);
    assert_null(strpbrk(text, "\n\t"));
    assert_int_not_equal(text[length - 1], '.');
    assert_int_not_equal(text[length - 1], ' ');
}

static void check_sentences(const char *text)
{
    assert_non_null(text);
    assert_null(strpbrk(text, "\n\t"));
    assert_int_equal(text[strlen(text) - 1], '.');
}

static bool is_command(const struct manual_program *program, const char *name, size_t length)
{
    for (int i = 0; i < *program->command_count; i++) {
        if (strlen(program->commands[i].name) == length && memcmp(program->commands[i].name, name, length) == 0)
            return true;
    }
    return false;
}

/* That each word is a command: another one would give an option that nothing takes. */
static void check_commands(const struct manual_program *program, const char *words)
{
    while (words && *words) {
        size_t length = strcspn(words, " ");
        assert_true(is_command(program, words, length));
        words += length;
        words += strspn(words, " ");
    }
}

static void check_rows(const struct manual_program *program)
{
    const struct option_program *line = program->line;
    assert_in_range(line->count, 1, OPTION_ROWS);
    for (size_t i = 0; i < line->count; i++) {
        const struct option_row *row = &line->rows[i];
        check_phrase(row->doc);
        assert_true(completion_short_length(row->doc) > 0);
        assert_true(program->commands || !row->commands);
        check_commands(program, row->commands);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(row->name, line->rows[j].name);
            assert_true(!row->letter || row->letter != line->rows[j].letter);
        }
    }
}

static void test_options(void **state)
{
    (void)state;
    for (size_t i = 0; i < MANUAL_PROGRAMS; i++) {
        check_phrase(manual_programs[i].line->summary);
        assert_ptr_equal(manual_find_program(manual_programs[i].line->name), &manual_programs[i]);
        check_rows(&manual_programs[i]);
    }
    assert_null(manual_find_program("migration"));
}

static void test_commands(void **state)
{
    (void)state;
    for (int i = 0; i < ctl_command_count; i++) {
        const struct ctl_command *command = &ctl_commands[i];
        check_phrase(command->summary);
        check_sentences(command->doc);
        assert_true(command->least <= command->most);
        assert_true(command->outputs & 1u << CTL_TEXT);
    }
}

/* Each status once for each command; those of the same commands stand together. */
static void check_exits(const struct manual_program *program)
{
    const struct option_program *line = program->line;
    bool success = false;
    assert_true(line->exit_count > 0);
    for (size_t i = 0; i < line->exit_count; i++) {
        const struct option_exit *row = &line->exits[i];
        check_phrase(row->doc);
        assert_null(strchr(row->doc, ';')); /* it stands between statuses */
        check_commands(program, row->commands);
        success = success || row->status == 0;
        for (size_t j = 0; j < i; j++) {
            const struct option_exit *other = &line->exits[j];
            bool same = row->commands && other->commands ? strcmp(row->commands, other->commands) == 0
                                                         : row->commands == other->commands;
            assert_false(same && row->status == other->status);
        }
    }
    assert_true(success);
}

static bool has_status(const struct option_program *line, int status)
{
    for (size_t i = 0; i < line->exit_count; i++) {
        if (line->exits[i].status == status)
            return true;
    }
    return false;
}

static void test_exits(void **state)
{
    (void)state;
    static const int ctl[] = {CTL_OK,      CTL_CLOSED,    CTL_USAGE,       CTL_TROUBLE,  CTL_UNKNOWN,
                              CTL_BLOCKED, CTL_TIMED_OUT, CTL_INTERRUPTED, WAIT_NOT_RUN, WAIT_NOT_FOUND};
    static const int wait[] = {WAIT_OPEN,    WAIT_CLOSED,    WAIT_USAGE,   WAIT_UNKNOWN,
                               WAIT_BLOCKED, WAIT_TIMED_OUT, WAIT_NOT_RUN, WAIT_NOT_FOUND};
    for (size_t i = 0; i < MANUAL_PROGRAMS; i++)
        check_exits(&manual_programs[i]);
    for (size_t i = 0; i < ARRAY_LENGTH(ctl); i++)
        assert_true(has_status(manual_find_program("migrationctl")->line, ctl[i]));
    for (size_t i = 0; i < ARRAY_LENGTH(wait); i++)
        assert_true(has_status(manual_find_program("migration-wait")->line, wait[i]));
}

enum { DEPTH = 6 };

/* A key that a function of its own reads says what it takes, as the others do by their types. */
static void check_keys(const struct config_section *keys, unsigned depth)
{
    assert_in_range(depth, 0, DEPTH);
    for (size_t i = 0; i < keys->key_count; i++) {
        const struct config_key *key = &keys->keys[i];
        check_sentences(key->doc);
        if (key->type == KEY_CUSTOM && !key->takes && !key->nested)
            fail_msg("the key '%s' of '%s' needs .takes: what may stand there", key->name, keys->name);
        if (key->nested)
            check_keys(key->nested, depth + 1);
    }
}

static void test_keys(void **state)
{
    (void)state;
    check_keys(&config_top_keys, 0);
}

static void test_offers(void **state)
{
    (void)state;
    assert_int_equal(completion_offer_of(NULL), 0);
    assert_int_equal(completion_offer_of("URL"), 0);
    assert_int_equal(completion_offer_of("FILE"), OFFER_FILES);
    assert_int_equal(completion_offer_of("DIRECTORY…"), OFFER_FOLDERS);
    assert_int_equal(completion_offer_of("REFERENCE LIVE | DATABASE"), OFFER_FILES | OFFER_DATABASES);
    assert_int_equal(completion_offer_of("GATE [-- COMMAND…]"), OFFER_DATABASES | OFFER_PROGRAMS);
}

static void test_short_texts(void **state)
{
    (void)state;
    static const struct {
        const char *doc;
        const char *shorter;
    } cases[] = {
        {"whole", "whole"},
        {"the daemon (default http://127.0.0.1)", "the daemon"},
        {"exact (default) or contains", "exact (default) or contains"},
        {"only these schemas; may be repeated", "only these schemas"},
        {"such as 30s (default 1m); 0 looks once", "such as 30s"},
        {"(odd)", "(odd)"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        assert_int_equal(completion_short_length(cases[i].doc), strlen(cases[i].shorter));
        assert_memory_equal(cases[i].doc, cases[i].shorter, strlen(cases[i].shorter));
    }
}

static char *filled(const char *text, int *ret_result)
{
    char in_text[256] = "";
    char *source = NULL;
    size_t length = 0;
    snprintf(in_text, sizeof in_text, "%s", text);
    FILE *in = fmemopen(in_text, strlen(in_text), "r");
    FILE *out = open_memstream(&source, &length);
    assert_non_null(in);
    assert_non_null(out);
    const struct template template = {.program = manual_find_program("migration-wait"), .date = "2026-11-21"};
    *ret_result = template_fill(&template, in, out);
    fclose(in);
    fclose(out);
    return source;
}

static void test_holes_are_filled(void **state)
{
    (void)state;
    int result = -1;
    char *text = filled("_@symbol@ of @program@, @date@: \"${words[@]}\" a@b.c\n@usage@\n", &result);
    assert_int_equal(result, 0);
    assert_non_null(strstr(text, "_migration_wait of migration-wait, 2026-11-21: \"${words[@]}\" a@b.c\n"));
    assert_non_null(strstr(text, "\\fB\\-\\-gate\\fR"));
    free(text);
    text = filled("what is @that@?\n", &result);
    assert_int_equal(result, -1);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_exits),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_short_texts),
        cmocka_unit_test(test_holes_are_filled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
