/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/compare_graph.h"

#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "journal/findings.h"
#include "model/text_index.h"

/* Everything that one comparison works with. Marks are per number of the graph. */
struct graph_comparison {
    const struct compare_request *request;
    const struct graph_traits *traits;
    const struct migration *migrations; /* the expected ones, in topological order */
    size_t file_count;
    const struct revision_graph *graph; /* what is known together with what is expected; may be NULL */
    struct text_index files;            /* revision → index in `migrations` */
    bool *applied;                      /* heads and their known ancestors */
    bool *wanted;                       /* what the question covers */
    uint32_t *stack;
    size_t nodes;
    bool complete; /* all ancestors of all heads are known */
    struct findings pending;
    struct findings later;
    struct findings unknown;
    struct findings heads;
    struct arena *arena;
    struct comparison *result;
};

static const struct migration *file_of(const struct graph_comparison *self, const char *revision)
{
    size_t index = text_index_find(&self->files, revision);
    return index == TEXT_INDEX_NONE ? NULL : &self->migrations[index];
}

static bool is_head(const struct graph_comparison *self, const char *revision)
{
    const struct journal *journal = self->request->journal;
    for (size_t i = 0; i < journal->entry_count; i++)
        if (strcmp(journal->entries[i].revision, revision) == 0)
            return true;
    return false;
}

static bool is_marked(const struct graph_comparison *self, const bool *marks, const char *revision)
{
    size_t number = revision_graph_number(self->graph, revision);
    return number != SIZE_MAX && marks[number];
}

static bool prepare(struct graph_comparison *self)
{
    self->nodes = revision_graph_count(self->graph);
    self->applied = arena_array(self->arena, self->nodes, sizeof *self->applied);
    self->wanted = arena_array(self->arena, self->nodes, sizeof *self->wanted);
    self->stack = arena_array(self->arena, self->nodes, sizeof *self->stack);
    size_t files = self->file_count;
    if (!self->applied || !self->wanted || !self->stack || !text_index_init(&self->files, self->arena, files))
        return false;
    for (size_t i = 0; i < files; i++)
        text_index_add(&self->files, self->migrations[i].revision, i);
    self->pending.arena = self->later.arena = self->unknown.arena = self->heads.arena = self->arena;
    return true;
}

static void mark_applied(struct graph_comparison *self)
{
    const struct journal *journal = self->request->journal;
    self->complete = true;
    size_t unplaced = 0;
    for (size_t i = 0; i < journal->entry_count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        findings_add(&self->heads, entry, file_of(self, entry->revision), NULL);
        size_t number = revision_graph_number(self->graph, entry->revision);
        if (number == SIZE_MAX)
            unplaced++;
        if (number == SIZE_MAX || !revision_graph_mark(self->graph, number, self->applied, self->stack))
            self->complete = false;
    }
    self->result->applied_count = unplaced;
    for (size_t i = 0; i < self->nodes; i++)
        self->result->applied_count += self->applied[i];
}

/* Marks for each file whether a file names it as a parent: those that none does are the real heads. */
static bool *referenced_files(const struct graph_comparison *self)
{
    bool *referenced = arena_array(self->arena, self->file_count, sizeof *referenced);
    for (size_t i = 0; referenced && i < self->file_count; i++)
        for (size_t j = 0; j < self->migrations[i].parent_count; j++) {
            size_t parent = text_index_find(&self->files, self->migrations[i].parents[j]);
            if (parent != TEXT_INDEX_NONE)
                referenced[parent] = true;
        }
    return referenced;
}

/* Names the expected heads and tells whether all of them are applied. */
static int name_expected_heads(struct graph_comparison *self, const bool *referenced, size_t *ret_count,
                               struct error *reterr)
{
    cleanup(strbuf) struct strbuf joined = STRBUF(LIMIT_MIGRATION_SET_BYTES);
    *ret_count = 0;
    self->result->target_applied = true;
    for (size_t i = 0; i < self->file_count; i++) {
        if (referenced[i])
            continue;
        const char *revision = self->migrations[i].revision;
        strbuf_printf(&joined, "%s%s", *ret_count > 0 ? "," : "", revision);
        (*ret_count)++;
        if (!is_marked(self, self->applied, revision))
            self->result->target_applied = false;
    }
    if (*ret_count > 0)
        self->result->expected_revision = arena_strdup(self->arena, strbuf_text(&joined));
    return *ret_count > 0 && (!strbuf_ok(&joined) || !self->result->expected_revision) ? error_no_memory(reterr) : 0;
}

