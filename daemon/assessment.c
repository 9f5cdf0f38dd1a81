/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/assessment.h"

#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

/* Findings point into the journal and the set; what is allocated is a few arrays of them. */
#define LIMIT_ASSESSMENT_BYTES (512u * 1024u * 1024u)

/* Parts that files name and no journal has: a project's apps, for each of its tenants. */
#define LIMIT_ASSESSED (4u * LIMIT_READINGS)

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
    for (size_t i = 0; i < assessment->source_count; i++)
        journal_unref(assessment->sources[i].journal);
    expectation_unref(assessment->expectation);
    arena_free(assessment->arena);
    mem_free(assessment->journals);
    mem_free(assessment);
}

/* One assessment being put together. */
struct assessing {
    struct assessment *assessment;
    const struct snapshot *snapshot;
    const struct config_database *database;
    struct text_index parts;  /* addresses of the parts that were read */
    struct text_index tables; /* addresses of the tables whose parts were completed */
};

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const struct expected_files *files_of(const struct expectation *expectation, size_t configured)
{
    return expectation && configured < expectation->count ? &expectation->files[configured] : NULL;
}

/* Files of one tool say nothing about the journal of another. */
static const struct migration_set *set_for(const struct expectation *expectation, size_t configured, const char *tool)
{
    const struct expected_files *files = files_of(expectation, configured);
    return files && files->set && strcmp(files->set->tool, tool) == 0 ? files->set : NULL;
}

static bool has_parts(const char *tool, const struct migration_set *set)
{
    const struct tool *named = tool_find(tool);
    return named && named->parts && set && set->count > 0;
}

/* The migrations of one part, which stand together; `*ret_view` NULL: there are none. False when memory is out. */
static bool view_part(struct arena *arena, const struct migration_set *set, const char *part,
                      const struct migration_set **ret_view)
{
    *ret_view = NULL;
    size_t first = 0;
    while (first < set->count && !same_text(set->migrations[first].part, part))
        first++;
    size_t next = first;
    while (next < set->count && same_text(set->migrations[next].part, part))
        next++;
    if (next == first)
        return true;
    struct migration_set *view = arena_alloc(arena, sizeof *view);
    if (!view)
        return false;
    *view = *set;
    view->whole = set;
    view->migrations = set->migrations + first;
    view->count = next - first;
    *ret_view = view;
    return true;
}

static bool copy_address(struct arena *arena, const struct journal_address *address, struct journal_address *copy)
{
    *copy = (struct journal_address){.tool = address->tool,
                                     .schema = arena_strdup(arena, address->schema ? address->schema : ""),
                                     .table = arena_strdup(arena, address->table),
                                     .part = arena_strdup(arena, address->part)};
    return copy->schema && (copy->table || !address->table) && (copy->part || !address->part);
}

/* Takes over the reference of `journal`, whatever happens. */
static struct assessed_journal *add_journal(struct assessing *assessing, const struct journal_address *address,
                                            struct journal *journal)
{
    struct assessment *assessment = assessing->assessment;
    cleanup(journal) struct journal *owned = journal;
    struct assessed_journal added = {.reading = NO_READING};
    if (!copy_address(assessment->arena, address, &added.address) ||
        !mem_grow(&assessment->journals, &assessment->capacity, assessment->count, sizeof *assessment->journals,
                  LIMIT_ASSESSED))
        return NULL;
    added.journal = take(owned);
    struct assessed_journal *place = &assessment->journals[assessment->count++];
    *place = added;
    return place;
}

static const char *address_text(struct arena *arena, const struct journal_address *address)
{
    char text[JOURNAL_NAME_SIZE] = "";
    journal_address_print(address, text, sizeof text);
    return arena_strdup(arena, text);
}

/* A table without rows of a tool with parts is the journal of none of them: its parts are added with those that are
 * missing. */
