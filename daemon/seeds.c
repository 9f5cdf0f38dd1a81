/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/seeds.h"

#include <string.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "daemon/gate_question.h"

/* An admission that was itself given on what was last known shows nothing of the database. */
static bool shows_opening(const struct admission *admission)
{
    return admission->admitted && admission->code && strcmp(admission->code, state_code_name(CODE_FAIL_OPEN)) != 0;
}

/* Texts of a gate that requires several databases stand in one, with blanks between them; a revision of another gate
 * may hold blanks itself. */
static size_t split(bool several, const char *text, struct arena *arena,
                    const char *texts[static LIMIT_QUERY_PARAMETERS])
{
    char *rest = arena_strdup(arena, text);
    size_t count = 0;
    if (!rest)
        return 0;
    if (!several) {
        texts[0] = rest;
        return 1;
    }
    for (char *word = strsep(&rest, " "); word && count < LIMIT_QUERY_PARAMETERS; word = strsep(&rest, " "))
        texts[count++] = word;
    return count;
}

void seeds_done(struct seeds *seeds)
{
    mem_free(take(seeds->states));
    mem_free(take(seeds->since_ms));
}

/* What "heads" and "applied_count" tell, in any order of the heads. */
static uint64_t hash_of_heads(const struct json_value *body, int64_t applied)
{
    uint64_t hash = hash64(&applied, sizeof applied);
    const struct json_value *heads = json_member(body, "heads");
    for (size_t i = 0; i < json_length(heads); i++) {
        const char *head = json_text(json_element(heads, i));
        hash += head ? hash64(head, strlen(head)) : 0;
    }
    return hash;
}

static bool is_state(const char *state, enum migration_state what)
{
    return strcmp(state, migration_state_name(what)) == 0;
}

static bool has_room(struct seeds *seeds)
{
    size_t count = seeds->config->database_count;
    if (!seeds->states)
        seeds->states = mem_calloc(count, sizeof *seeds->states);
    if (!seeds->since_ms)
        seeds->since_ms = mem_calloc(count, sizeof *seeds->since_ms);
    seeds->blind |= !seeds->states || !seeds->since_ms;
    return !seeds->blind;
}

/* Whatever opened a gate before the database became another one, or while another one had its name, proves nothing of
 * what it is now. That other files are expected, or that a migration runs, takes nothing back as long as the heads
 * stay; what cannot be seen says nothing. */
static void take_state(struct seeds *seeds, const struct history_record *record, const struct json_value *body)
{
    const struct config_database *database = config_find_database(seeds->config, record->subject);
    const char *state = json_text(json_member(body, "state"));
    const char *target = json_text(json_member(body, "target"));
    int64_t applied = 0;
    bool counted = json_get_integer(json_member(body, "applied_count"), &applied);
    if (!database || !state || (!counted && is_state(state, STATE_UNKNOWN)) || !has_room(seeds))
        return;
    size_t index = (size_t)(database - seeds->config->databases);
    struct seed_state *before = &seeds->states[index];
    struct seed_state now = {.heads = hash_of_heads(body, applied),
                             .broken = is_state(state, STATE_FAILED) || is_state(state, STATE_DIVERGED),
                             .elsewhere = target && strcmp(target, database->target->display) != 0};
    if (now.elsewhere)
        seeds->since_ms[index] = INT64_MAX;
    else if (before->elsewhere || now.heads != before->heads || (now.broken && !before->broken))
        seeds->since_ms[index] = record->at_ms;
    *before = now;
}

static void take_admission(const struct seeds *seeds, const struct history_record *record,
                           const struct json_value *body)
{
    struct admission_evidence evidence[LIMIT_ADMISSION_EVIDENCE];
    struct admission admission = {0};
    admissions_remember(seeds->admissions, record);
    if (!admission_read(body, evidence, &admission) || !shows_opening(&admission) || seeds->blind)
        return;
    enum match match = admission.match ? match_from_name(admission.match) : MATCH_AT_LEAST;
    if (match == MATCHES)
        return;
    const char *revisions[LIMIT_QUERY_PARAMETERS] = {0};
    const char *ranges[LIMIT_QUERY_PARAMETERS] = {0};
    const struct config_gate *gate = config_find_gate(seeds->config, record->subject);
    bool several = gate && gate->required_count > 1;
    cleanup(arena) struct arena *arena = arena_new(2 * LIMIT_REQUEST_BODY);
    if (!arena)
        return;
    const struct gate_asked asked = {.gate = record->subject,
                                     .revisions = revisions,
                                     .revision_count = split(several, admission.revision, arena, revisions),
                                     .match = match,
                                     .supports = ranges,
                                     .support_count = split(several, admission.supports, arena, ranges),
                                     .latches = seeds->latches};
    cleanup(gate_question) struct gate_question *question = gate_question_new(&asked);
    if (question)
        gate_question_remember(question, seeds->config, admission.at_ms, seeds->since_ms);
}

void seeds_take(void *payload, const struct history_record *record)
{
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(record->body, strlen(record->body), LIMIT_EVENT_BYTES, "record", &document, NULL) < 0)
        return;
    if (record->kind == HISTORY_STATE)
        take_state(payload, record, json_root(document));
    else
        take_admission(payload, record, json_root(document));
}
