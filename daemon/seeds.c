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

void seeds_take(void *payload, const struct history_record *record)
{
    const struct seeds *seeds = payload;
    struct admission admission = {0};
    cleanup(json_document) struct json_document *document = NULL;
    admissions_remember(seeds->admissions, record);
    if (json_parse(record->body, strlen(record->body), 2 * LIMIT_REQUEST_BODY, "record", &document, NULL) < 0 ||
        !admission_read(json_root(document), &admission) || !shows_opening(&admission))
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
