/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admissions.h"

#include <pthread.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"

/* One block per record: the texts stand behind the struct. */
struct record {
    struct admission admission;
    char texts[];
};

/* The admissions of one gate: a ring once it is full. */
struct gate_records {
    char *gate;
    struct record **records;
    size_t count;
    size_t capacity;
    size_t oldest;
};

struct admissions {
    pthread_mutex_t lock;
    struct gate_records *gates;
    size_t count;
    size_t capacity;
};

struct admissions *admissions_new(void)
{
    struct admissions *admissions = mem_calloc(1, sizeof *admissions);
    if (admissions)
        pthread_mutex_init(&admissions->lock, NULL);
    return admissions;
}

void admissions_free(struct admissions *admissions)
{
    if (!admissions)
        return;
    for (size_t i = 0; i < admissions->count; i++) {
        struct gate_records *gate = &admissions->gates[i];
        for (size_t j = 0; j < gate->count; j++)
            mem_free(gate->records[j]);
        mem_free(gate->records);
        mem_free(gate->gate);
    }
    mem_free(admissions->gates);
    pthread_mutex_destroy(&admissions->lock);
    mem_free(admissions);
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *append(char **out, const char *text)
{
    if (!text)
        return NULL;
    const char *copy = *out;
    *out = stpcpy(*out, text) + 1;
    return copy;
}

static struct record *record_new(const struct admission *admission)
{
    size_t size = sizeof(struct record) + text_size(admission->application) + text_size(admission->instance) +
                  text_size(admission->revision) + text_size(admission->database);
    struct record *record = mem_alloc(size);
    if (!record)
        return NULL;
    record->admission = *admission;
    char *out = record->texts;
    record->admission.application = append(&out, admission->application);
    record->admission.instance = append(&out, admission->instance);
    record->admission.revision = append(&out, admission->revision);
    record->admission.database = append(&out, admission->database);
    return record;
}

static struct gate_records *find(struct admissions *admissions, const char *gate)
{
    for (size_t i = 0; i < admissions->count; i++) {
        if (strcmp(admissions->gates[i].gate, gate) == 0)
            return &admissions->gates[i];
    }
    return NULL;
}

static struct gate_records *find_or_add(struct admissions *admissions, const char *gate)
{
    struct gate_records *found = find(admissions, gate);
    if (found)
        return found;
    cleanup(free) char *name = mem_strdup(gate);
    if (!name || !mem_grow(&admissions->gates, &admissions->capacity, admissions->count, sizeof *admissions->gates,
                           2 * LIMIT_GATES))
        return NULL;
    found = &admissions->gates[admissions->count++];
    *found = (struct gate_records){.gate = take(name)};
    return found;
}

/* Under the lock. Returns what fell out, to be freed outside; `*ret_kept` tells whether the record was taken. */
static struct record *keep(struct admissions *admissions, const char *gate, struct record *record, bool *ret_kept)
{
    *ret_kept = false;
    struct gate_records *records = find_or_add(admissions, gate);
    if (!records)
        return NULL;
    if (records->count < LIMIT_ADMISSIONS) {
        if (!mem_grow(&records->records, &records->capacity, records->count, sizeof(struct record *), LIMIT_ADMISSIONS))
            return NULL;
        records->records[records->count++] = record;
        *ret_kept = true;
        return NULL;
    }
    struct record *oldest = records->records[records->oldest];
    records->records[records->oldest] = record;
    records->oldest = (records->oldest + 1) % records->count;
    *ret_kept = true;
    return oldest;
}

int admissions_record(struct admissions *admissions, const char *gate, const struct admission *admission,
                      struct error *reterr)
{
    struct record *record = record_new(admission);
    if (!record)
        return error_no_memory(reterr);
    bool kept = false;
    pthread_mutex_lock(&admissions->lock);
    struct record *dropped = keep(admissions, gate, record, &kept);
    pthread_mutex_unlock(&admissions->lock);
    mem_free(kept ? dropped : record);
    return kept ? 0 : error_no_memory(reterr);
}

void admission_write(const struct admission *admission, struct json_writer *writer)
{
    json_key_boolean(writer, "admitted", admission->state == GATE_OPEN);
    json_key_time(writer, "at", admission->at_ms);
    json_key_string(writer, "application", admission->application);
    json_key_string(writer, "instance", admission->instance);
    json_key_string(writer, "revision", admission->revision);
    json_key_string(writer, "state", gate_state_name(admission->state));
    json_key_string(writer, "code", state_code_name(admission->code));
    json_key_string(writer, "database", admission->database);
}

void admissions_list(struct admissions *admissions, const char *gate, struct json_writer *writer)
{
    json_open_array(writer);
    pthread_mutex_lock(&admissions->lock);
    const struct gate_records *records = find(admissions, gate);
    for (size_t i = 0; records && i < records->count; i++) {
        size_t newest = (records->oldest + records->count - 1 - i) % records->count;
        json_open_object(writer);
        admission_write(&records->records[newest]->admission, writer);
        json_close_object(writer);
    }
    pthread_mutex_unlock(&admissions->lock);
    json_close_array(writer);
}
