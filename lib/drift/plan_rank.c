/* SPDX-License-Identifier: Apache-2.0
 *
 * The order in which things can be made: a graph of what mentions what in its texts, and the depth of each thing in it.
 * Made once per side, when somebody asks; linear in the size of all texts.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/plan_words.h"
#include "drift/plan_work.h"

enum { RANK_TOP = 1 << 30 };

/* Relations first, then objects. */
struct rank_node {
    uint32_t next_of_name; /* 1 + node; 0: none */
    uint32_t first_edge;
    unsigned rank;
    bool entered;
    bool left;
};

struct rank_edge {
    uint32_t from;
    uint32_t to;
};

struct rank_graph {
    const struct schema *schema;
    struct rank_node *nodes;
    uint32_t *names; /* hash of a name: 1 + node */
    size_t name_mask;
    struct rank_edge *edges; /* by `from` */
    size_t edge_count;
    size_t edge_capacity;
    uint32_t *stack;
    size_t node_count;
    bool qualified; /* the server wrote the texts: what it does not qualify is a column or a function's argument */
    bool failed;
};

static void rank_graph_done(struct rank_graph *graph)
{
    mem_free(graph->nodes);
    mem_free(graph->names);
    mem_free(graph->edges);
    mem_free(graph->stack);
}

DEFINE_CLEANUP_VALUE(rank_graph, struct rank_graph, rank_graph_done);

static bool is_relation(const struct rank_graph *graph, size_t node)
{
    return node < graph->schema->relation_count;
}

static const struct schema_object *object_of(const struct rank_graph *graph, size_t node)
{
    return &graph->schema->objects[node - graph->schema->relation_count];
}

static bool can_be_mentioned(const struct rank_graph *graph, size_t node)
{
    if (is_relation(graph, node))
        return true;
    uint32_t kind = object_of(graph, node)->kind;
    return kind == OBJECT_ENUM || kind == OBJECT_DOMAIN || kind == OBJECT_COMPOSITE || kind == OBJECT_ROUTINE;
}

static const char *node_name(const struct rank_graph *graph, size_t node)
{
    const struct schema *schema = graph->schema;
    return schema_text(schema, is_relation(graph, node) ? schema->relations[node].name : object_of(graph, node)->name);
}

static const char *node_schema(const struct rank_graph *graph, size_t node)
{
    const struct schema *schema = graph->schema;
    return schema_text(schema,
                       is_relation(graph, node) ? schema->relations[node].schema : object_of(graph, node)->schema);
}

static bool init_graph(struct rank_graph *graph, const struct schema *schema)
{
    size_t slots = 64;
    graph->schema = schema;
    graph->node_count = schema->relation_count + schema->object_count;
    graph->qualified = schema->server_version != 0;
    while (slots < graph->node_count * 2)
        slots *= 2;
    graph->name_mask = slots - 1;
    graph->nodes = mem_calloc(graph->node_count + 1, sizeof *graph->nodes);
    graph->names = mem_calloc(slots, sizeof *graph->names);
    graph->stack = mem_calloc(graph->node_count + 1, sizeof *graph->stack);
    if (!graph->nodes || !graph->names || !graph->stack)
        return false;
    for (size_t node = 0; node < graph->node_count; node++) {
        if (!can_be_mentioned(graph, node))
            continue;
        uint32_t *slot = &graph->names[plan_name_hash(node_name(graph, node)) & graph->name_mask];
        graph->nodes[node].next_of_name = *slot;
        *slot = (uint32_t)node + 1;
    }
    return true;
}

static void add_edge(struct rank_graph *graph, size_t from, size_t to)
{
    if (from == to)
        return;
    if (!mem_grow(&graph->edges, &graph->edge_capacity, graph->edge_count, sizeof *graph->edges, UINT32_MAX)) {
        graph->failed = true;
        return;
    }
    graph->edges[graph->edge_count++] = (struct rank_edge){(uint32_t)from, (uint32_t)to};
}

static void add_text(struct rank_graph *graph, size_t node, const char *text)
{
    struct plan_words words = {0};
    plan_words_init(&words, text);
    while (!graph->failed && plan_words_next(&words)) {
        uint32_t found = graph->names[plan_word_hash(&words.word) & graph->name_mask];
        for (; found; found = graph->nodes[found - 1].next_of_name) {
            size_t other = found - 1;
            const char *space = node_schema(graph, other);
            bool named = words.qualifier.length ? !*space || plan_word_is(&words.qualifier, space)
                                                : !(graph->qualified && *space);
            if (named && plan_word_is(&words.word, node_name(graph, other)))
                add_edge(graph, node, other);
        }
    }
}

static void add_texts(struct rank_graph *graph, size_t node, uint32_t text)
{
    if (text)
        add_text(graph, node, schema_text(graph->schema, text));
}

