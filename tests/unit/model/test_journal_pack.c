/* SPDX-License-Identifier: Apache-2.0
 *
 * What is packed comes out as it went in, in order, whatever fields an entry has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "model/journal_pack.h"
#include "support/oom.h"

enum { ENTRIES = 1000 };

/* Entry `i` of a journal in which every field is there, missing, repeated, shorter and longer in turn. */
static struct journal_entry entry_at(struct arena *arena, size_t i)
{
    struct journal_entry entry = {
        .revision = arena_printf(arena, "%zu", 20240101000000 + i * i),
        .key = i % 3 ? arena_printf(arena, "%zu", i) : NULL,
        .label = i % 5 ? arena_printf(arena, "%.*s", (int)(i % 17), "a description of it") : NULL,
        .checksum = i % 7 ? "same" : NULL,
        .applied_at_ms = i % 11 ? INT64_C(1700000000000) - (int64_t)i * 977 : TIME_UNKNOWN,
        .rank = i % 13 ? (int64_t)i : INT64_MIN + (int64_t)i,
        .state = (enum entry_state)(i % ENTRY_REVOKES),
        .repeatable = i % 2,
    };
    return entry;
}

static void assert_text(const char *actual, const char *expected)
{
    if (expected)
        assert_string_equal(actual, expected);
    else
        assert_null(actual);
}

static void assert_entry(const struct journal_entry *actual, const struct journal_entry *expected)
{
    assert_text(actual->revision, expected->revision);
    assert_text(actual->key, expected->key);
    assert_text(actual->label, expected->label);
    assert_text(actual->checksum, expected->checksum);
    assert_true(actual->applied_at_ms == expected->applied_at_ms);
    assert_true(actual->rank == expected->rank);
    assert_int_equal(actual->state, expected->state);
    assert_int_equal(actual->repeatable, expected->repeatable);
}

static struct journal_entry *make_entries(struct arena *arena)
{
    struct journal_entry *entries = arena_array(arena, ENTRIES, sizeof *entries);
    assert_non_null(entries);
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = entry_at(arena, i);
    return entries;
}

static void test_round_trip(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    const struct journal_entry *entries = make_entries(arena);
    const struct journal plain = {.entries = entries, .entry_count = ENTRIES};
    const struct journal packed = {.pack = journal_pack_make(arena, entries, ENTRIES), .entry_count = ENTRIES};
    const struct journal *const forms[] = {&plain, &packed};
    assert_non_null(packed.pack);
    for (size_t form = 0; form < ARRAY_LENGTH(forms); form++) {
        struct journal_cursor cursor = {0};
        const struct journal_entry *all = NULL;
        journal_cursor_init(&cursor, forms[form]);
        assert_true(journal_entries(forms[form], arena, &all));
        for (size_t i = 0; i < ENTRIES; i++) {
            assert_entry(journal_cursor_next(&cursor), &entries[i]);
            assert_entry(&all[i], &entries[i]);
        }
        assert_null(journal_cursor_next(&cursor));
        assert_null(journal_cursor_next(&cursor));
    }
}

static void test_what_cannot_be_packed(void **state)
{
    (void)state;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    char text[PACKED_TEXT_BYTES + 1] = "";
    memset(text, 'x', PACKED_TEXT_BYTES);
    struct journal_entry entry = {.revision = text};
    assert_null(journal_pack_make(arena, &entry, 1));
    text[PACKED_TEXT_BYTES - 1] = '\0';
    assert_non_null(journal_pack_make(arena, &entry, 1));
    entry.part = "auth";
    assert_null(journal_pack_make(arena, &entry, 1));
}

static void test_memory(void **state)
{
    (void)state;
    cleanup(arena) struct arena *texts = arena_new(LIMIT_JOURNAL_BYTES);
    const struct journal_entry *entries = make_entries(texts);
    FOR_EACH_ALLOCATION_FAILURE(loop)
    {
        cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
        struct journal journal = {.entry_count = ENTRIES};
        const struct journal_entry *all = NULL;
        journal.pack = arena ? journal_pack_make(arena, entries, ENTRIES) : NULL;
        OOM_CHECK(loop, journal.pack && journal_entries(&journal, arena, &all));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_what_cannot_be_packed),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
