/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_lists.h"

static const struct {
    const char *key;
    const char *count_key;
    size_t offset;
} lists[REPORT_LISTS] = {
    {"pending", "pending_count", offsetof(struct comparison, pending)},
    {"unknown", "unknown_count", offsetof(struct comparison, unknown)},
    {"later", "later_count", offsetof(struct comparison, later)},
    [LIST_FAILED] = {"failed", "failed_count", offsetof(struct comparison, failed)},
    {"mismatched", "mismatched_count", offsetof(struct comparison, mismatched)},
    {"unverified", "unverified_count", offsetof(struct comparison, unverified)},
    {"out_of_order", "out_of_order_count", offsetof(struct comparison, out_of_order)},
    [LIST_DIRTY] = {"dirty", "dirty_count", offsetof(struct comparison, dirty)},
};

const char *report_list_key(size_t list)
{
    return lists[list].key;
}

const struct finding_list *report_list_of(const struct comparison *comparison, size_t list)
{
    static const struct finding_list none = {0};
    if (!comparison)
        return &none;
    return (const struct finding_list *)(const void *)((const char *)comparison + lists[list].offset);
}

static size_t add_revisions(struct json_writer *writer, const struct finding_list *list, size_t room)
{
    size_t shown = list->count < room ? list->count : room;
    for (size_t i = 0; i < shown; i++)
        json_add_string(writer, list->items[i].revision);
    return shown;
}

void report_revision_lists(struct json_writer *writer, const struct judged_journal *journal)
{
    for (size_t i = 0; i < LIST_DIRTY; i++) {
        const struct finding_list *list = report_list_of(journal->comparison, i);
        size_t count = list->count;
        json_key_array(writer, lists[i].key);
        size_t shown = add_revisions(writer, list, LIST_SHOWN);
        if (i == LIST_FAILED && journal->verdict.state == STATE_FAILED) {
            const struct finding_list *dirty = report_list_of(journal->comparison, LIST_DIRTY);
            add_revisions(writer, dirty, LIST_SHOWN - shown);
            count += dirty->count;
        }
        json_close_array(writer);
        if (count > LIST_SHOWN)
            json_key_integer(writer, lists[i].count_key, (int64_t)count);
    }
}

void report_finding_members(struct json_writer *writer, const struct finding *finding)
{
    json_key_string(writer, "revision", finding->revision);
    json_key_string(writer, "file", finding->file);
    json_key_string(writer, "detail", finding->detail);
    json_key_time(writer, "applied_at", finding->applied_at_ms);
}

const char *report_tool(const struct judged_journal *journal)
{
    const struct journal_address *address = report_journal_address(journal);
    if (address && address->tool)
        return address->tool;
    return journal->comparison ? journal->comparison->tool : NULL;
}

const struct journal_address *report_journal_address(const struct judged_journal *journal)
{
    return journal->reading ? &journal->reading->address : journal->absent;
}

bool report_address(const struct judged_journal *journal, char *buffer, size_t size)
{
    const struct journal_address *address = report_journal_address(journal);
    bool known = address && address->table;
    if (known)
        journal_address_print(address, buffer, size);
    return known;
}

void report_journal_name(struct json_writer *writer, const struct judged_journal *journal)
{
    char name[JOURNAL_NAME_SIZE] = "";
    report_address(journal, name, sizeof name);
    report_key_text(writer, "journal", name);
    report_key_text(writer, "address", name);
}

void report_remarks(struct json_writer *writer, const struct database_report *database)
{
    json_key_array(writer, "remarks");
    for (size_t i = 0; i < database->remark_count && i < LIST_SHOWN; i++) {
        json_open_object(writer);
        json_key_string(writer, "kind", remark_kind_name(database->remarks[i].kind));
        json_key_string(writer, "text", database->remarks[i].text);
        json_close_object(writer);
    }
    json_close_array(writer);
}

void report_lock(struct json_writer *writer, const struct judged_journal *journal)
{
    const struct journal_reading *reading = journal->reading;
    const struct verdict *verdict = &journal->verdict;
    bool known = reading && (reading->lock.held || verdict->lock_orphaned || verdict->lock_suspected);
    if (!known && !(reading && reading->locked)) {
        json_key_null(writer, "lock");
        return;
    }
    json_key_object(writer, "lock");
    json_key_boolean(writer, "held", reading->lock.held || reading->locked);
    json_key_boolean(writer, "orphaned", verdict->lock_orphaned);
    json_key_boolean(writer, "suspected", verdict->lock_suspected);
    report_key_text(writer, "holder", known ? reading->lock.holder : "");
    json_key_time(writer, "since", known ? reading->lock.since_ms : TIME_UNKNOWN);
    json_close_object(writer);
}

void report_state(struct json_writer *writer, const struct verdict *verdict)
{
    json_key_string(writer, "state", migration_state_name(verdict->state));
    json_key_string(writer, "code", state_code_name(verdict->code));
}

void report_advice(struct json_writer *writer, const struct verdict *verdict)
{
    json_key_string(writer, "reason", verdict->reason);
    report_key_text(writer, "next", verdict->next);
}

void report_key_text(struct json_writer *writer, const char *key, const char *text)
{
    json_key_string(writer, key, text && *text ? text : NULL);
}

void report_database_name(struct json_writer *writer, const struct database_report *database)
{
    json_key_string(writer, "database", database->name);
    if (database->replica_of)
        json_key_string(writer, "replica_of", database->replica_of);
}
