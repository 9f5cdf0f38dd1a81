/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal's report in pieces: shape, order and boundaries.
 */
#include "report_sample.h"

#include "base/alloc.h"
#include "json/json_reader.h"

enum { ENTRIES = 1000, FINDINGS = 600, REPORT_BYTES = 4 * 1024 * 1024, PIECE_BYTES = 64 * 1024 };

static struct journal_entry entries[ENTRIES];
static struct finding findings[FINDINGS];
static char names[ENTRIES][8];

/* Every seventh entry is one that failed: it stands in `failed`, not in `applied`. */
static void make_long_journal(struct sample *sample)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        snprintf(names[i], sizeof names[i], "r%zu", i);
        entries[i] = (struct journal_entry){.revision = names[i],
                                            .checksum = i % 2 ? "1a2b" : NULL,
                                            .applied_at_ms = SAMPLE_NOW_MS - (int64_t)(ENTRIES - i) * 1000,
                                            .state = i == 0       ? ENTRY_BASELINE
                                                     : i % 7 == 0 ? ENTRY_FAILED
                                                                  : ENTRY_APPLIED};
    }
    for (size_t i = 0; i < FINDINGS; i++)
        findings[i] = (struct finding){.revision = names[i], .file = "f.sql", .applied_at_ms = TIME_UNKNOWN};
    for (size_t i = 0; i < SAMPLE_JOURNALS; i++) {
        sample->journals[i].heads_only = false;
        sample->journals[i].entries = entries;
        sample->journals[i].entry_count = ENTRIES;
        sample->comparisons[i].pending = sample_list(findings, FINDINGS);
        sample->comparisons[i].dirty = sample_list(findings, 2);
    }
}

/* Renders in pieces; each must stay small, and none may be empty. */
static struct json_document *render(const struct database_report *report, size_t *ret_pieces)
{
    cleanup(strbuf) struct strbuf whole = STRBUF(REPORT_BYTES);
    cleanup(strbuf) struct strbuf piece = STRBUF(PIECE_BYTES);
    struct journal_report stream;
    report_journal_init(&stream, report);
    *ret_pieces = 0;
    while (report_journal_next(&stream, &piece)) {
        assert_true(strbuf_ok(&piece));
        assert_true(piece.length > 0);
        strbuf_add(&whole, piece.bytes, piece.length);
        strbuf_clear(&piece);
        (*ret_pieces)++;
    }
    assert_int_equal(piece.length, 0);
    assert_false(report_journal_next(&stream, &piece));
    struct json_document *document = NULL;
    struct error error = {0};
    if (json_parse(strbuf_text(&whole), whole.length, REPORT_BYTES, "journal", &document, &error) < 0)
        fail_msg("%s", error.message);
    return document;
}

static const char *text_at(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

static void assert_describes(const struct json_value *object, const char *journal)
{
    bool flag = true;
    int64_t none = 0;
    assert_string_equal(text_at(object, "journal"), journal);
    assert_string_equal(text_at(object, "tool"), "alembic");
    assert_true(json_get_boolean(json_member(object, "heads_only"), &flag));
    assert_false(flag);
    const struct json_value *applied = json_member(object, "applied");
    assert_int_equal(json_length(applied), ENTRIES - ENTRIES / 7);
    const struct json_value *first = json_element(applied, 0);
    assert_string_equal(text_at(first, "revision"), "r0");
    assert_string_equal(text_at(first, "state"), "baseline");
    assert_true(json_is_null(json_member(first, "checksum")));
    assert_string_equal(text_at(first, "applied_at"), "2026-11-20T09:43:20Z");
    assert_string_equal(text_at(json_element(applied, 1), "checksum"), "1a2b");
    const struct json_value *pending = json_member(object, "pending");
    assert_int_equal(json_length(pending), FINDINGS);
    assert_string_equal(text_at(json_element(pending, FINDINGS - 1), "file"), "f.sql");
    assert_true(json_is_null(json_member(json_element(pending, 0), "applied_at")));
    assert_int_equal(json_length(json_member(object, "dirty")), 2);
    static const char *const empty[] = {"unknown", "later", "failed", "mismatched", "unverified", "out_of_order"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        assert_true(json_is_array(json_member(object, empty[i])));
        assert_int_equal(json_length(json_member(object, empty[i])), 0);
    }
    assert_false(json_get_integer(json_member(object, "pending_count"), &none));
}

static void test_long_journal_comes_in_pieces(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    make_long_journal(&sample);
    sample_judge(&sample);
    size_t pieces = 0;
    cleanup(json_document) struct json_document *document = render(&sample.report, &pieces);
    assert_in_range(pieces, 8, 40);
    const struct json_value *root = json_root(document);
    assert_string_equal(text_at(root, "database"), "orders");
    assert_string_equal(text_at(root, "taken_at"), "2026-11-20T10:00:00Z");
    assert_describes(root, "public.alembic_version");
    assert_true(json_is_array(json_member(root, "journals")));
    assert_int_equal(json_length(json_member(root, "journals")), 0);
}

static void test_several_journals_stand_each_for_itself(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    make_long_journal(&sample);
    sample.report.journal_count = SAMPLE_JOURNALS;
    sample.comparisons[1].failed = sample_list(NULL, 0);
    sample_judge(&sample);
    sample.report.worst = 1;
    size_t pieces = 0;
    cleanup(json_document) struct json_document *document = render(&sample.report, &pieces);
    const struct json_value *root = json_root(document);
    assert_describes(root, "tenant_2.alembic_version");
    const struct json_value *journals = json_member(root, "journals");
    assert_int_equal(json_length(journals), SAMPLE_JOURNALS);
    assert_describes(json_element(journals, 0), "public.alembic_version");
    assert_describes(json_element(journals, 2), "tenant_3.alembic_version");
}

static void test_no_journal(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    sample_take_journal(&sample);
    sample.report.snapshot = NULL;
    sample.inputs[0].observed = false;
    sample_judge(&sample);
    size_t pieces = 0;
    cleanup(json_document) struct json_document *document = render(&sample.report, &pieces);
    const struct json_value *root = json_root(document);
    assert_true(json_is_null(json_member(root, "journal")));
    assert_true(json_is_null(json_member(root, "taken_at")));
    assert_string_equal(text_at(root, "code"), "NEVER_OBSERVED");
    assert_int_equal(json_length(json_member(root, "applied")), 0);
    assert_true(json_is_array(json_member(root, "pending")));
}

/* Neither a full buffer nor refused memory may loop or pass for an end that was reached. */
static void test_failure_ends_the_stream(void **state)
{
    (void)state;
    static struct sample sample;
    sample_init(&sample);
    make_long_journal(&sample);
    sample_judge(&sample);
    for (size_t maximum = 0; maximum < 100000; maximum += 9999) {
        cleanup(strbuf) struct strbuf out = STRBUF(maximum);
        struct journal_report stream;
        report_journal_init(&stream, &sample.report);
        while (report_journal_next(&stream, &out))
            ;
        assert_false(strbuf_ok(&out));
    }
    for (size_t successes = 0;; successes++) {
        cleanup(strbuf) struct strbuf out = STRBUF(REPORT_BYTES);
        struct journal_report stream;
        report_journal_init(&stream, &sample.report);
        mem_fault_after(successes);
        while (report_journal_next(&stream, &out))
            ;
        bool refused = mem_fault_off();
        assert_int_equal(strbuf_ok(&out), !refused);
        if (!refused)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_journal_comes_in_pieces),
        cmocka_unit_test(test_several_journals_stand_each_for_itself),
        cmocka_unit_test(test_no_journal),
        cmocka_unit_test(test_failure_ends_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
