/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/seeds.h"

#include <string.h>

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

static void take_admission(const struct seeds *seeds, const struct history_record *record,
                           const struct json_value *body)
{
    struct admission admission = {0};
    if (!admission_read(body, &admission) || !shows_opening(&admission))
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
        gate_question_remember(question, seeds->config, admission.at_ms);
}

/* A state in which nobody was let in outweighs who was let in before. `ahead` takes nothing away, and what cannot be
 * seen says nothing. */
static bool shows_mismatch(const struct json_value *body)
{
    const char *gate = json_text(json_member(body, "gate"));
    const char *state = json_text(json_member(body, "state"));
    bool shut =
        gate && (strcmp(gate, gate_state_name(GATE_CLOSED)) == 0 || strcmp(gate, gate_state_name(GATE_BLOCKED)) == 0);
    return shut && state && strcmp(state, migration_state_name(STATE_AHEAD)) != 0;
}

void seeds_take(void *payload, const struct history_record *record)
{
    const struct seeds *seeds = payload;
    cleanup(json_document) struct json_document *document = NULL;
    if (record->kind == HISTORY_ADMISSION)
        admissions_remember(seeds->admissions, record);
    if (json_parse(record->body, strlen(record->body), LIMIT_EVENT_BYTES, "record", &document, NULL) < 0)
        return;
    if (record->kind == HISTORY_ADMISSION)
        take_admission(seeds, record, json_root(document));
    else if (record->kind == HISTORY_STATE && shows_mismatch(json_root(document)))
        latches_forget(seeds->latches, record->subject);
}
