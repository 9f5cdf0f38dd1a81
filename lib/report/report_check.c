/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_check.h"

#include "model/journal.h"
#include "report/report_lists.h"

enum check_state report_checks_state(const struct judged_check *checks, size_t count)
{
    static const unsigned ranks[CHECK_STATES] = {[CHECK_PASSED] = 0, [CHECK_UNKNOWN] = 1, [CHECK_FAILED] = 2};
    enum check_state worst = CHECK_PASSED;
    for (size_t i = 0; i < count; i++) {
        if (checks[i].severity == CHECK_FAILS && ranks[checks[i].verdict.state] > ranks[worst])
            worst = checks[i].verdict.state;
    }
    return worst;
}

enum health_status report_checks_health(const struct judged_check *checks, size_t count)
{
    enum health_status worst = HEALTH_PASS;
    for (size_t i = 0; i < count; i++)
        worst = checks[i].verdict.health > worst ? checks[i].verdict.health : worst;
    return worst;
}

const char *report_check_evidence(const struct judged_check *check)
{
    const struct check_result *result = check->result;
    if (!result)
        return NULL;
    return result->backup.file ? result->backup.file : result->value;
}

static void add_seconds_or_null(struct json_writer *writer, const char *key, int64_t ms)
{
    if (ms >= 0)
        json_key_seconds(writer, key, ms);
    else
        json_key_null(writer, key);
}

static void add_coverage(struct json_writer *writer, const struct check_coverage *coverage)
{
    if (coverage->tables == 0)
        return;
    json_key_object(writer, "coverage");
    json_key_integer(writer, "tables", (int64_t)coverage->tables);
    json_key_integer(writer, "holding_rows", (int64_t)coverage->holding);
    json_key_integer(writer, "unread", (int64_t)coverage->unread);
    json_close_object(writer);
}

static void add_items(struct json_writer *writer, const struct check_result *result)
{
    if (result->item_total == 0)
        return;
    json_key_array(writer, "items");
    for (size_t i = 0; i < result->item_count; i++)
        json_add_string(writer, result->items[i]);
    json_close_array(writer);
    json_key_integer(writer, "items_count", (int64_t)result->item_total);
}

static void add_rows(struct json_writer *writer, const struct check_result *result)
{
    if (result->row_count == 0)
        return;
    json_key_array(writer, "columns");
    for (size_t i = 0; i < result->column_count; i++)
        json_add_string(writer, result->columns[i]);
    json_close_array(writer);
    json_key_array(writer, "rows");
    for (size_t i = 0; i < result->row_count; i++) {
        json_open_array(writer);
        for (size_t j = 0; j < result->column_count; j++)
            json_add_string(writer, result->cells[i * result->column_count + j]);
        json_close_array(writer);
    }
    json_close_array(writer);
    json_key_boolean(writer, "more_rows", result->more_rows);
}

void report_check_summary(struct json_writer *writer, const struct judged_check *checks, size_t count)
{
    if (count == 0)
        return;
    json_key_object(writer, "checks");
    json_key_string(writer, "state", check_state_name(report_checks_state(checks, count)));
    report_check_counts(writer, checks, count);
    json_close_object(writer);
}

bool report_check_has_backup(const struct judged_check *check)
{
    const struct check_result *result = check->result;
    return result && (result->backup.file || result->backup.finished_at_ms > 0);
}

static void add_backup(struct json_writer *writer, const struct judged_check *check, int64_t now_ms)
{
    if (!report_check_has_backup(check))
        return;
    const struct check_backup *backup = &check->result->backup;
    bool timed = backup->finished_at_ms > 0;
    json_key_object(writer, "backup");
    json_key_string(writer, "file", backup->file);
    json_key_time(writer, "finished_at", timed ? backup->finished_at_ms : TIME_UNKNOWN);
    add_seconds_or_null(writer, "age_seconds", timed ? now_ms - backup->finished_at_ms : -1);
    if (backup->size >= 0)
        json_key_integer(writer, "size_bytes", backup->size);
    else
        json_key_null(writer, "size_bytes");
    json_key_boolean(writer, "complete", backup->complete);
    json_close_object(writer);
}

