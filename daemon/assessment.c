/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assessment.h"

#include <string.h>

#include "base/alloc.h"
#include "base/refcount.h"

/* Findings point into the journal and the set; what is allocated is a few arrays of them. */
#define LIMIT_ASSESSMENT_BYTES (512u * 1024u * 1024u)

struct expectation *expectation_ref(struct expectation *expectation)
{
    if (expectation)
        refcount_take(&expectation->references);
    return expectation;
}

void expectation_unref(struct expectation *expectation)
{
    if (!expectation || !refcount_drop(&expectation->references))
        return;
    migration_set_unref(expectation->set);
    revision_graph_unref(expectation->known);
    mem_free(expectation);
}

struct expectation *expectation_read(const struct config_database *database, const struct expectation *previous)
{
    cleanup(expectation) struct expectation *expectation = mem_calloc(1, sizeof *expectation);
    if (!expectation)
        return NULL;
    expectation->references = 1;
    struct revision_graph *known = previous ? previous->known : NULL;
    if (migration_files_read(database->tool, NULL, database->expect_directory, &expectation->set, &expectation->error) <
        0) {
        if (expectation->error.code == ERROR_NO_MEMORY)
            return NULL;
        expectation->known = known ? revision_graph_ref(known) : NULL;
        return take(expectation);
    }
    if (expectation->set->graph) {
        expectation->known = revision_graph_extend(known, expectation->set);
        if (!expectation->known)
            return NULL;
    }
    return take(expectation);
}

struct assessment *assessment_ref(struct assessment *assessment)
{
    if (assessment)
        refcount_take(&assessment->references);
    return assessment;
}

void assessment_unref(struct assessment *assessment)
{
    if (!assessment || !refcount_drop(&assessment->references))
        return;
    for (size_t i = 0; i < assessment->count; i++)
        journal_unref(assessment->journals[i].journal);
    expectation_unref(assessment->expectation);
    arena_free(assessment->arena);
    mem_free(assessment);
}

/* The question that `database` configures, unless the caller asks one of its own. */
static void set_question(struct compare_request *request, const struct config_database *database, const char *revision,
                         enum match match)
{
    if (revision) {
        request->revision = revision;
        request->match = match;
        request->source = SOURCE_REQUEST;
        return;
    }
    request->match = database->match;
    request->revision = database->expect_revision;
    if (database->expect_revision)
        request->source = SOURCE_REVISION;
    else if (request->expected)
        request->source = SOURCE_DIRECTORY;
}

int assess_journal(const struct journal *journal, const struct config_database *database,
                   const struct expectation *expectation, const char *revision, enum match match, struct arena *arena,
                   struct comparison *ret_comparison, struct error *reterr)
{
    /* Files of one tool say nothing about the journal of another. */
    bool fits = expectation && (!expectation->set || strcmp(expectation->set->tool, journal->address.tool) == 0);
    struct compare_request request = {
        .journal = journal,
        .expected = fits ? expectation->set : NULL,
        .known = fits ? expectation->known : NULL,
    };
    set_question(&request, database, revision, match);
    const struct tool *tool = tool_find(journal->address.tool);
    if (!tool)
        return error_set(reterr, ERROR_INTERNAL, "no tool is named %s", journal->address.tool);
    return tool->compare(&request, arena, ret_comparison, reterr);
}

static bool is_unchanged(const struct assessment *previous, const struct snapshot *snapshot,
                         const struct expectation *expectation)
{
    if (!previous || previous->expectation != expectation || previous->count != snapshot->reading_count)
        return false;
    for (size_t i = 0; i < previous->count; i++) {
        if (previous->journals[i].journal != snapshot->readings[i].journal)
            return false;
    }
    return true;
}

struct assessment *assess(const struct snapshot *snapshot, const struct config_database *database,
                          struct expectation *expectation, struct assessment *previous)
{
    if (is_unchanged(previous, snapshot, expectation))
        return assessment_ref(previous);
    cleanup(assessment) struct assessment *assessment = mem_calloc(1, sizeof *assessment);
    if (!assessment)
        return NULL;
    assessment->references = 1;
    assessment->expectation = expectation_ref(expectation);
    assessment->arena = arena_new(LIMIT_ASSESSMENT_BYTES);
    if (!assessment->arena)
        return NULL;
    assessment->journals = arena_array(assessment->arena, snapshot->reading_count, sizeof *assessment->journals);
    if (!assessment->journals)
        return NULL;
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        struct assessed_journal *assessed = &assessment->journals[assessment->count++];
        const struct journal *journal = snapshot->readings[i].journal;
        if (!journal)
            continue;
        assessed->journal = journal_ref(snapshot->readings[i].journal);
        if (assess_journal(journal, database, expectation, NULL, MATCH_EXACT, assessment->arena, &assessed->comparison,
                           NULL) < 0)
            return NULL;
    }
    return take(assessment);
}