static void add_attributes(struct rank_graph *graph, size_t node, uint32_t attributes)
{
    static const bool telling[ATTRIBUTE_KEYS] = {
        [ATTRIBUTE_PARENTS] = true,      [ATTRIBUTE_PARTITION_KEY] = true, [ATTRIBUTE_MEMBERS] = true,
        [ATTRIBUTE_TYPE] = true,         [ATTRIBUTE_DEFAULT] = true,       [ATTRIBUTE_DOMAIN_CHECKS] = true,
        [ATTRIBUTE_SIGNATURE] = true,    [ATTRIBUTE_RETURNS] = true,       [ATTRIBUTE_SQL_BODY] = true,
        [ATTRIBUTE_COLUMN_CHECK] = true,
    };
    for (const struct schema_attribute *attribute = &graph->schema->attributes[attributes];
         attribute->key != ATTRIBUTE_END; attribute++)
        if (telling[attribute->key])
            add_texts(graph, node, attribute->text);
}

static void add_relation(struct rank_graph *graph, size_t node)
{
    const struct schema *schema = graph->schema;
    const struct schema_relation *relation = &schema->relations[node];
    add_texts(graph, node, relation->definition);
    add_attributes(graph, node, relation->attributes);
    for (size_t i = 0; i < relation->column_count && relation_is_table(relation); i++) {
        const struct schema_column *column = &schema->columns[relation->first_column + i];
        add_texts(graph, node, column->type);
        add_texts(graph, node, column->default_expression);
        add_texts(graph, node, column->generated);
    }
    for (size_t i = 0; i < relation->constraint_count; i++)
        add_texts(graph, node, schema->constraints[relation->first_constraint + i].expression);
    for (size_t i = 0; i < relation->index_count; i++) {
        const struct schema_index *index = &schema->indexes[relation->first_index + i];
        add_texts(graph, node, index->predicate);
        for (size_t k = 0; k < index->part_count; k++)
            if (schema->parts[index->first_part + k].flags & PART_EXPRESSION)
                add_texts(graph, node, schema->parts[index->first_part + k].text);
    }
}

static void add_edges(struct rank_graph *graph)
{
    for (size_t node = 0; node < graph->node_count && !graph->failed; node++) {
        graph->nodes[node].first_edge = (uint32_t)graph->edge_count;
        if (is_relation(graph, node))
            add_relation(graph, node);
        else if (can_be_mentioned(graph, node))
            add_attributes(graph, node, object_of(graph, node)->attributes);
    }
    graph->nodes[graph->node_count].first_edge = (uint32_t)graph->edge_count;
}

/* Depth first, on a stack of our own. An edge to a node that is still being visited closes a cycle: it is dropped. */
static void visit(struct rank_graph *graph, uint32_t root, uint32_t *next_edge)
{
    size_t depth = 0;
    graph->stack[depth++] = root;
    graph->nodes[root].entered = true;
    while (depth > 0) {
        uint32_t at = graph->stack[depth - 1];
        struct rank_node *node = &graph->nodes[at];
        if (next_edge[at] < graph->nodes[at + 1].first_edge) {
            struct rank_node *other = &graph->nodes[graph->edges[next_edge[at]].to];
            if (!other->entered) {
                other->entered = true;
                graph->stack[depth++] = (uint32_t)(other - graph->nodes);
                continue; /* the edge is looked at again when `other` is done */
            }
            if (other->left && other->rank >= node->rank)
                node->rank = other->rank + 1;
            next_edge[at]++;
            continue;
        }
        node->left = true;
        depth--;
    }
}

static bool rank_all(struct rank_graph *graph)
{
    if (!graph->edges)
        return true; /* nothing mentions anything else: every rank stays 0 */
    cleanup(free) uint32_t *next_edge = mem_calloc(graph->node_count + 1, sizeof *next_edge);
    if (!next_edge)
        return false;
    for (size_t i = 0; i < graph->node_count; i++)
        next_edge[i] = graph->nodes[i].first_edge;
    for (size_t i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].entered)
            visit(graph, (uint32_t)i, next_edge);
    return true;
}

/* False: out of memory; `ranks` is left as it was. */
static bool make_ranks(struct plan_maker *maker, enum plan_side side, struct plan_ranks *ranks)
{
    cleanup(rank_graph) struct rank_graph graph = {0};
    const struct schema *schema = plan_schema(maker, side);
    unsigned *relations = arena_array(maker->arena, schema->relation_count + 1, sizeof *relations);
    unsigned *objects = arena_array(maker->arena, schema->object_count + 1, sizeof *objects);
    if (!relations || !objects || !init_graph(&graph, schema))
        return false;
    add_edges(&graph);
    if (graph.failed || !rank_all(&graph))
        return false;
    for (size_t i = 0; i < schema->relation_count; i++)
        relations[i] = graph.nodes[i].rank;
    for (size_t i = 0; i < schema->object_count; i++)
        objects[i] = graph.nodes[schema->relation_count + i].rank;
    *ranks = (struct plan_ranks){relations, objects};
    return true;
}

unsigned plan_rank(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index)
{
    struct plan_ranks *ranks = &maker->work->ranks[side];
    if (maker->failed)
        return 0;
    if (!ranks->relations && !make_ranks(maker, side, ranks)) {
        maker->failed = true;
        return 0;
    }
    return array == ARRAY_RELATIONS ? ranks->relations[index] : ranks->objects[index];
}

unsigned plan_rank_down(struct plan_maker *maker, enum plan_side side, enum plan_array array, size_t index)
{
    return (unsigned)RANK_TOP - plan_rank(maker, side, array, index);
}