/* What it said while it could still be asked, which is what `on_unknown` goes by. */
static void add_last_known(struct json_writer *writer, const struct judged_check *check)
{
    if (check->verdict.state != CHECK_UNKNOWN || check->last == CHECK_UNKNOWN)
        return;
    json_key_object(writer, "last_known");
    json_key_string(writer, "state", check_state_name(check->last));
    json_key_seconds(writer, "age_seconds", check->last_age_ms);
    json_close_object(writer);
}

void report_check(struct json_writer *writer, const struct judged_check *check, int64_t now_ms)
{
    json_open_object(writer);
    json_key_string(writer, "check", check->name);
    json_key_string(writer, "address", check->address);
    json_key_string(writer, "database", check->database);
    json_key_string(writer, "kind", check->kind);
    json_key_string(writer, "state", check_state_name(check->verdict.state));
    json_key_string(writer, "code", state_code_name(check->verdict.code));
    json_key_string(writer, "severity", check_severity_name(check->severity));
    json_key_string(writer, "value", check->result ? check->result->value : NULL);
    json_key_string(writer, "expected", check->expected);
    json_key_time(writer, "since", check->since_ms);
    json_key_time(writer, "checked_at", check->checked_at_ms);
    add_seconds_or_null(writer, "age_seconds", check->age_ms);
    add_seconds_or_null(writer, "took_seconds", check->took_ms);
    json_key_seconds(writer, "every_seconds", check->every_ms);
    if (check->result) {
        add_coverage(writer, &check->result->coverage);
        add_items(writer, check->result);
        add_rows(writer, check->result);
        add_backup(writer, check, now_ms);
        if (check->verdict.state == CHECK_UNKNOWN && check->result->again_in_ms > 0)
            json_key_seconds(writer, "again_in_seconds", check->result->again_in_ms);
    }
    add_last_known(writer, check);
    json_key_string(writer, "reason", check->verdict.reason);
    report_key_text(writer, "next", check->verdict.next);
    json_close_object(writer);
}

size_t report_count_checks(const struct judged_check *checks, size_t count, enum check_state state)
{
    size_t alike = 0;
    for (size_t i = 0; i < count; i++)
        alike += checks[i].verdict.state == state;
    return alike;
}

void report_check_counts(struct json_writer *writer, const struct judged_check *checks, size_t count)
{
    static const enum check_state shown[] = {CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN};
    for (size_t i = 0; i < ARRAY_LENGTH(shown); i++) {
        size_t alike = report_count_checks(checks, count, shown[i]);
        json_key_integer(writer, check_state_name(shown[i]), (int64_t)alike);
    }
}

void report_checks(struct json_writer *writer, const char *database, const struct judged_check *checks, size_t count,
                   int64_t now_ms)
{
    json_open_object(writer);
    json_key_string(writer, "database", database);
    json_key_string(writer, "state", check_state_name(report_checks_state(checks, count)));
    json_key_object(writer, "counts");
    report_check_counts(writer, checks, count);
    json_close_object(writer);
    json_key_array(writer, "checks");
    for (size_t i = 0; i < count; i++)
        report_check(writer, &checks[i], now_ms);
    json_close_array(writer);
    json_close_object(writer);
}

void report_event_check(struct json_writer *writer, const struct judged_check *check, int64_t at_ms,
                        const char *previous_state, const char *previous_code)
{
    json_open_object(writer);
    json_key_string(writer, "database", check->database);
    json_key_string(writer, "check", check->name);
    json_key_string(writer, "address", check->address);
    json_key_string(writer, "state", check_state_name(check->verdict.state));
    json_key_string(writer, "code", state_code_name(check->verdict.code));
    json_key_string(writer, "severity", check_severity_name(check->severity));
    json_key_string(writer, "value", check->result ? check->result->value : NULL);
    json_key_string(writer, "expected", check->expected);
    json_key_string(writer, "reason", check->verdict.reason);
    report_key_text(writer, "next", check->verdict.next);
    json_key_time(writer, "at", at_ms);
    if (previous_state) {
        json_key_object(writer, "previous");
        json_key_string(writer, "state", previous_state);
        json_key_string(writer, "code", previous_code);
        json_close_object(writer);
    } else {
        json_key_null(writer, "previous");
    }
    json_close_object(writer);
}