static int add_reading(struct assessing *assessing, size_t index)
{
    struct assessment *assessment = assessing->assessment;
    const struct journal_reading *reading = &assessing->snapshot->readings[index];
    size_t configured = assessment->sources[index].configured;
    const struct migration_set *set = set_for(assessment->expectation, configured, reading->address.tool);
    bool parts = has_parts(reading->address.tool, set) && reading->journal;
    if (configured == SIZE_MAX || (parts && !reading->address.part))
        return 0;
    struct assessed_journal *journal =
        add_journal(assessing, &reading->address, reading->journal ? journal_ref(reading->journal) : NULL);
    if (!journal)
        return -1;
    journal->reading = index;
    journal->configured = configured;
    journal->files = set;
    if (!parts)
        return 0;
    const char *text = address_text(assessment->arena, &reading->address);
    if (!text || !view_part(assessment->arena, set, reading->address.part, &journal->files))
        return -1;
    journal->bystander = !journal->files;
    text_index_add(&assessing->parts, text, index);
    return 0;
}

/* A part that the files have and the table does not: nothing of it is applied. */
static int add_missing_part(struct assessing *assessing, size_t index, const char *part)
{
    struct assessment *assessment = assessing->assessment;
    const struct journal_reading *reading = &assessing->snapshot->readings[index];
    struct journal_address address = reading->address;
    address.part = part;
    const char *text = address_text(assessment->arena, &address);
    if (!text)
        return -1;
    if (text_index_find(&assessing->parts, text) != TEXT_INDEX_NONE)
        return 0;
    struct journal *empty = journal_new(&address);
    struct assessed_journal *journal = empty ? add_journal(assessing, &address, empty) : NULL;
    if (!journal)
        return -1;
    empty->shape = reading->journal->shape;
    empty->heads_only = reading->journal->heads_only;
    journal->reading = index;
    journal->configured = assessment->sources[index].configured;
    const struct migration_set *set = set_for(assessment->expectation, journal->configured, address.tool);
    return view_part(assessment->arena, set, part, &journal->files) ? 0 : -1;
}

static int add_missing_parts(struct assessing *assessing, size_t index)
{
    struct assessment *assessment = assessing->assessment;
    const struct journal_reading *reading = &assessing->snapshot->readings[index];
    size_t configured = assessment->sources[index].configured;
    const struct migration_set *set = set_for(assessment->expectation, configured, reading->address.tool);
    if (!reading->journal || configured == SIZE_MAX || !has_parts(reading->address.tool, set))
        return 0;
    struct journal_address table = reading->address;
    table.part = NULL;
    const char *text = address_text(assessment->arena, &table);
    if (!text)
        return -1;
    if (text_index_add(&assessing->tables, text, index) != index)
        return 0;
    for (size_t i = 0; i < set->count; i++) {
        if (i > 0 && same_text(set->migrations[i].part, set->migrations[i - 1].part))
            continue;
        if (add_missing_part(assessing, index, set->migrations[i].part) < 0)
            return -1;
    }
    return 0;
}

/* Where a configured journal would be, as far as that is one place. */
static struct journal_address place_of(const struct config_journal *journal, struct arena *arena)
{
    struct journal_address address = {.tool = journal->tool ? journal->tool->name : NULL};
    const char *table = journal->table;
    if (!table || strpbrk(table, "*?["))
        return address;
    const char *dot = strrchr(table, '.');
    address.table = dot ? dot + 1 : table;
    if (dot)
        address.schema = arena_strndup(arena, table, (size_t)(dot - table));
    return address;
}

/* Each journal of `journals` that was not found; without that key, the one that every database has. */
static int add_absent(struct assessing *assessing)
{
    struct assessment *assessment = assessing->assessment;
    size_t found = assessment->count;
    for (size_t i = 0; i < config_journal_count(assessing->database); i++) {
        bool there = false;
        for (size_t j = 0; j < found && !there; j++)
            there = assessment->journals[j].configured == i;
        if (there)
            continue;
        struct journal_address address = place_of(config_journal_at(assessing->database, i), assessment->arena);
        struct assessed_journal *journal = add_journal(assessing, &address, NULL);
        if (!journal)
            return -1;
        journal->configured = i;
    }
    return 0;
}

