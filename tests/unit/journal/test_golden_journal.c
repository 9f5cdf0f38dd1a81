/* SPDX-License-Identifier: Apache-2.0
 *
 * golden/journal/<tool>/<case>/rows.json folds to `journal`; golden/compare/<tool>/<case>/ holds question.json (rows,
 * part, engine, revision, match, source), files/ (expected), known/ (seen before, graph tools) and gives `comparison`.
 * A `files` that cannot be read gives its error. Every tool must have cases of both kinds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "journal/generic.h"
#include "support/golden.h"
#include "support/journal_rows.h"

static struct json_document *parse(struct golden_case *golden, const char *file)
{
    size_t length = 0;
    const char *text = golden_read(golden, file, &length);
    struct json_document *document = NULL;
    struct error error = {0};
    if (json_parse(text, length, LIMIT_JSON_BYTES, file, &document, &error) < 0)
        fail_msg("%s: %s", golden_name(golden), error.message);
    return document;
}

static void fold_case(struct golden_case *golden, void *userdata)
{
    cleanup(json_document) struct json_document *document = parse(golden, "rows.json");
    cleanup(journal) struct journal *journal = journal_of_json(userdata, json_root(document));
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_JSON_BYTES);
    journal_print(journal, &out);
    golden_expect(golden, "journal", strbuf_text(&out));
}

/* The journal of one part of the table, or the table's. */
static struct journal *choose_part(struct journal *whole, const char *part)
{
    size_t first = 0;
    size_t count = 0;
    if (!part)
        return journal_ref(whole);
    for (size_t i = 0; i < whole->entry_count; i++) {
        bool same = whole->entries[i].part && strcmp(whole->entries[i].part, part) == 0;
        first = same && count == 0 ? i : first;
        count += same;
    }
    assert_true(count > 0);
    struct journal *chosen = journal_part(whole, first, count);
    assert_non_null(chosen);
    return chosen;
}

static struct compare_request question_of(const struct json_value *document)
{
    struct compare_request request = {.revision = json_text(json_member(document, "revision"))};
    const char *match = json_text(json_member(document, "match"));
    const char *source = json_text(json_member(document, "source"));
    request.match = match ? match_from_name(match) : MATCH_EXACT;
    assert_true(request.match < MATCHES);
    for (int i = 0; source && i < EXPECTATION_SOURCES; i++)
        if (strcmp(source, expectation_source_name((enum expectation_source)i)) == 0)
            request.source = (enum expectation_source)i;
    return request;
}

static void compare_case(struct golden_case *golden, void *userdata)
{
    const struct tool *tool = userdata;
    cleanup(json_document) struct json_document *document = parse(golden, "question.json");
    cleanup(journal) struct journal *whole = journal_of_json(tool, json_root(document));
    whole->engine = json_text(json_member(json_root(document), "engine"));
    cleanup(journal) struct journal *journal = choose_part(whole, json_text(json_member(json_root(document), "part")));
    cleanup(migration_set) struct migration_set *files = NULL;
    cleanup(migration_set) struct migration_set *before = NULL;
    cleanup(revision_graph) struct revision_graph *known = NULL;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JSON_BYTES);
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_JSON_BYTES);
    struct error error = {0};
    struct comparison comparison = {0};
    struct compare_request request = question_of(json_root(document));
    if (golden_has(golden, "known")) {
        assert_int_equal(migration_files_read(tool, NULL, golden_path(golden, "known"), &before, &error), 0);
        known = revision_graph_extend(NULL, before);
        assert_non_null(known);
    }
    if (golden_has(golden, "files") &&
        migration_files_read(tool, NULL, golden_path(golden, "files"), &files, &error) < 0) {
        strbuf_printf(&out, "%s: %s\n", error_code_name(error.code), error.message);
        golden_expect(golden, "comparison", strbuf_text(&out));
        return;
    }
    request.journal = journal;
    request.expected = files;
    request.known = known;
    assert_int_equal(tool_compare(tool, &request, arena, &comparison, &error), 0);
    comparison_print(&comparison, &out);
    if (files)
        remarks_print(files, &out);
    golden_expect(golden, "comparison", strbuf_text(&out));
}

static void run_suite(const char *kind, const struct tool *tool, void (*function)(struct golden_case *, void *))
{
    cleanup(free) char *suite = mem_printf("%s/%s", kind, tool->name);
    assert_non_null(suite);
    /* The function only reads the tool. */
    golden_run(suite, function, (void *)(uintptr_t)tool);
}

static void test_folding(void **state)
{
    (void)state;
    for (size_t i = 0; tools[i]; i++)
        run_suite("journal", tools[i], fold_case);
    run_suite("journal", generic_tool, fold_case);
}

static void test_comparing(void **state)
{
    (void)state;
    for (size_t i = 0; tools[i]; i++)
        run_suite("compare", tools[i], compare_case);
    run_suite("compare", generic_tool, compare_case);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_comparing),
    };
    return cmocka_run_group_tests_name("journal golden cases", tests, NULL, NULL);
}
