/* SPDX-License-Identifier: Apache-2.0
 *
 * Since 16 the server leaves out the relation's name before a column where a view has one relation only. Queries within
 * the view's own are printed with names by every version, so nothing is to be done, or known, about them.
 */
#include "dialect/postgres_parser.h"

/* Behind the relation (or call, or query) that FROM starts with; `ret_name` its own name, if it has one. */
static uint32_t skip_relation(const struct postgres_tree *tree, uint32_t at, uint32_t *ret_name)
{
    if (postgres_node_is(tree, at, "only"))
        at = postgres_node_next(tree, at);
    else if (postgres_node_is(tree, at, "rows") && postgres_node_is(tree, postgres_node_next(tree, at), "from"))
        at = postgres_node_next(tree, postgres_node_next(tree, at));
    const struct postgres_node *node = postgres_node_at(tree, at);
    if (node->kind == POSTGRES_GROUP)
        return postgres_node_next(tree, at);
    if (node->kind == POSTGRES_CALL) {
        *ret_name = node->first;
        return postgres_node_next(tree, at);
    }
    if (node->kind == POSTGRES_NAME) {
        *ret_name = node->last;
        return postgres_node_next(tree, at);
    }
    while (postgres_node_is_name(tree, at)) {
        *ret_name = at;
        at = postgres_node_next(tree, at);
        if (!postgres_node_is(tree, at, "."))
            break;
        at = postgres_node_next(tree, at);
    }
    const struct postgres_node *behind = postgres_node_at(tree, at);
    return at && behind->kind == POSTGRES_GROUP && !behind->square ? postgres_node_next(tree, at) : at;
}

/* The name by which columns of the only relation behind `from` are called; 0 if there is not exactly one. */
static uint32_t only_relation(const struct postgres_tree *tree, uint32_t from, uint32_t *ret_behind)
{
    static const char *const clauses[] = {"where",  "group", "having", "window", "order", "limit",
                                          "offset", "fetch", "for",    ";",      NULL};
    uint32_t name = 0;
    uint32_t at = skip_relation(tree, postgres_node_next(tree, from), &name);
    if (postgres_node_is(tree, at, "with") && postgres_node_is(tree, postgres_node_next(tree, at), "ordinality"))
        at = postgres_node_next(tree, postgres_node_next(tree, at));
    if (postgres_node_is(tree, at, "as"))
        at = postgres_node_next(tree, at);
    if (postgres_node_is_name(tree, at)) {
        name = at;
        at = postgres_node_next(tree, at);
        if (postgres_node_at(tree, at)->kind == POSTGRES_GROUP)
            at = postgres_node_next(tree, at);
    } else if (at && postgres_node_at(tree, at)->kind == POSTGRES_CALL) {
        name = postgres_node_at(tree, at)->first;
        at = postgres_node_next(tree, at);
    }
    if (postgres_node_is(tree, at, "tablesample"))
        while (at && !postgres_node_is_any(tree, at, clauses))
            at = postgres_node_next(tree, at);
    *ret_behind = at;
    return at == 0 || postgres_node_is_any(tree, at, clauses) ? name : 0;
}

static bool same_name(const struct postgres_tree *tree, uint32_t left, uint32_t right)
{
    const struct postgres_node *a = postgres_node_at(tree, left);
    const struct postgres_node *b = postgres_node_at(tree, right);
    return a->kind == POSTGRES_LEAF && b->kind == POSTGRES_LEAF && postgres_tree_equal(tree, left, right);
}

static bool is_query(const struct postgres_tree *tree, uint32_t group)
{
    static const char *const starts[] = {"select", "with", "values", NULL};
    uint32_t first = postgres_node_at(tree, group)->first;
    return postgres_node_is_any(tree, first, starts) ||
           (first && postgres_node_at(tree, first)->kind == POSTGRES_GROUP && is_query(tree, first));
}

/* Heights are bounded, so the recursion is. */
static void unqualify(struct postgres_tree *tree, uint32_t at, uint32_t name)
{
    struct postgres_node *node = postgres_node_at(tree, at);
    if (node->kind == POSTGRES_LEAF || node->kind == POSTGRES_TYPE)
        return;
    if (node->kind == POSTGRES_GROUP && is_query(tree, at))
        return;
    if (node->kind == POSTGRES_NAME) {
        uint32_t column = postgres_node_next(tree, postgres_node_next(tree, node->first));
        if (column != node->last || !same_name(tree, node->first, name) || postgres_node_is(tree, column, "*"))
            return;
        uint32_t next = node->next;
        *node = *postgres_node_at(tree, column);
        node->next = next;
        return;
    }
    uint32_t child = node->kind == POSTGRES_CALL ? postgres_node_next(tree, node->first) : node->first;
    for (; child; child = postgres_node_next(tree, child))
        unqualify(tree, child, name);
}

static void unqualify_from(struct postgres_tree *tree, uint32_t first, uint32_t end, uint32_t name)
{
    for (uint32_t child = first; child && child != end; child = postgres_node_next(tree, child))
        unqualify(tree, child, name);
}

void postgres_query_unqualify(struct postgres_tree *tree)
{
    static const char *const several[] = {"union", "intersect", "except", NULL};
    static const char *const starts[] = {"select", "with", NULL};
    uint32_t first = postgres_node_at(tree, tree->root)->first;
    uint32_t select = 0;
    uint32_t from = 0;
    for (uint32_t child = first; child; child = postgres_node_next(tree, child)) {
        if (postgres_node_is_any(tree, child, several))
            return;
        if (postgres_node_is(tree, child, "select") && select == 0)
            select = child;
        if (postgres_node_is(tree, child, "from") && from == 0)
            from = child;
    }
    if (postgres_node_is(tree, first, "values"))
        unqualify_from(tree, first, 0, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, "\"*VALUES*\""));
    uint32_t behind = 0;
    uint32_t name =
        postgres_node_is_any(tree, first, starts) && select && from ? only_relation(tree, from, &behind) : 0;
    if (name == 0)
        return;
    unqualify_from(tree, select, from, name);
    unqualify_from(tree, behind, 0, name);
}
