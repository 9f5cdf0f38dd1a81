/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/markup.h"

#include <string.h>

#include "base/limits.h"
#include "json/json_reader.h"

struct markup_node *markup_add(struct arena *arena, struct markup_node *parent, const char *name)
{
    struct markup_node *node = arena_alloc(arena, sizeof *node);
    if (!node)
        return NULL;
    const char *colon = strrchr(name, ':');
    node->name = arena_strdup(arena, colon ? colon + 1 : name);
    if (!node->name)
        return NULL;
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

const struct markup_node *markup_child(const struct markup_node *node, const char *name)
{
    const struct markup_node *child = node ? node->first : NULL;
    while (child && strcmp(child->name, name) != 0)
        child = child->next;
    return child;
}

const char *markup_text(const struct markup_node *node, const char *name)
{
    const struct markup_node *child = markup_child(node, name);
    return child ? child->text : NULL;
}

/* A JSON value on its way into the tree. */
struct json_copy {
    struct arena *arena;
    struct markup_node *node;
    bool failed;
};

static bool copy_value(struct arena *arena, struct markup_node *node, const struct json_value *value);

static bool copy_member(void *payload, const char *key, const struct json_value *value)
{
    struct json_copy *copy = payload;
    struct markup_node *child = markup_add(copy->arena, copy->node, key);
    copy->failed = !child || !copy_value(copy->arena, child, value);
    return !copy->failed;
}

static bool set_scalar(struct arena *arena, struct markup_node *node, const struct json_value *value)
{
    int64_t integer = 0;
    bool boolean = false;
    if (json_text(value))
        node->text = arena_strdup(arena, json_text(value));
    else if (json_get_boolean(value, &boolean))
        node->text = boolean ? "true" : "false";
    else if (json_get_integer(value, &integer))
        node->text = arena_printf(arena, "%lld", (long long)integer);
    else
        return true;
    return node->text != NULL;
}

/* Calls itself to the depth that the JSON reader allows. */
static bool copy_value(struct arena *arena, struct markup_node *node, const struct json_value *value)
{
    struct json_copy copy = {.arena = arena, .node = node};
    if (json_is_object(value)) {
        json_each_member(value, copy_member, &copy);
        return !copy.failed;
    }
    if (!json_is_array(value))
        return set_scalar(arena, node, value);
    for (size_t i = 0; i < json_length(value); i++) {
        const struct json_value *item = json_element(value, i);
        bool inner = json_is_object(item) || json_is_array(item);
        struct markup_node *place = inner ? node : markup_add(arena, node, "");
        if (!place || !copy_value(arena, place, item))
            return false;
    }
    return true;
}

int markup_read_json(const char *text, size_t length, const char *file, struct arena *arena,
                     struct markup_node **ret_root, struct error *reterr)
{
    cleanup(json_document) struct json_document *document = NULL;
    if (json_parse(text, length, LIMIT_MIGRATION_BYTES, file, &document, reterr) < 0)
        return -1;
    *ret_root = arena_alloc(arena, sizeof **ret_root);
    if (!*ret_root || !copy_value(arena, *ret_root, json_root(document)))
        return error_no_memory(reterr);
    return 0;
}
