/* SPDX-License-Identifier: Apache-2.0
 *
 * Since 16 the server leaves out the relation's name before a column where a view has one relation only. Queries within
 * the view's own are printed with names by every version, so nothing is to be done, or known, about them.
 */
#include "dialect/postgres_parser.h"

static uint32_t following(const struct postgres_tree *tree, uint32_t node)
{
    return node ? postgres_node_at(tree, node)->next : 0;
}

static bool is_any(const struct postgres_tree *tree, uint32_t node, const char *const *words)
{
    for (; *words; words++)
        if (postgres_node_is(tree, node, *words))
            return true;
    return false;
}

static bool is_name(const struct postgres_tree *tree, uint32_t node)
{
    const struct postgres_node *leaf = postgres_node_at(tree, node);
    return node && leaf->kind == POSTGRES_LEAF &&
           (leaf->token == POSTGRES_TOKEN_NAME || leaf->token == POSTGRES_TOKEN_WORD);
}

/* Behind the relation (or call, or query) that FROM starts with; `ret_name` its own name, if it has one. */
static uint32_t skip_relation(const struct postgres_tree *tree, uint32_t at, uint32_t *ret_name)
{
    if (postgres_node_is(tree, at, "only"))
        at = following(tree, at);
    else if (postgres_node_is(tree, at, "rows") && postgres_node_is(tree, following(tree, at), "from"))
        at = following(tree, following(tree, at));
    const struct postgres_node *node = postgres_node_at(tree, at);
    if (node->kind == POSTGRES_GROUP)
        return following(tree, at);
    if (node->kind == POSTGRES_CALL) {
        *ret_name = node->first;
        return following(tree, at);
    }
    if (node->kind == POSTGRES_NAME) {
        *ret_name = node->last;
        return following(tree, at);
    }
    while (is_name(tree, at)) {
        *ret_name = at;
        at = following(tree, at);
        if (!postgres_node_is(tree, at, "."))
            break;
        at = following(tree, at);
    }
    const struct postgres_node *behind = postgres_node_at(tree, at);
    return at && behind->kind == POSTGRES_GROUP && !behind->square ? following(tree, at) : at;
}

/* The name by which columns of the only relation behind `from` are called; 0 if there is not exactly one. */
static uint32_t only_relation(const struct postgres_tree *tree, uint32_t from, uint32_t *ret_behind)
{
    static const char *const clauses[] = {"where",  "group", "having", "window", "order", "limit",
                                          "offset", "fetch", "for",    ";",      NULL};
    uint32_t name = 0;
    uint32_t at = skip_relation(tree, following(tree, from), &name);
    if (postgres_node_is(tree, at, "with") && postgres_node_is(tree, following(tree, at), "ordinality"))
        at = following(tree, following(tree, at));
    if (postgres_node_is(tree, at, "as"))
        at = following(tree, at);
    if (is_name(tree, at)) {
        name = at;
        at = following(tree, at);
        if (postgres_node_at(tree, at)->kind == POSTGRES_GROUP)
            at = following(tree, at);
    } else if (at && postgres_node_at(tree, at)->kind == POSTGRES_CALL) {
        name = postgres_node_at(tree, at)->first;
        at = following(tree, at);
    }
    if (postgres_node_is(tree, at, "tablesample"))
        while (at && !is_any(tree, at, clauses))
            at = following(tree, at);
    *ret_behind = at;
    return at == 0 || is_any(tree, at, clauses) ? name : 0;
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
    return is_any(tree, first, starts) ||
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
        uint32_t column = following(tree, following(tree, node->first));
        if (column != node->last || !same_name(tree, node->first, name) || postgres_node_is(tree, column, "*"))
            return;
        uint32_t next = node->next;
        *node = *postgres_node_at(tree, column);
        node->next = next;
        return;
    }
    uint32_t child = node->kind == POSTGRES_CALL ? following(tree, node->first) : node->first;
    for (; child; child = following(tree, child))
        unqualify(tree, child, name);
}

static void unqualify_from(struct postgres_tree *tree, uint32_t first, uint32_t end, uint32_t name)
{
    for (uint32_t child = first; child && child != end; child = following(tree, child))
        unqualify(tree, child, name);
}

void postgres_query_unqualify(struct postgres_tree *tree)
{
    static const char *const several[] = {"union", "intersect", "except", NULL};
    static const char *const starts[] = {"select", "with", NULL};
    uint32_t first = postgres_node_at(tree, tree->root)->first;
    uint32_t select = 0;
    uint32_t from = 0;
    for (uint32_t child = first; child; child = following(tree, child)) {
        if (is_any(tree, child, several))
            return;
        if (postgres_node_is(tree, child, "select") && select == 0)
            select = child;
        if (postgres_node_is(tree, child, "from") && from == 0)
            from = child;
    }
    if (postgres_node_is(tree, first, "values"))
        unqualify_from(tree, first, 0, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, "\"*VALUES*\""));
    uint32_t behind = 0;
    uint32_t name = is_any(tree, first, starts) && select && from ? only_relation(tree, from, &behind) : 0;
    if (name == 0)
        return;
    unqualify_from(tree, select, from, name);
    unqualify_from(tree, behind, 0, name);
}
