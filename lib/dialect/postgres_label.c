/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of columns in queries within a text. Whether one can be referred to depends on where its query stands.
 */
#include "dialect/postgres_parser.h"

/* Where reading a row of a query's parts has got to. */
struct place {
    bool labelled; /* the query's columns can be referred to by name */
    bool list;     /* between SELECT and FROM */
    bool from;     /* between FROM and the next clause */
    uint32_t before;
};

static void unlabel(struct postgres_tree *tree, uint32_t at, bool labelled);

/* What a keyword between the parts of a query changes. */
static void pass_keyword(const struct postgres_tree *tree, uint32_t node, struct place *place, bool labelled)
{
    static const char *const joins[] = {"from", "join", "lateral", "using", "on", NULL};
    static const char *const several[] = {"union", "intersect", "except", NULL};
    static const char *const clauses[] = {"where",  "group", "having", "window", "order", "limit",
                                          "offset", "fetch", "for",    "values", NULL};
    if (postgres_node_is_any(tree, node, several)) {
        place->labelled = false;
        place->list = place->from = false;
    } else if (postgres_node_is(tree, node, "select")) {
        place->list = true;
        place->from = false;
    } else if (postgres_node_is_any(tree, node, joins)) {
        place->list = false;
        place->from = true;
    } else if (postgres_node_is_any(tree, node, clauses)) {
        place->list = place->from = false;
    } else if (postgres_node_is(tree, node, ";")) {
        *place = (struct place){.labelled = labelled};
    }
}

/* AS name, where nothing but the next column or clause follows. */
static bool is_label(const struct postgres_tree *tree, uint32_t node)
{
    static const char *const ends[] = {",",      "from",  "where", "group",     "having", "window", "order", "limit",
                                       "offset", "fetch", "union", "intersect", "except", ";",      NULL};
    uint32_t name = postgres_node_next(tree, node);
    uint32_t behind = postgres_node_next(tree, name);
    return postgres_node_is(tree, node, "as") && postgres_node_is_name(tree, name) &&
           (behind == 0 || postgres_node_is_any(tree, behind, ends));
}

/* Whether a query in brackets among the parts of another is something with columns of its own, or the first of what
 * UNION puts together; else it is a value. */
static bool part_is_labelled(const struct postgres_tree *tree, const struct place *place)
{
    if (place->before == 0)
        return place->labelled;
    return place->from || postgres_node_is(tree, place->before, "as");
}

static void unlabel_parts(struct postgres_tree *tree, uint32_t parent, bool labelled)
{
    struct place place = {.labelled = labelled};
    for (uint32_t child = postgres_node_at(tree, parent)->first; child; child = postgres_node_next(tree, child)) {
        const struct postgres_node *node = postgres_node_at(tree, child);
        if (node->kind == POSTGRES_LEAF)
            pass_keyword(tree, child, &place, labelled);
        else
            unlabel(tree, child, node->kind == POSTGRES_GROUP && part_is_labelled(tree, &place));
        if (place.list && !place.labelled && !postgres_node_is(tree, place.before, "as") &&
            is_label(tree, postgres_node_next(tree, child))) {
            uint32_t name = postgres_node_next(tree, postgres_node_next(tree, child));
            postgres_node_at(tree, child)->next = postgres_node_next(tree, name);
            if (postgres_node_at(tree, parent)->last == name)
                postgres_node_at(tree, parent)->last = child;
        }
        place.before = child;
    }
}

/* Heights are bounded, so the recursion is. */
static void unlabel(struct postgres_tree *tree, uint32_t at, bool labelled)
{
    const struct postgres_node *node = postgres_node_at(tree, at);
    if (node->kind == POSTGRES_LEAF || node->kind == POSTGRES_NAME || node->kind == POSTGRES_TYPE)
        return;
    if (node->kind == POSTGRES_GROUP || node->kind == POSTGRES_ROW || node->kind == POSTGRES_CASE) {
        unlabel_parts(tree, at, labelled);
        return;
    }
    bool query = node->kind == POSTGRES_CALL && postgres_node_is(tree, node->first, "materialized");
    for (uint32_t child = node->first; child; child = postgres_node_next(tree, child))
        unlabel(tree, child, query);
}

void postgres_query_unlabel(struct postgres_tree *tree)
{
    unlabel(tree, tree->root, true);
}
