/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"
#include "model/migration_set.h"
#include "model/text_index.h"

struct graph_node {
    const char *revision;
    const char *const *parents;
    const uint32_t *parent_numbers;
    size_t parent_count;
    bool known; /* false: only named as somebody's parent */
};

struct revision_graph {
    unsigned references; /* atomic */
    struct arena *arena;
    struct graph_node *nodes;
    size_t count;
    struct text_index index;
    struct digest newest_set; /* digest of the set added last: the usual repetition costs nothing */
};

size_t revision_graph_count(const struct revision_graph *graph)
{
    return graph ? graph->count : 0;
}

size_t revision_graph_number(const struct revision_graph *graph, const char *revision)
{
    return graph ? text_index_find(&graph->index, revision) : SIZE_MAX;
}

const char *revision_graph_revision(const struct revision_graph *graph, size_t number)
{
    return graph->nodes[number].revision;
}

static const struct graph_node *find(const struct revision_graph *graph, const char *revision)
{
    size_t number = revision_graph_number(graph, revision);
    return number != SIZE_MAX && graph->nodes[number].known ? &graph->nodes[number] : NULL;
}

const char *const *revision_graph_parents(const struct revision_graph *graph, const char *revision, size_t *ret_count)
{
    const struct graph_node *node = find(graph, revision);
    *ret_count = node ? node->parent_count : 0;
    return node ? node->parents : NULL;
}

static bool same_parents(const struct graph_node *node, const struct migration *migration)
{
    if (node->parent_count != migration->parent_count)
        return false;
    for (size_t i = 0; i < node->parent_count; i++)
        if (strcmp(node->parents[i], migration->parents[i]) != 0)
            return false;
    return true;
}

static bool adds_nothing(const struct revision_graph *known, const struct migration_set *set)
{
    if (digest_equal(known->newest_set, set->digest))
        return true;
    for (size_t i = 0; i < set->count; i++) {
        const struct graph_node *node = find(known, set->migrations[i].revision);
        if (!node || !same_parents(node, &set->migrations[i]))
            return false;
    }
    return true;
}

/* The node of that name, which is made if need be; the index was sized for all of them. NULL when memory is out. */
static struct graph_node *node_of(struct revision_graph *graph, const char *revision)
{
    size_t number = text_index_find(&graph->index, revision);
    if (number != TEXT_INDEX_NONE)
        return &graph->nodes[number];
    const char *copy = arena_strdup(graph->arena, revision);
    if (!copy)
        return NULL;
    struct graph_node *node = &graph->nodes[graph->count];
    node->revision = copy;
    text_index_add(&graph->index, copy, graph->count);
    graph->count++;
    return node;
}

static bool set_parents(struct revision_graph *graph, const char *revision, const char *const *parents, size_t count)
{
    struct graph_node *node = node_of(graph, revision);
    const char **names = arena_array(graph->arena, count, sizeof *names);
    uint32_t *numbers = arena_array(graph->arena, count, sizeof *numbers);
    if (!node || !names || !numbers)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct graph_node *parent = node_of(graph, parents[i]);
        if (!parent)
            return false;
        names[i] = parent->revision;
        numbers[i] = (uint32_t)(parent - graph->nodes);
    }
    node->parents = names;
    node->parent_numbers = numbers;
    node->parent_count = count;
    node->known = true;
    return true;
}

static size_t set_edges(const struct migration_set *set)
{
    size_t edges = 0;
    for (size_t i = 0; i < set->count; i++)
        edges += set->migrations[i].parent_count;
    return edges;
}

/* An empty graph with room for `nodes`. */
static struct revision_graph *graph_new(size_t nodes)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_REVISION_GRAPH_BYTES);
    struct revision_graph *graph = arena ? arena_alloc(arena, sizeof *graph) : NULL;
    if (!graph)
        return NULL;
    graph->nodes = arena_array(arena, nodes, sizeof *graph->nodes);
    if (!graph->nodes || !text_index_init(&graph->index, arena, nodes))
        return NULL;
    graph->references = 1;
    graph->arena = take(arena);
    return graph;
}

struct revision_graph *revision_graph_extend(struct revision_graph *known, const struct migration_set *set)
{
    if (known && adds_nothing(known, set))
        return revision_graph_ref(known);
    /* Revisions that nobody brings along any more are forgotten only when a million of them have come and gone. */
    bool keep = known && known->count + set->count <= LIMIT_REVISION_GRAPH;
    size_t nodes = set->count + set_edges(set) + (keep ? known->count : 0);
    cleanup(revision_graph) struct revision_graph *graph = graph_new(nodes);
    if (!graph)
        return NULL;
    for (size_t i = 0; keep && i < known->count; i++) {
        const struct graph_node *node = &known->nodes[i];
        if (node->known && !set_parents(graph, node->revision, node->parents, node->parent_count))
            return NULL;
    }
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        if (!set_parents(graph, migration->revision, migration->parents, migration->parent_count))
            return NULL;
    }
    graph->newest_set = set->digest;
    return take(graph);
}

struct revision_graph *revision_graph_ref(struct revision_graph *graph)
{
    refcount_take(&graph->references);
    return graph;
}

void revision_graph_unref(struct revision_graph *graph)
{
    if (graph && refcount_drop(&graph->references))
        arena_free(graph->arena);
}

bool revision_graph_mark(const struct revision_graph *graph, size_t number, bool *marks, uint32_t *stack)
{
    if (marks[number])
        return true;
    bool complete = true;
    size_t depth = 0;
    marks[number] = true;
    stack[depth++] = (uint32_t)number;
    while (depth > 0) {
        const struct graph_node *node = &graph->nodes[stack[--depth]];
        complete = complete && node->known;
        for (size_t i = 0; i < node->parent_count; i++) {
            uint32_t parent = node->parent_numbers[i];
            if (!marks[parent]) {
                marks[parent] = true;
                stack[depth++] = parent;
            }
        }
    }
    return complete;
}
