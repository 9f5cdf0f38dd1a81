/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/admissions.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/time_text.h"
#include "daemon/log.h"

/* Moments that never came. */
#define NEVER INT64_MIN

/* One block per record: the texts stand behind the evidence, which stands behind the struct. */
struct record {
    struct admission admission;
    struct admission_evidence evidence[];
};

/* All admissions of one application at one revision. */
struct release {
    char *application;
    char *revision; /* NULL */
    uint64_t admitted;
    uint64_t refused;
    int64_t last_admitted_at_ms;
    int64_t last_refused_at_ms;
    uint64_t *instances; /* hashes of the names that were admitted */
    size_t instance_count;
    size_t instance_capacity;
};

/* The admissions of one gate: a ring once it is full. */
struct gate_records {
    char *gate;
    struct record **records;
    size_t count;
    size_t capacity;
    size_t oldest;
    struct release *releases;
    size_t release_count;
    size_t release_capacity;
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

static void release_done(struct release *release)
{
    mem_free(release->application);
    mem_free(release->revision);
    mem_free(release->instances);
}

static void gate_done(struct gate_records *gate)
{
    for (size_t i = 0; i < gate->count; i++)
        mem_free(gate->records[i]);
    for (size_t i = 0; i < gate->release_count; i++)
        release_done(&gate->releases[i]);
    mem_free(gate->records);
    mem_free(gate->releases);
    mem_free(gate->gate);
}

void admissions_free(struct admissions *admissions)
{
    if (!admissions)
        return;
    for (size_t i = 0; i < admissions->count; i++)
        gate_done(&admissions->gates[i]);
    mem_free(admissions->gates);
    pthread_mutex_destroy(&admissions->lock);
    mem_free(admissions);
}

enum { ADMISSION_TEXTS = 8 };

/* Where the texts of an admission stand in it. */
static const size_t text_offsets[ADMISSION_TEXTS] = {
    offsetof(struct admission, application), offsetof(struct admission, instance), offsetof(struct admission, revision),
    offsetof(struct admission, match),       offsetof(struct admission, supports), offsetof(struct admission, state),
    offsetof(struct admission, code),        offsetof(struct admission, database)};

static const char **text_of(struct admission *admission, size_t index)
{
    return (const char **)(void *)((char *)admission + text_offsets[index]);
}

static size_t size_of(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Copies a text to where `*out` stands, and goes on behind it. */
static void copy_text(const char **text, char **out)
{
    if (!*text)
        return;
    const char *place = *out;
    *out = stpcpy(*out, *text) + 1;
    *text = place;
}

static struct record *record_new(const struct admission *admission)
{
    struct admission copy = *admission;
    size_t size = sizeof(struct record) + copy.evidence_count * sizeof *copy.evidence;
    for (size_t i = 0; i < ADMISSION_TEXTS; i++)
        size += size_of(*text_of(&copy, i));
    for (size_t i = 0; i < copy.evidence_count; i++)
        size += size_of(copy.evidence[i].check) + size_of(copy.evidence[i].state) + size_of(copy.evidence[i].value);
    struct record *record = mem_alloc(size);
    if (!record)
        return NULL;
    char *out = (char *)&record->evidence[copy.evidence_count];
    for (size_t i = 0; i < ADMISSION_TEXTS; i++)
        copy_text(text_of(&copy, i), &out);
    for (size_t i = 0; i < copy.evidence_count; i++) {
        struct admission_evidence *evidence = &record->evidence[i];
        *evidence = admission->evidence[i];
        copy_text(&evidence->check, &out);
        copy_text(&evidence->state, &out);
        copy_text(&evidence->value, &out);
    }
    copy.evidence = record->evidence;
    record->admission = copy;
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

static int64_t last_of(const struct release *release)
{
    return release->last_admitted_at_ms > release->last_refused_at_ms ? release->last_admitted_at_ms
                                                                      : release->last_refused_at_ms;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct release *find_release(const struct gate_records *gate, const struct admission *admission)
{
    for (size_t i = 0; i < gate->release_count; i++) {
        struct release *release = &gate->releases[i];
        if (strcmp(release->application, admission->application) == 0 &&
            same_text(release->revision, admission->revision))
            return release;
    }
    return NULL;
}

/* The place of a new release: that of the one that was quiet for longest when there are too many. */
static struct release *place_release(struct gate_records *gate)
{
    if (gate->release_count < LIMIT_RELEASES)
        return mem_grow(&gate->releases, &gate->release_capacity, gate->release_count, sizeof *gate->releases,
                        LIMIT_RELEASES)
                   ? &gate->releases[gate->release_count++]
                   : NULL;
    struct release *quiet = &gate->releases[0];
    for (size_t i = 1; i < gate->release_count; i++) {
        if (last_of(&gate->releases[i]) < last_of(quiet))
            quiet = &gate->releases[i];
    }
    release_done(quiet);
    return quiet;
}

static struct release *find_or_add_release(struct gate_records *gate, const struct admission *admission)
{
    struct release *release = find_release(gate, admission);
    if (release)
        return release;
    cleanup(free) char *application = mem_strdup(admission->application);
    cleanup(free) char *revision = mem_strdup(admission->revision);
    if (!application || (admission->revision && !revision))
        return NULL;
    release = place_release(gate);
    if (release)
        *release = (struct release){.application = take(application),
                                    .revision = take(revision),
                                    .last_admitted_at_ms = NEVER,
                                    .last_refused_at_ms = NEVER};
    return release;
}

/* Names beyond the limit, or beyond memory, are not counted. */
static void count_instance(struct release *release, const char *instance)
{
    uint64_t hash = instance ? hash64(instance, strlen(instance)) : 0;
    for (size_t i = 0; i < release->instance_count; i++) {
        if (release->instances[i] == hash)
            return;
    }
    if (mem_grow(&release->instances, &release->instance_capacity, release->instance_count, sizeof(uint64_t),
                 LIMIT_RELEASE_INSTANCES))
        release->instances[release->instance_count++] = hash;
}

static bool count_release(struct gate_records *gate, const struct admission *admission)
{
    struct release *release = find_or_add_release(gate, admission);
    if (!release)
        return false;
    if (admission->admitted) {
        release->admitted++;
        release->last_admitted_at_ms = admission->at_ms;
        count_instance(release, admission->instance);
    } else {
        release->refused++;
        release->last_refused_at_ms = admission->at_ms;
    }
    return true;
}

/* Under the lock. Returns what fell out, to be freed outside; `*ret_kept` tells whether the record was taken. */
static struct record *keep(struct admissions *admissions, const char *gate, struct record *record, bool *ret_kept)
{
    *ret_kept = false;
    struct gate_records *records = find_or_add(admissions, gate);
    if (!records)
        return NULL;
    bool grows = records->count < LIMIT_ADMISSIONS;
    if ((grows &&
         !mem_grow(&records->records, &records->capacity, records->count, sizeof(struct record *), LIMIT_ADMISSIONS)) ||
        !count_release(records, &record->admission))
        return NULL;
    *ret_kept = true;
    if (grows) {
        records->records[records->count++] = record;
        return NULL;
    }
    struct record *oldest = records->records[records->oldest];
    records->records[records->oldest] = record;
    records->oldest = (records->oldest + 1) % records->count;
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

static void write_evidence(const struct admission *admission, struct json_writer *writer)
{
    if (admission->evidence_count == 0)
        return;
    json_key_array(writer, "evidence");
    for (size_t i = 0; i < admission->evidence_count; i++) {
        const struct admission_evidence *evidence = &admission->evidence[i];
        json_open_object(writer);
        json_key_string(writer, "check", evidence->check);
        json_key_string(writer, "state", evidence->state);
        json_key_string(writer, "value", evidence->value);
        json_key_time(writer, "checked_at", evidence->checked_at_ms);
        json_close_object(writer);
    }
    json_close_array(writer);
    if (admission->evidence_total > admission->evidence_count)
        json_key_integer(writer, "evidence_count", (int64_t)admission->evidence_total);
}

void admission_write(const struct admission *admission, struct json_writer *writer)
{
    json_key_boolean(writer, "admitted", admission->admitted);
    json_key_time(writer, "at", admission->at_ms);
    json_key_string(writer, "application", admission->application);
    json_key_string(writer, "instance", admission->instance);
    json_key_string(writer, "revision", admission->revision);
    if (admission->match)
        json_key_string(writer, "match", admission->match);
    json_key_string(writer, "supports", admission->supports);
    json_key_string(writer, "state", admission->state);
    json_key_string(writer, "code", admission->code);
    json_key_string(writer, "database", admission->database);
    write_evidence(admission, writer);
}

static void read_evidence(const struct json_value *object,
                          struct admission_evidence evidence[static LIMIT_ADMISSION_EVIDENCE],
                          struct admission *admission)
{
    const struct json_value *list = json_member(object, "evidence");
    int64_t total = 0;
    for (size_t i = 0; i < json_length(list) && i < LIMIT_ADMISSION_EVIDENCE; i++) {
        const struct json_value *element = json_element(list, i);
        struct admission_evidence *one = &evidence[admission->evidence_count];
        *one = (struct admission_evidence){.check = json_text(json_member(element, "check")),
                                           .state = json_text(json_member(element, "state")),
                                           .value = json_text(json_member(element, "value")),
                                           .checked_at_ms = TIME_UNKNOWN};
        time_parse_rfc3339(json_text(json_member(element, "checked_at")), &one->checked_at_ms);
        admission->evidence_count += one->check && one->state;
    }
    admission->evidence = evidence;
    admission->evidence_total = admission->evidence_count;
    if (json_get_integer(json_member(object, "evidence_count"), &total) && total > (int64_t)admission->evidence_count)
        admission->evidence_total = (size_t)total;
}

bool admission_read(const struct json_value *object,
                    struct admission_evidence evidence[static LIMIT_ADMISSION_EVIDENCE],
                    struct admission *ret_admission)
{
    *ret_admission = (struct admission){.application = json_text(json_member(object, "application")),
                                        .instance = json_text(json_member(object, "instance")),
                                        .revision = json_text(json_member(object, "revision")),
                                        .match = json_text(json_member(object, "match")),
                                        .supports = json_text(json_member(object, "supports")),
                                        .state = json_text(json_member(object, "state")),
                                        .code = json_text(json_member(object, "code")),
                                        .database = json_text(json_member(object, "database"))};
    read_evidence(object, evidence, ret_admission);
    return ret_admission->application && ret_admission->state && ret_admission->code && ret_admission->database &&
           json_get_boolean(json_member(object, "admitted"), &ret_admission->admitted) &&
           time_parse_rfc3339(json_text(json_member(object, "at")), &ret_admission->at_ms);
}

void admissions_remember(void *payload, const struct history_record *record)
{
    struct admission_evidence evidence[LIMIT_ADMISSION_EVIDENCE];
    struct admission admission = {0};
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(record->body, strlen(record->body), LIMIT_EVENT_BYTES, "record", &document, NULL) < 0 ||
        !admission_read(json_root(document), evidence, &admission))
        return;
    admission.recorded = true;
    if (admissions_record(payload, record->subject, &admission, NULL) < 0)
        log_event(LOG_LEVEL_WARNING, "history_seed", record->subject, "out of memory: an admission is forgotten");
}

void admissions_list(struct admissions *admissions, const char *gate, const char *application, size_t limit,
                     struct json_writer *writer)
{
    json_open_array(writer);
    pthread_mutex_lock(&admissions->lock);
    const struct gate_records *records = find(admissions, gate);
    for (size_t i = 0; records && i < records->count && limit > 0; i++) {
        size_t newest = (records->oldest + records->count - 1 - i) % records->count;
        const struct admission *admission = &records->records[newest]->admission;
        if (application && strcmp(admission->application, application) != 0)
            continue;
        limit--;
        json_open_object(writer);
        admission_write(admission, writer);
        json_key_boolean(writer, "recorded", admission->recorded);
        json_close_object(writer);
    }
    pthread_mutex_unlock(&admissions->lock);
    json_close_array(writer);
}

static int compare_releases(const void *a, const void *b)
{
    const struct release *first = a;
    const struct release *second = b;
    int64_t first_at = last_of(first);
    int64_t second_at = last_of(second);
    if (first_at != second_at)
        return first_at > second_at ? -1 : 1;
    return strcmp(first->application, second->application);
}

/* Moments that never came are null, as json_add_time writes them. */
static void write_release(const struct release *release, struct json_writer *writer)
{
    json_open_object(writer);
    json_key_string(writer, "application", release->application);
    json_key_string(writer, "revision", release->revision);
    json_key_integer(writer, "admitted", (int64_t)release->admitted);
    json_key_integer(writer, "refused", (int64_t)release->refused);
    json_key_integer(writer, "instances", (int64_t)release->instance_count);
    json_key_time(writer, "last_admitted_at", release->last_admitted_at_ms);
    json_key_time(writer, "last_refused_at", release->last_refused_at_ms);
    json_close_object(writer);
}

void admissions_list_releases(struct admissions *admissions, const char *gate, const char *application,
                              struct json_writer *writer)
{
    json_open_array(writer);
    pthread_mutex_lock(&admissions->lock);
    struct gate_records *records = find(admissions, gate);
    if (records && records->release_count > 1)
        qsort(records->releases, records->release_count, sizeof *records->releases, compare_releases);
    for (size_t i = 0; records && i < records->release_count; i++) {
        if (!application || strcmp(records->releases[i].application, application) == 0)
            write_release(&records->releases[i], writer);
    }
    pthread_mutex_unlock(&admissions->lock);
    json_close_array(writer);
}