/* Marks in `scratch` this node and its ancestors, and nothing else. */
static void mark_line(const struct graph_comparison *self, size_t number, bool *scratch)
{
    memset(scratch, 0, self->nodes * sizeof *scratch);
    revision_graph_mark(self->graph, number, scratch, self->stack);
}

/* Whether the known graph proves that one of the expected heads is among the ancestors of `number`. */
static bool follows_expected_head(const struct graph_comparison *self, size_t number, const bool *referenced,
                                  bool *scratch)
{
    mark_line(self, number, scratch);
    for (size_t i = 0; i < self->file_count; i++)
        if (!referenced[i] && is_marked(self, scratch, self->migrations[i].revision))
            return true;
    return false;
}

/* Heads of the database that no file has: after what is expected, if that can be proven. */
static int place_unknown_heads(struct graph_comparison *self, const bool *referenced, struct error *reterr)
{
    const struct journal *journal = self->request->journal;
    bool *scratch = arena_array(self->arena, self->nodes, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    for (size_t i = 0; i < journal->entry_count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        if (text_index_find(&self->files, entry->revision) != TEXT_INDEX_NONE)
            continue;
        size_t number = revision_graph_number(self->graph, entry->revision);
        if (number != SIZE_MAX && follows_expected_head(self, number, referenced, scratch)) {
            findings_add(&self->later, entry, NULL, NULL);
            continue;
        }
        findings_add(&self->unknown, entry, NULL, NULL);
        self->result->order_unknown = true;
    }
    return 0;
}

/* The representative of a node's component. */
static uint32_t component_of(uint32_t *links, uint32_t node)
{
    while (links[node] != node) {
        links[node] = links[links[node]];
        node = links[node];
    }
    return node;
}

/* Will more heads remain than anything merges, once all that is expected is applied? Heads that share no ancestor are
 * branches of their own by intention (several bases). In one connected component at least two of several heads share
 * one, so it is enough to count heads and components. */
static int judge_heads(struct graph_comparison *self, struct error *reterr)
{
    uint32_t *links = arena_array(self->arena, self->nodes, sizeof *links);
    bool *covered = arena_array(self->arena, self->nodes, sizeof *covered);
    if (!links || !covered)
        return error_no_memory(reterr);
    for (size_t i = 0; i < self->nodes; i++)
        links[i] = (uint32_t)i;
    for (size_t i = 0; i < self->nodes; i++) {
        size_t count = 0;
        const char *const *parents = NULL;
        if (self->applied[i] || self->wanted[i])
            parents = revision_graph_parents(self->graph, revision_graph_revision(self->graph, i), &count);
        for (size_t j = 0; j < count; j++) {
            size_t parent = revision_graph_number(self->graph, parents[j]);
            covered[parent] = true;
            links[component_of(links, (uint32_t)i)] = component_of(links, (uint32_t)parent);
        }
    }
    size_t heads = 0;
    size_t components = 0;
    for (size_t i = 0; i < self->nodes; i++) {
        if (!self->applied[i] && !self->wanted[i])
            continue;
        heads += !covered[i];
        components += links[i] == i;
    }
    self->result->multiple_heads = heads > components;
    return 0;
}

static void add_pending(struct graph_comparison *self)
{
    bool contains = self->request->revision && self->request->match == MATCH_CONTAINS;
    for (size_t i = 0; i < self->file_count; i++) {
        const struct migration *migration = &self->migrations[i];
        size_t number = revision_graph_number(self->graph, migration->revision);
        bool *wanted = &self->wanted[number];
        if (*wanted && !self->applied[number] &&
            (!contains || strcmp(migration->revision, self->request->revision) == 0))
            findings_add(&self->pending, NULL, migration, NULL);
    }
    for (size_t i = 0; i < self->nodes; i++) {
        const char *revision = revision_graph_revision(self->graph, i);
        if (self->wanted[i] && !self->applied[i] && !file_of(self, revision) &&
            (!contains || strcmp(revision, self->request->revision) == 0))
            findings_add_revision(&self->pending, revision);
    }
}

static int compare_whole(struct graph_comparison *self, struct error *reterr)
{
    size_t heads = 0;
    const bool *referenced = referenced_files(self);
    if (!referenced)
        return error_no_memory(reterr);
    self->result->expected_count = self->file_count;
    for (size_t i = 0; i < self->file_count; i++)
        self->wanted[revision_graph_number(self->graph, self->migrations[i].revision)] = true;
    if (name_expected_heads(self, referenced, &heads, reterr) < 0 ||
        place_unknown_heads(self, referenced, reterr) < 0 || judge_heads(self, reterr) < 0)
        return -1;
    self->result->next_apply = heads > 1 ? self->traits->apply_several : self->traits->apply_one;
    if (!self->result->order_unknown)
        add_pending(self);
    return 0;
}

/* R is applied. What else is there matters only where nothing else may be. */
static int judge_rest(struct graph_comparison *self, struct error *reterr)
{
    const struct journal *journal = self->request->journal;
    bool *scratch = arena_array(self->arena, self->nodes, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    bool head = is_head(self, self->request->revision);
    for (size_t i = 0; i < journal->entry_count; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        const struct migration *file = file_of(self, entry->revision);
        if (strcmp(entry->revision, self->request->revision) == 0)
            continue;
        size_t number = revision_graph_number(self->graph, entry->revision);
        if (number != SIZE_MAX)
            mark_line(self, number, scratch);
        if (number != SIZE_MAX && is_marked(self, scratch, self->request->revision)) {
            findings_add(&self->later, entry, file, NULL);
        } else if (head && self->request->match == MATCH_EXACT) {
            /* Beside a head stand only heads that do not contain it. */
            findings_add(&self->unknown, entry, file, NULL);
            self->result->multiple_heads = true;
        }
    }
    return 0;
}

/* R is provably not applied: neither a head nor among the ancestors, all of which are known. */
static void judge_missing(struct graph_comparison *self, size_t number)
{
    const struct journal *journal = self->request->journal;
    if (number == SIZE_MAX)
        findings_add_revision(&self->pending, self->request->revision);
    else
        add_pending(self);
    for (size_t i = 0; i < journal->entry_count && number != SIZE_MAX; i++) {
        const struct journal_entry *entry = &journal->entries[i];
        size_t head = revision_graph_number(self->graph, entry->revision);
        if (head == SIZE_MAX || !self->wanted[head])
            findings_add(&self->later, entry, file_of(self, entry->revision), NULL);
    }
}

enum place { WITHIN, BEYOND, UNPLACED };

static bool overlap(const struct graph_comparison *self, const bool *line)
{
    for (size_t i = 0; i < self->nodes; i++)
        if (line[i] && self->wanted[i])
            return true;
    return false;
}

/* Where a head of the database stands to the ceiling R, whose ancestors are marked as wanted. `complete`: all of them
 * are. A head that shares no ancestor with R is of another tree, which the question is not about. */
static enum place place_head(const struct graph_comparison *self, const char *head, const char *floor, bool complete,
                             bool *scratch)
{
    const struct compare_request *request = self->request;
    if (strcmp(head, request->revision) == 0 || (floor && strcmp(head, floor) == 0))
        return WITHIN;
    size_t number = revision_graph_number(self->graph, head);
    if (number == SIZE_MAX)
        return UNPLACED;
    if (self->wanted[number])
        return WITHIN;
    memset(scratch, 0, self->nodes * sizeof *scratch);
    bool whole = revision_graph_mark(self->graph, number, scratch, self->stack);
    if (is_marked(self, scratch, request->revision))
        return BEYOND;
    if (!complete)
        return UNPLACED;
    return whole && !overlap(self, scratch) ? WITHIN : BEYOND;
}

/* The floor, which is below R, unless the graph knows better: then the range is upside down, and the floor beyond R. */
static const char *true_floor(const struct graph_comparison *self, bool *scratch)
{
    const struct compare_request *request = self->request;
    size_t number = request->floor ? revision_graph_number(self->graph, request->floor) : SIZE_MAX;
    if (number == SIZE_MAX)
        return request->floor;
    revision_graph_mark(self->graph, number, scratch, self->stack);
    bool beyond = is_marked(self, scratch, request->revision) && strcmp(request->floor, request->revision) != 0;
    return beyond ? NULL : request->floor;
}

static int compare_ceiling(struct graph_comparison *self, struct error *reterr)
{
    const struct compare_request *request = self->request;
    size_t number = revision_graph_number(self->graph, request->revision);
    bool *scratch = arena_array(self->arena, self->nodes, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    const char *floor = true_floor(self, scratch);
    self->result->expected_revision = request->revision;
    self->result->target_applied = is_head(self, request->revision) || (number != SIZE_MAX && self->applied[number]);
    bool complete = number != SIZE_MAX && revision_graph_mark(self->graph, number, self->wanted, self->stack);
    if (floor && revision_graph_number(self->graph, floor) != SIZE_MAX)
        revision_graph_mark(self->graph, revision_graph_number(self->graph, floor), self->wanted, self->stack);
    for (size_t i = 0; i < request->journal->entry_count; i++) {
        const struct journal_entry *entry = &request->journal->entries[i];
        enum place place = place_head(self, entry->revision, floor, complete, scratch);
        if (place != WITHIN)
            findings_add(place == BEYOND ? &self->later : &self->unknown, entry, file_of(self, entry->revision), NULL);
        self->result->order_unknown |= place == UNPLACED;
    }
    return 0;
}

static int compare_revision(struct graph_comparison *self, struct error *reterr)
{
    const char *revision = self->request->revision;
    size_t number = revision_graph_number(self->graph, revision);
    self->result->expected_revision = revision;
    self->result->expected_count = 1;
    self->result->next_apply = self->traits->apply_one;
    if (number != SIZE_MAX) {
        revision_graph_mark(self->graph, number, self->wanted, self->stack);
        size_t covered = 0;
        for (size_t i = 0; i < self->nodes; i++)
            covered += self->wanted[i];
        self->result->expected_count = self->request->match == MATCH_CONTAINS ? 1 : covered;
    }
    self->result->target_applied = is_head(self, revision) || (number != SIZE_MAX && self->applied[number]);
    if (self->result->target_applied)
        return judge_rest(self, reterr);
    if (self->complete) {
        judge_missing(self, number);
        return 0;
    }
    self->result->order_unknown = true;
    for (size_t i = 0; i < self->request->journal->entry_count; i++) {
        const struct journal_entry *entry = &self->request->journal->entries[i];
        size_t head = revision_graph_number(self->graph, entry->revision);
        if (head == SIZE_MAX)
            findings_add(&self->unknown, entry, NULL, NULL);
    }
    return 0;
}

static int explain(struct graph_comparison *self, struct error *reterr)
{
    struct comparison *result = self->result;
    result->heads = findings_list(&self->heads);
    result->pending = findings_list(&self->pending);
    result->later = findings_list(&self->later);
    result->unknown = findings_list(&self->unknown);
    if (result->order_unknown) {
        const char *head =
            result->unknown.count > 0 ? result->unknown.items[0].revision : self->request->journal->entries[0].revision;
        result->remark = arena_printf(self->arena,
                                      "the journal holds heads only, and no files that were seen tell where '%s' "
                                      "stands to '%s'",
                                      head, result->expected_revision ? result->expected_revision : "");
        result->next_repair = self->traits->repair_unknown;
        if (!result->remark)
            return error_no_memory(reterr);
    } else if (result->multiple_heads) {
        result->remark = self->traits->remark_heads;
        result->next_repair = self->traits->repair_heads;
    } else if (findings_lack_files(result->later)) {
        result->remark = self->traits->remark_later;
    }
    if (!findings_advise_revert(result, self->traits->revert, self->arena, &result->next_revert) ||
        self->heads.failed || self->pending.failed || self->later.failed || self->unknown.failed)
        return error_no_memory(reterr);
    return 0;
}

int compare_graph(const struct compare_request *request, const struct graph_traits *traits, struct arena *arena,
                  struct comparison *ret_comparison, struct error *reterr)
{
    *ret_comparison =
        (struct comparison){.tool = request->journal->address.tool, .match = request->match, .source = request->source};
    cleanup(revision_graph) struct revision_graph *graph = NULL;
    if (request->expected)
        graph = revision_graph_extend(request->known, request->expected);
    else if (request->known)
        graph = revision_graph_ref(request->known);
    if (!graph && (request->expected || request->known))
        return error_no_memory(reterr);
    static const struct migration_set nothing = {0};
    const struct migration_set *expected = request->expected ? request->expected : &nothing;
    struct graph_comparison self = {
        .request = request,
        .traits = traits,
        .migrations = expected->migrations,
        .file_count = expected->count,
        .graph = graph,
        .arena = arena,
        .result = ret_comparison,
    };
    ret_comparison->next_release = traits->release;
    if (!prepare(&self))
        return error_no_memory(reterr);
    mark_applied(&self);
    int result = 0;
    if (request->revision && request->ceiling)
        result = compare_ceiling(&self, reterr);
    else if (request->revision)
        result = compare_revision(&self, reterr);
    else if (request->expected)
        result = compare_whole(&self, reterr);
    return result < 0 ? -1 : explain(&self, reterr);
}