static int add_journals(struct assessing *assessing)
{
    struct assessment *assessment = assessing->assessment;
    size_t count = assessing->snapshot->reading_count;
    if (!text_index_init(&assessing->parts, assessment->arena, count) ||
        !text_index_init(&assessing->tables, assessment->arena, count))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (add_reading(assessing, i) < 0)
            return -1;
    for (size_t i = 0; i < count; i++)
        if (add_missing_parts(assessing, i) < 0)
            return -1;
    return add_absent(assessing);
}

/* What is expected of it as a list of migrations, or as a revision with all that comes before it; NULL. */
static const struct migration_set *list_of(const struct assessed_journal *journal)
{
    return journal->files && !journal->files->position ? journal->files : NULL;
}

static const char *position_of(const struct assessed_journal *journal)
{
    return journal->files && journal->files->position ? journal->files->migrations[0].revision : NULL;
}

/* The question that is configured. */
static struct compare_request configured_request(const struct assessed_journal *journal,
                                                 const struct config_database *database,
                                                 const struct expectation *expectation)
{
    const struct config_expect *expect = &config_journal_at(database, journal->configured)->expect;
    const struct expected_files *files = files_of(expectation, journal->configured);
    struct compare_request request = {.journal = journal->journal};
    if (journal->bystander)
        return request;
    request.match = expect->match;
    request.revision = expect->revision ? expect->revision : position_of(journal);
    request.expected = list_of(journal);
    request.known = files && (!files->set || journal->files) ? files->known : NULL;
    if (expect->revision)
        request.source = SOURCE_REVISION;
    else if (journal->files)
        request.source = expect->database ? SOURCE_DATABASE : expect->manifest ? SOURCE_MANIFEST : SOURCE_DIRECTORY;
    return request;
}

static int compare(const struct compare_request *request, const struct revision_range *range, struct arena *arena,
                   struct comparison *ret_comparison, struct error *reterr)
{
    const struct tool *tool = tool_find(request->journal->address.tool);
    if (!tool)
        return error_set(reterr, ERROR_INTERNAL, "no tool is named %s", request->journal->address.tool);
    return range ? compare_range(tool, request, range, arena, ret_comparison, reterr)
                 : tool_compare(tool, request, arena, ret_comparison, reterr);
}

/* Tenants' journals are often equal: what was found for one of the last few goes for the next. */
enum { TWINS = 8 };

struct twins {
    const struct assessed_journal *journals[TWINS];
    const struct comparison *comparisons[TWINS];
    size_t next;
};

/* Whether both hold the same rows, and the same is expected. A part has the digest of its whole table. */
static bool are_twins(const struct assessed_journal *a, const struct assessed_journal *b)
{
    const struct journal *left = a->journal;
    const struct journal *right = b->journal;
    return !left->whole && !right->whole && left->row_count > 0 && left->row_count == right->row_count &&
           left->entry_count == right->entry_count && left->shape == right->shape && !left->truncated &&
           !right->truncated && strcmp(left->address.tool, right->address.tool) == 0 && a->files == b->files &&
           a->configured == b->configured && a->bystander == b->bystander && digest_equal(left->digest, right->digest);
}

static const struct comparison *find_twin(const struct twins *twins, const struct assessed_journal *journal)
{
    for (size_t i = 0; i < TWINS && twins->journals[i]; i++)
        if (are_twins(twins->journals[i], journal))
            return twins->comparisons[i];
    return NULL;
}

static void add_twin(struct twins *twins, const struct assessed_journal *journal, const struct comparison *comparison)
{
    twins->journals[twins->next] = journal;
    twins->comparisons[twins->next] = comparison;
    twins->next = (twins->next + 1) % TWINS;
}

static bool has_entry(const struct journal *journal, const char *revision)
{
    struct journal_cursor cursor = {0};
    journal_cursor_init(&cursor, journal);
    for (const struct journal_entry *entry = NULL; (entry = journal_cursor_next(&cursor));)
        if (journal_entry_is_applied(entry) && strcmp(entry->revision, revision) == 0)
            return true;
    return false;
}

