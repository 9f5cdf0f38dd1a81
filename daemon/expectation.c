/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/expectation.h"

#include <string.h>

#include "base/alloc.h"
#include "base/refcount.h"
#include "daemon/expectation_elsewhere.h"
#include "journal/manifest.h"
#include "journal/migration_folders.h"

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
    for (size_t i = 0; i < expectation->count; i++) {
        migration_set_unref(expectation->files[i].set);
        revision_graph_unref(expectation->files[i].known);
    }
    mem_free(expectation);
}

bool expectation_is_read(const struct config_expect *expect)
{
    return expect->directory_count > 0 || expect->manifest || expect->database;
}

int expectation_token(const struct expectation_question *question, struct digest *ret_token, struct error *reterr)
{
    const struct config_expect *expect = &config_journal_at(question->database, question->at)->expect;
    if (expect->database)
        return expectation_elsewhere_token(question, ret_token, reterr);
    if (expect->manifest)
        return manifest_token(expect->manifest, ret_token, reterr);
    return migration_folders_token(expect->directories, expect->directory_count, ret_token, reterr);
}

static int read_manifest(const struct config_journal *journal, struct migration_set **ret_set, struct error *reterr)
{
    const char *manifest = journal->expect.manifest;
    cleanup(migration_set) struct migration_set *set = NULL;
    if (manifest_read(manifest, &set, reterr) < 0)
        return -1;
    if (journal->tool && strcmp(set->tool, journal->tool->name) != 0)
        return error_set(reterr, ERROR_INVALID, "%s: is of %s, and the journal is configured to be %s's", manifest,
                         set->tool, journal->tool->name);
    *ret_set = take(set);
    return 0;
}

static bool is_tool_of(const struct migration_set *set, const struct tool *const *found, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(set->tool, found[i]->name) == 0)
            return true;
    return false;
}

/* Where journals of several tools were found, the files are one's of them rather than a tool's that was not. */
static int read_folders(const struct expectation_question *question, struct migration_set **ret_set,
                        struct error *reterr)
{
    const struct config_journal *journal = config_journal_at(question->database, question->at);
    const struct config_expect *expect = &journal->expect;
    const struct tool *const *likely = question->likely;
    size_t likely_count = question->likely_count;
    size_t tries = journal->tool || likely_count == 0 ? 1 : likely_count;
    for (size_t i = 0; i < tries; i++) {
        cleanup(migration_set) struct migration_set *set = NULL;
        const struct tool *tool = likely_count > 0 ? likely[i] : NULL;
        bool last = i + 1 == tries;
        if (migration_folders_read(journal->tool, tool, expect->directories, expect->directory_count, &set, reterr) <
            0) {
            if (last || (reterr && reterr->code == ERROR_NO_MEMORY))
                return -1;
            continue;
        }
        if (last || is_tool_of(set, likely, likely_count)) {
            *ret_set = take(set);
            return 0;
        }
    }
    return -1;
}

/* `known` is what was known of the graph before; its reference stays the caller's. */
static int read_one(const struct expectation_question *question, struct revision_graph *known,
                    struct expected_files *files)
{
    const struct config_journal *journal = config_journal_at(question->database, question->at);
    int result = journal->expect.database   ? expectation_elsewhere_read(question, &known, &files->set, &files->error)
                 : journal->expect.manifest ? read_manifest(journal, &files->set, &files->error)
                                            : read_folders(question, &files->set, &files->error);
    if (result < 0 && files->error.code == ERROR_NO_MEMORY)
        return -1;
    if (result == 0)
        files->error = (struct error){.code = ERROR_OK};
    if (files->set && files->set->graph) {
        files->known = revision_graph_extend(known, files->set);
        return files->known ? 0 : -1;
    }
    if (result < 0 || journal->expect.database)
        files->known = known ? revision_graph_ref(known) : NULL;
    return 0;
}

struct expectation *expectation_read(const struct expectation_question *question, const struct expectation *previous)
{
    size_t count = config_journal_count(question->database);
    cleanup(expectation) struct expectation *expectation =
        mem_calloc(1, sizeof *expectation + count * sizeof *expectation->files);
    if (!expectation)
        return NULL;
    expectation->references = 1;
    expectation->count = count;
    for (size_t i = 0; previous && i < count; i++) {
        if (i == question->at)
            continue;
        const struct expected_files *old = &previous->files[i];
        expectation->files[i] = *old;
        expectation->files[i].set = old->set ? migration_set_ref(old->set) : NULL;
        expectation->files[i].known = old->known ? revision_graph_ref(old->known) : NULL;
    }
    struct revision_graph *known = previous ? previous->files[question->at].known : NULL;
    if (read_one(question, known, &expectation->files[question->at]) < 0)
        return NULL;
    return take(expectation);
}
