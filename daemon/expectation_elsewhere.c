/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/expectation_elsewhere.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "daemon/assessment.h"
#include "daemon/view.h"
#include "journal/journal_set.h"

/* The journals that may be meant, all of one table once they are chosen. */
struct candidates {
    const char *name; /* of the other database */
    const struct view *view;
    const struct assessed_journal **journals;
    size_t count;
};

static void candidates_done(struct candidates *candidates)
{
    mem_free(candidates->journals);
}

DEFINE_CLEANUP_VALUE(candidates, struct candidates, candidates_done);

static int fail(const struct candidates *candidates, const char *what, struct error *reterr)
{
    error_set(reterr, ERROR_INVALID, "%s, whose journal is expected, %s", candidates->name, what);
    return -1;
}

/* What the other database showed must be as fresh as if it were asked itself. */
static int check_seen(const struct candidates *candidates, int64_t now_ms, struct error *reterr)
{
    const struct view *view = candidates->view;
    if (!view || !view->assessment || !view->status.observed)
        return fail(candidates, "was not seen yet", reterr);
    if (now_ms - view->status.good_at_ms > view->database->max_staleness_ms)
        return fail(candidates, "was not seen for longer than its max_staleness", reterr);
    return 0;
}

static bool may_be_of(const struct expectation_question *question, const char *tool)
{
    const struct tool *named = config_journal_at(question->database, question->at)->tool;
    if (named)
        return tool && strcmp(named->name, tool) == 0;
    for (size_t i = 0; i < question->likely_count; i++)
        if (tool && strcmp(question->likely[i]->name, tool) == 0)
            return true;
    return question->likely_count == 0;
}

static bool same_table(const struct journal_address *a, const struct journal_address *b)
{
    return strcmp(a->tool, b->tool) == 0 && strcmp(a->schema, b->schema) == 0 && strcmp(a->table, b->table) == 0;
}

static bool are_one_table(const struct candidates *candidates)
{
    for (size_t i = 1; i < candidates->count; i++)
        if (!same_table(&candidates->journals[i]->address, &candidates->journals[0]->address))
            return false;
    return true;
}

static int fail_without(const struct expectation_question *question, const struct candidates *candidates,
                        struct error *reterr)
{
    const struct tool *tool = config_journal_at(question->database, question->at)->tool;
    if (!tool && question->likely_count == 1)
        tool = question->likely[0];
    char what[128] = "";
    snprintf(what, sizeof what, "has no journal%s%s", tool ? " of " : "", tool ? tool->title : "");
    return fail(candidates, what, reterr);
}

static int gather(const struct expectation_question *question, struct candidates *candidates, struct error *reterr)
{
    const struct assessment *assessment = candidates->view->assessment;
    candidates->journals = mem_calloc(assessment->count, sizeof *candidates->journals);
    if (!candidates->journals)
        return error_no_memory(reterr);
    for (size_t i = 0; i < assessment->count; i++) {
        const struct assessed_journal *journal = &assessment->journals[i];
        if (journal->reading == NO_READING || !may_be_of(question, journal->address.tool))
            continue;
        if (!journal->journal)
            return fail(candidates, "has a journal that cannot be read", reterr);
        candidates->journals[candidates->count++] = journal;
    }
    return candidates->count > 0 ? 0 : fail_without(question, candidates, reterr);
}

/* Of several tables that which stands where ours is said to stand. */
static int choose(const struct expectation_question *question, struct candidates *candidates, struct error *reterr)
{
    const char *place = config_journal_at(question->database, question->at)->table;
    if (are_one_table(candidates))
        return 0;
    size_t kept = 0;
    for (size_t i = 0; place && i < candidates->count; i++)
        if (journal_address_stands_at(&candidates->journals[i]->address, place))
            candidates->journals[kept++] = candidates->journals[i];
    candidates->count = kept;
    if (kept > 0 && are_one_table(candidates))
        return 0;
    return fail(candidates, "has several journals: name the table of the one that is meant ('journal: {table: …}')",
                reterr);
}

static int find(const struct expectation_question *question, struct candidates *candidates, struct error *reterr)
{
    const struct config_expect *expect = &config_journal_at(question->database, question->at)->expect;
    candidates->name = expect->database;
    candidates->view = question->views ? question->views->views[expect->database_at] : NULL;
    if (check_seen(candidates, question->now_ms, reterr) < 0 || gather(question, candidates, reterr) < 0)
        return -1;
    return choose(question, candidates, reterr);
}

int expectation_elsewhere_token(const struct expectation_question *question, struct digest *ret_token,
                                struct error *reterr)
{
    cleanup(candidates) struct candidates candidates = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(SIZE_MAX);
    if (find(question, &candidates, reterr) < 0)
        return -1;
    for (size_t i = 0; i < candidates.count; i++) {
        const struct journal *journal = candidates.journals[i]->journal;
        char address[JOURNAL_NAME_SIZE] = "";
        journal_address_print(&journal->address, address, sizeof address);
        strbuf_add(&text, (const char *)&journal->digest, sizeof journal->digest);
        strbuf_printf(&text, "%s %s\n", journal->address.tool, address);
    }
    if (!strbuf_ok(&text))
        return error_no_memory(reterr);
    *ret_token = digest_of(strbuf_text(&text), text.length);
    return 0;
}

int expectation_elsewhere_read(const struct expectation_question *question, struct revision_graph **known,
                               struct migration_set **ret_set, struct error *reterr)
{
    cleanup(candidates) struct candidates candidates = {0};
    if (find(question, &candidates, reterr) < 0)
        return -1;
    cleanup(free) const struct journal **journals = mem_calloc(candidates.count, sizeof *journals);
    if (!journals)
        return error_no_memory(reterr);
    for (size_t i = 0; i < candidates.count; i++)
        journals[i] = candidates.journals[i]->journal;
    const struct expectation *others = candidates.view->expectation;
    size_t configured = candidates.journals[0]->configured;
    if (others && configured < others->count && others->files[configured].known)
        *known = others->files[configured].known;
    return journal_set_read(journals, candidates.count, candidates.name, ret_set, reterr);
}
