/* SPDX-License-Identifier: Apache-2.0 */
#include "support/journal_rows.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "journal/journal_builder.h"

enum { CELLS_MAXIMUM = 32 };

static void add_row(struct journal_builder *builder, const struct json_value *row)
{
    const char *cells[CELLS_MAXIMUM] = {0};
    size_t lengths[CELLS_MAXIMUM] = {0};
    size_t count = json_length(row);
    struct error error = {0};
    assert_true(count <= CELLS_MAXIMUM);
    for (size_t i = 0; i < count; i++) {
        cells[i] = json_text(json_element(row, i));
        lengths[i] = cells[i] ? strlen(cells[i]) : 0;
    }
    if (journal_builder_row(builder, cells, lengths, count, &error) < 0)
        fail_msg("a row is refused: %s", error.message);
}

struct journal *journal_of_json(const struct tool *tool, const struct json_value *document)
{
    const struct journal_address address = {.schema = "public", .table = "journal"};
    cleanup(journal_builder) struct journal_builder builder = {0};
    struct journal *journal = NULL;
    struct error error = {0};
    int64_t shape = 0;
    const char *name = json_text(json_member(document, "tool"));
    if (!tool && name)
        tool = tool_find(name);
    if (!tool) {
        fail_msg("no tool is named");
        return NULL;
    }
    json_get_integer(json_member(document, "shape"), &shape);
    assert_true(shape >= 0 && (size_t)shape < tool->shape_count);
    assert_int_equal(journal_builder_init(&builder, tool, (size_t)shape, &address, &error), 0);
    const struct json_value *rows = json_member(document, "rows");
    for (size_t i = 0; i < json_length(rows); i++)
        add_row(&builder, json_element(rows, i));
    const struct json_value *beside = json_member(document, "beside");
    if (json_length(beside) > 0)
        journal_builder_go_beside(&builder);
    for (size_t i = 0; i < json_length(beside); i++)
        add_row(&builder, json_element(beside, i));
    if (journal_builder_finish(&builder, false, &journal, &error) < 0)
        fail_msg("the rows do not fold: %s", error.message);
    return journal;
}

struct journal *journal_of_text(const struct tool *tool, const char *json)
{
    cleanup(json_document) struct json_document *document = NULL;
    struct error error = {0};
    if (json_parse(json, strlen(json), LIMIT_JSON_BYTES, "rows", &document, &error) < 0)
        fail_msg("%s", error.message);
    return journal_of_json(tool, json_root(document));
}

static void print_text(struct strbuf *out, const char *name, const char *text)
{
    if (text)
        strbuf_printf(out, " %s=%s", name, text);
}

static void print_time(struct strbuf *out, int64_t time_ms)
{
    if (time_ms != TIME_UNKNOWN)
        strbuf_printf(out, " at=%" PRId64, time_ms);
}

void journal_print(const struct journal *journal, struct strbuf *out)
{
    strbuf_printf(out, "tool %s, shape %zu, %zu rows%s%s\n", journal->address.tool, journal->shape, journal->row_count,
                  journal->heads_only ? ", heads only" : "", journal->truncated ? ", truncated" : "");
    if (journal->invalid)
        strbuf_printf(out, "invalid: %s\n", journal->invalid);
    for (size_t i = 0; i < journal->entry_count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        strbuf_printf(out, "%s %s", entry_state_name(entry->state), entry->revision);
        print_text(out, "key", entry->key);
        print_text(out, "label", entry->label);
        print_text(out, "checksum", entry->checksum);
        print_text(out, "part", entry->part);
        print_time(out, entry->applied_at_ms);
        strbuf_printf(out, " rank=%" PRId64 "%s\n", entry->rank, entry->repeatable ? " repeatable" : "");
    }
}

static void print_list(struct strbuf *out, const char *name, struct finding_list list)
{
    for (size_t i = 0; i < list.count; i++) {
        const struct finding *finding = &list.items[i];
        strbuf_printf(out, "%s %s", name, finding->revision);
        print_text(out, "file", finding->file);
        print_time(out, finding->applied_at_ms);
        if (finding->detail)
            strbuf_printf(out, " (%s)", finding->detail);
        strbuf_add_char(out, '\n');
    }
}

void comparison_print(const struct comparison *comparison, struct strbuf *out)
{
    strbuf_printf(out, "expected %s, %s, from %s, %zu migrations; %zu applied\n",
                  comparison->expected_revision ? comparison->expected_revision : "nothing",
                  match_name(comparison->match), expectation_source_name(comparison->source),
                  comparison->expected_count, comparison->applied_count);
    strbuf_printf(out, "target %s%s%s%s\n", comparison->target_applied ? "applied" : "not applied",
                  comparison->order_unknown ? ", order unknown" : "",
                  comparison->multiple_heads ? ", multiple heads" : "",
                  comparison->unknown_refused ? ", unknown refused" : "");
    print_list(out, "head", comparison->heads);
    print_list(out, "pending", comparison->pending);
    print_list(out, "out-of-order", comparison->out_of_order);
    print_list(out, "unknown", comparison->unknown);
    print_list(out, "later", comparison->later);
    print_list(out, "failed", comparison->failed);
    print_list(out, "dirty", comparison->dirty);
    print_list(out, "mismatched", comparison->mismatched);
    print_list(out, "unverified", comparison->unverified);
    const char *const sentences[][2] = {{"remark", comparison->remark},
                                        {"apply", comparison->next_apply},
                                        {"repair", comparison->next_repair},
                                        {"release", comparison->next_release}};
    for (size_t i = 0; i < ARRAY_LENGTH(sentences); i++)
        if (sentences[i][1])
            strbuf_printf(out, "%s: %s\n", sentences[i][0], sentences[i][1]);
}

void remarks_print(const struct migration_set *set, struct strbuf *out)
{
    for (size_t i = 0; i < set->remark_count; i++)
        strbuf_printf(out, "%s: %s\n", remark_kind_name(set->remarks[i].kind), set->remarks[i].text);
}

void migration_set_print(const struct migration_set *set, struct strbuf *out)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        strbuf_add_string(out, migration->revision);
        print_text(out, "key", migration->key);
        print_text(out, "file", migration->file);
        print_text(out, "checksum", migration->checksum);
        print_text(out, "part", migration->part);
        for (size_t j = 0; j < migration->parent_count; j++)
            strbuf_printf(out, " <%s", migration->parents[j]);
        strbuf_printf(out, "%s%s%s\n", migration->repeatable ? " repeatable" : "",
                      migration->baseline ? " baseline" : "", migration->checksum_uncertain ? " uncertain" : "");
    }
    remarks_print(set, out);
}