static bool knows(const struct assessed_journal *journal, const char *revision)
{
    const char *part = journal->address.part;
    size_t length = part ? strlen(part) : 0;
    if (part && strncmp(revision, part, length) == 0 && revision[length] && strchr(".:/", revision[length]))
        return true;
    for (size_t i = 0; journal->files && i < journal->files->count; i++)
        if (strcmp(journal->files->migrations[i].revision, revision) == 0)
            return true;
    return journal->journal && has_entry(journal->journal, revision);
}

/* Whether what one of them is asked is asked of the other, too. */
static bool share_questions(const struct assessed_journal *a, const struct assessed_journal *b)
{
    return a->configured == b->configured && same_text(a->address.tool, b->address.tool) &&
           same_text(a->address.part, b->address.part);
}

/* Which of the journals a revision is asked of. Of those that share their questions one that knows it is enough, and
 * most of a database's journals do. */
static bool choose(const struct assessed_journal *const *journals, size_t count, const char *revision,
                   struct arena *arena, bool *ret_asked)
{
    size_t *askers = arena_array(arena, count, sizeof *askers);
    size_t asker_count = 0;
    if (!askers)
        return false;
    for (size_t i = 0; i < count; i++) {
        bool covered = false;
        for (size_t j = 0; j < asker_count && !covered; j++)
            covered = share_questions(journals[askers[j]], journals[i]);
        if (!covered && knows(journals[i], revision))
            askers[asker_count++] = i;
    }
    for (size_t i = 0; i < count; i++) {
        ret_asked[i] = asker_count == 0;
        for (size_t j = 0; j < asker_count && !ret_asked[i]; j++)
            ret_asked[i] = share_questions(journals[askers[j]], journals[i]);
    }
    return true;
}

static bool is_known(const struct assessed_journal *const *journals, size_t count, const char *revision)
{
    for (size_t i = 0; i < count; i++)
        if (knows(journals[i], revision))
            return true;
    return false;
}

/* A range is asked of those journals that know where it begins, or, where none does, of those that know its end. */
static bool choose_asked(const struct assessed_journal *const *journals, size_t count,
                         const struct assessed_question *question, struct arena *arena, bool *ret_asked)
{
    const struct revision_range *range = question->range;
    const char *revision = question->revision;
    if (range)
        revision = range->from && (!range->to || is_known(journals, count, range->from)) ? range->from : range->to;
    return choose(journals, count, revision, arena, ret_asked);
}

int assessment_ask(const struct assessed_journal *const *journals, size_t count, const struct expectation *expectation,
                   const struct assessed_question *question, struct arena *arena,
                   const struct comparison **ret_comparisons, bool *ret_asked, struct error *reterr)
{
    struct twins twins = {0};
    *ret_asked = true;
    if (count > 1 && !choose_asked(journals, count, question, arena, ret_asked))
        return error_no_memory(reterr);
    for (size_t i = 0; i < count; i++) {
        const struct assessed_journal *journal = journals[i];
        ret_comparisons[i] = !journal->journal ? NULL
                             : ret_asked[i]    ? find_twin(&twins, journal)
                                               : &journal->comparison;
        if (!journal->journal || ret_comparisons[i])
            continue;
        const struct expected_files *files = files_of(expectation, journal->configured);
        const struct compare_request request = {.journal = journal->journal,
                                                .expected = list_of(journal),
                                                .known = files && (!files->set || journal->files) ? files->known : NULL,
                                                .revision = question->revision,
                                                .match = question->match,
                                                .source = SOURCE_REQUEST};
        struct comparison *comparison = arena_alloc(arena, sizeof *comparison);
        if (!comparison)
            return error_no_memory(reterr);
        if (compare(&request, question->range, arena, comparison, reterr) < 0)
            return -1;
        add_twin(&twins, journal, comparison);
        ret_comparisons[i] = comparison;
    }
    return 0;
}

