/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

/* Elements per piece: some tens of kilobytes, few calls and little memory. */
enum { PIECE_ELEMENTS = 256 };

enum { PHASE_BEGIN, PHASE_ENTRIES, PHASE_LISTS, PHASE_NEXT_JOURNAL, PHASE_END };

void report_journal_init(struct journal_report *stream, const struct database_report *database)
{
    *stream = (struct journal_report){.database = database};
    json_writer_init(&stream->writer, NULL, 0);
}

/* The journal that the object being written describes. */
static const struct judged_journal *described(const struct journal_report *stream)
{
    const struct database_report *database = stream->database;
    return stream->object == 0 ? report_worst(database) : &database->journals[stream->object - 1];
}

static const struct journal *read_journal(const struct journal_report *stream)
{
    const struct judged_journal *judged = described(stream);
    return judged->reading ? judged->reading->journal : NULL;
}

/* What a journal's object has before its entries. */
static void begin_journal(struct journal_report *stream)
{
    struct json_writer *writer = &stream->writer;
    const struct judged_journal *judged = described(stream);
    const struct journal *journal = read_journal(stream);
    report_journal_name(writer, judged);
    json_key_string(writer, "tool", report_tool(judged));
    report_state(writer, &judged->verdict);
    report_lock(writer, judged);
    report_advice(writer, &judged->verdict);
    json_key_boolean(writer, "heads_only", journal && journal->heads_only);
    json_key_boolean(writer, "truncated", journal && journal->truncated);
    json_key_array(writer, "applied");
    stream->phase = PHASE_ENTRIES;
    stream->next = 0;
}

static void add_entry(struct json_writer *writer, const struct journal_entry *entry)
{
    json_open_object(writer);
    json_key_string(writer, "revision", entry->revision);
    json_key_string(writer, "label", entry->label);
    json_key_string(writer, "checksum", entry->checksum);
    json_key_time(writer, "applied_at", entry->applied_at_ms);
    json_key_string(writer, "state", entry_state_name(entry->state));
    json_key_boolean(writer, "repeatable", entry->repeatable);
    json_close_object(writer);
}

static void begin_list(struct journal_report *stream, size_t list)
{
    stream->phase = PHASE_LISTS;
    stream->list = list;
    stream->next = 0;
    json_key_array(&stream->writer, report_list_key(list));
}

static void add_entries(struct journal_report *stream)
{
    const struct journal *journal = read_journal(stream);
    if (journal && stream->cursor.journal != journal)
        journal_cursor_init(&stream->cursor, journal);
    const struct journal_entry *entry = NULL;
    for (size_t i = 0; journal && i < PIECE_ELEMENTS && (entry = journal_cursor_next(&stream->cursor)); i++) {
        if (entry->state == ENTRY_APPLIED || entry->state == ENTRY_BASELINE)
            add_entry(&stream->writer, entry);
    }
    if (entry)
        return;
    stream->cursor.journal = NULL;
    json_close_array(&stream->writer);
    begin_list(stream, 0);
}

static void add_findings(struct journal_report *stream)
{
    const struct finding_list *list = report_list_of(described(stream)->comparison, stream->list);
    for (size_t i = 0; i < PIECE_ELEMENTS && stream->next < list->count; i++) {
        json_open_object(&stream->writer);
        report_finding_members(&stream->writer, &list->items[stream->next++]);
        json_close_object(&stream->writer);
    }
    if (stream->next < list->count)
        return;
    json_close_array(&stream->writer);
    if (stream->list + 1 < REPORT_LISTS)
        begin_list(stream, stream->list + 1);
    else
        stream->phase = PHASE_NEXT_JOURNAL;
}

static void go_to_next_journal(struct journal_report *stream)
{
    struct json_writer *writer = &stream->writer;
    if (stream->object == 0)
        json_key_array(writer, "journals");
    else
        json_close_object(writer);
    size_t several = stream->database->journal_count > 1 ? stream->database->journal_count : 0;
    if (stream->object < several) {
        stream->object++;
        json_open_object(writer);
        begin_journal(stream);
        return;
    }
    json_close_array(writer);
    report_groups(writer, stream->database);
    report_remarks(writer, stream->database);
    json_close_object(writer);
    stream->phase = PHASE_END;
}

static void begin_document(struct journal_report *stream)
{
    const struct snapshot *snapshot = stream->database->snapshot;
    json_open_object(&stream->writer);
    json_key_string(&stream->writer, "database", stream->database->name);
    json_key_time(&stream->writer, "taken_at", snapshot ? snapshot->taken_at_ms : TIME_UNKNOWN);
    begin_journal(stream);
}

bool report_journal_next(struct journal_report *stream, struct strbuf *out)
{
    stream->writer.out = out;
    if (stream->phase == PHASE_END || stream->writer.failed || !strbuf_ok(out))
        return false;
    switch (stream->phase) {
    case PHASE_BEGIN:
        begin_document(stream);
        break;
    case PHASE_ENTRIES:
        add_entries(stream);
        break;
    case PHASE_LISTS:
        add_findings(stream);
        break;
    default:
        go_to_next_journal(stream);
        break;
    }
    return true;
}
