/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_history.h"

#include <string.h>

#include "base/limits.h"
#include "report/report_table.h"

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

/* Which member tells whom a record is about, and which what happened. */
static const struct kind_words {
    const char *kind;
    const char *subject;
    const char *what;
} kinds[] = {
    {"state", "database", "state"}, {"drift", "database", "drift"}, {"admission", "gate", NULL},
    {"fail_open", "gate", "state"}, {"check", "address", "state"},
};

static const struct kind_words *words_of(const struct json_value *record)
{
    const char *kind = text_of(record, "kind");
    for (size_t i = 0; kind && i < ARRAY_LENGTH(kinds); i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return &kinds[i];
    }
    return &kinds[0];
}

static void add_joined(struct strbuf *out, const char *separator, const char *text)
{
    if (!text)
        return;
    strbuf_add_string(out, out->length > 0 ? separator : "");
    strbuf_add_string(out, text);
}

static void add_what(struct report_table *table, const struct kind_words *words, const struct json_value *record)
{
    cleanup(strbuf) struct strbuf cell = STRBUF(LIMIT_ADVICE_BYTES);
    bool admitted = false;
    json_get_boolean(json_member(record, "admitted"), &admitted);
    add_joined(&cell, " ", words->what ? text_of(record, words->what) : admitted ? "admitted" : "refused");
    add_joined(&cell, " ", text_of(record, "code"));
    report_table_add(table, strbuf_text(&cell));
}

/* The heads, or the revision that an application asked for. */
static void add_revision(struct report_table *table, const struct json_value *record)
{
    cleanup(strbuf) struct strbuf cell = STRBUF(LIMIT_EVENT_BYTES);
    const struct json_value *heads = json_member(record, "heads");
    add_joined(&cell, " ", text_of(record, "revision"));
    for (size_t i = 0; i < json_length(heads); i++)
        add_joined(&cell, ", ", json_text(json_element(heads, i)));
    report_table_add(table, strbuf_text(&cell));
}

/* What the checks said that the gate requires: which backup there was. */
static void add_evidence(struct strbuf *cell, const struct json_value *list)
{
    for (size_t i = 0; i < json_length(list); i++) {
        const struct json_value *evidence = json_element(list, i);
        add_joined(cell, "; ", text_of(evidence, "check"));
        add_joined(cell, " ", text_of(evidence, "state"));
        add_joined(cell, " ", text_of(evidence, "value"));
    }
}

/* The reason, or who asked. */
static void add_why(struct report_table *table, const struct json_value *record)
{
    cleanup(strbuf) struct strbuf cell = STRBUF(LIMIT_EVENT_BYTES);
    add_joined(&cell, " ", text_of(record, "application"));
    add_joined(&cell, " ", text_of(record, "instance"));
    add_joined(&cell, ": ", text_of(record, "reason"));
    add_evidence(&cell, json_member(record, "evidence"));
    report_table_add(table, strbuf_text(&cell));
}

void report_history(struct strbuf *out, enum report_style style, const struct json_value *const *records, size_t count)
{
    static const char *const titles[] = {"AT", "KIND", "SUBJECT", "WHAT", "REVISION", "WHY", NULL};
    cleanup(report_table) struct report_table table = {0};
    report_table_init(&table, style, titles);
    for (size_t i = 0; i < count; i++) {
        const struct kind_words *words = words_of(records[i]);
        report_table_add(&table, text_of(records[i], "at"));
        report_table_add(&table, words->kind);
        report_table_add(&table, text_of(records[i], words->subject));
        add_what(&table, words, records[i]);
        add_revision(&table, records[i]);
        add_why(&table, records[i]);
    }
    report_table_print(&table, out);
}

void report_history_moment(struct strbuf *out, enum report_style style, const struct json_value *const *answers,
                           size_t count)
{
    static const char *const titles[] = {"DATABASE", "STATE", "CODE", "REVISION", "SINCE", "REASON", NULL};
    cleanup(report_table) struct report_table table = {0};
    report_table_init(&table, style, titles);
    for (size_t i = 0; i < count; i++) {
        const struct json_value *record = json_member(answers[i], "record");
        report_table_add(&table, text_of(answers[i], "database"));
        report_table_add(&table, text_of(answers[i], "state"));
        report_table_add(&table, text_of(answers[i], "code"));
        add_revision(&table, record);
        report_table_add(&table, text_of(answers[i], "since"));
        report_table_add(&table, text_of(record, "reason"));
    }
    report_table_print(&table, out);
}