/* A literal revision is that of one part; of the others nothing is expected. */
static int settle_literals(struct assessing *assessing)
{
    struct assessment *assessment = assessing->assessment;
    cleanup(arena) struct arena *arena = arena_new(LIMIT_ASSESSMENT_BYTES);
    struct assessed_journal const **members = arena ? arena_array(arena, assessment->count, sizeof *members) : NULL;
    bool *asked = arena ? arena_array(arena, assessment->count, sizeof *asked) : NULL;
    if (!members || !asked)
        return -1;
    for (size_t i = 0; i < config_journal_count(assessing->database); i++) {
        const char *revision = config_journal_at(assessing->database, i)->expect.revision;
        size_t count = 0;
        for (size_t j = 0; revision && j < assessment->count; j++)
            if (assessment->journals[j].configured == i)
                members[count++] = &assessment->journals[j];
        if (count < 2)
            continue;
        if (!choose(members, count, revision, arena, asked))
            return -1;
        for (size_t j = 0; j < count; j++)
            assessment->journals[members[j] - assessment->journals].bystander |= !asked[j];
    }
    return 0;
}

static int compare_all(struct assessing *assessing)
{
    struct assessment *assessment = assessing->assessment;
    struct twins twins = {0};
    for (size_t i = 0; i < assessment->count; i++) {
        struct assessed_journal *journal = &assessment->journals[i];
        if (!journal->journal)
            continue;
        const struct comparison *twin = find_twin(&twins, journal);
        if (twin) {
            journal->comparison = *twin;
            continue;
        }
        struct compare_request request = configured_request(journal, assessing->database, assessment->expectation);
        /* An assessment outlives the configuration that it was made under, where the next one says the same. */
        const char *revision = request.revision;
        request.revision = arena_strdup(assessment->arena, revision);
        if (revision && !request.revision)
            return -1;
        if (compare(&request, NULL, assessment->arena, &journal->comparison, NULL) < 0)
            return -1;
        add_twin(&twins, journal, &journal->comparison);
    }
    return 0;
}

static bool is_unchanged(const struct assessment *previous, const struct snapshot *snapshot,
                         const struct config_database *database, const struct expectation *expectation)
{
    if (!previous || previous->expectation != expectation || previous->source_count != snapshot->reading_count)
        return false;
    for (size_t i = 0; i < previous->source_count; i++) {
        const struct assessed_source *source = &previous->sources[i];
        const struct journal_reading *reading = &snapshot->readings[i];
        if (source->journal != reading->journal ||
            (!source->journal && source->configured != config_journal_of(database, &reading->address)))
            return false;
    }
    return true;
}

static struct assessment *begin(const struct snapshot *snapshot, const struct config_database *database,
                                struct expectation *expectation)
{
    cleanup(assessment) struct assessment *assessment = mem_calloc(1, sizeof *assessment);
    if (!assessment)
        return NULL;
    assessment->references = 1;
    assessment->expectation = expectation_ref(expectation);
    assessment->arena = arena_new(LIMIT_ASSESSMENT_BYTES);
    assessment->sources =
        assessment->arena ? arena_array(assessment->arena, snapshot->reading_count, sizeof *assessment->sources) : NULL;
    if (!assessment->sources)
        return NULL;
    for (size_t i = 0; i < snapshot->reading_count; i++) {
        const struct journal_reading *reading = &snapshot->readings[i];
        assessment->sources[assessment->source_count++] =
            (struct assessed_source){.journal = reading->journal ? journal_ref(reading->journal) : NULL,
                                     .configured = config_journal_of(database, &reading->address)};
    }
    return take(assessment);
}

struct assessment *assess(const struct snapshot *snapshot, const struct config_database *database,
                          struct expectation *expectation, struct assessment *previous)
{
    if (is_unchanged(previous, snapshot, database, expectation))
        return assessment_ref(previous);
    cleanup(assessment) struct assessment *assessment = begin(snapshot, database, expectation);
    if (!assessment)
        return NULL;
    struct assessing assessing = {.assessment = assessment, .snapshot = snapshot, .database = database};
    if (add_journals(&assessing) < 0 || settle_literals(&assessing) < 0 || compare_all(&assessing) < 0)
        return NULL;
    return take(assessment);
}
