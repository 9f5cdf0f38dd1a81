/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/yaml_tree.h"

#include <string.h>
#include <yaml.h>

#include "base/limits.h"

/* The way from the root to the collection that is being filled. */
struct tree_builder {
    yaml_parser_t *parser;
    const char *text;
    size_t length;
    const char *name;
    struct arena *arena;
    struct error *error;
    struct yaml_node *open[LIMIT_CONFIG_DEPTH];
    struct yaml_node *last[LIMIT_CONFIG_DEPTH]; /* last child of open[i] */
    unsigned count[LIMIT_CONFIG_DEPTH];         /* children of open[i] */
    unsigned depth;
    struct yaml_node *pending_key; /* a mapping's key whose value comes next */
    struct yaml_node *root;
};

static int fail_at(struct tree_builder *builder, yaml_mark_t mark, const char *message)
{
    return error_set(builder->error, ERROR_INVALID, "%s:%zu:%zu: %s", builder->name, mark.line + 1, mark.column + 1,
                     message);
}

static int fail_duplicate(struct tree_builder *builder, const struct yaml_node *again, const struct yaml_node *first)
{
    return error_set(builder->error, ERROR_INVALID, "%s:%u:%u: '%s' stands here a second time (first in line %u)",
                     builder->name, again->line, again->column, again->text, first->key_line);
}

static struct yaml_node *new_node(struct tree_builder *builder, enum yaml_kind kind, yaml_mark_t mark)
{
    struct yaml_node *node = arena_alloc(builder->arena, sizeof *node);
    if (!node) {
        error_no_memory(builder->error);
        return NULL;
    }
    node->kind = kind;
    node->line = (unsigned)mark.line + 1;
    node->column = (unsigned)mark.column + 1;
    return node;
}

/* Remembers a scalar as the key of the value to come. */
static int set_key(struct tree_builder *builder, struct yaml_node *node)
{
    for (const struct yaml_node *child = builder->open[builder->depth - 1]->first; child; child = child->next) {
        if (strcmp(child->key, node->text) == 0)
            return fail_duplicate(builder, node, child);
    }
    builder->pending_key = node;
    return 0;
}

/* Puts a finished or just opened node where it belongs. */
static int place(struct tree_builder *builder, struct yaml_node *node)
{
    struct yaml_node *parent = builder->depth > 0 ? builder->open[builder->depth - 1] : NULL;
    if (!parent) {
        builder->root = node;
        return 0;
    }
    unsigned top = builder->depth - 1;
    if (parent->kind == YAML_MAPPING) {
        if (!builder->pending_key) {
            if (node->kind != YAML_SCALAR)
                return error_set(builder->error, ERROR_INVALID, "%s:%u:%u: a key must be a plain word", builder->name,
                                 node->line, node->column);
            return set_key(builder, node);
        }
        node->key = builder->pending_key->text;
        node->key_line = builder->pending_key->line;
        node->key_column = builder->pending_key->column;
        builder->pending_key = NULL;
    }
    if (++builder->count[top] > LIMIT_CONFIG_ENTRIES)
        return error_set(builder->error, ERROR_INVALID, "%s:%u:%u: more than %u entries", builder->name, node->line,
                         node->column, LIMIT_CONFIG_ENTRIES);
    if (builder->last[top])
        builder->last[top]->next = node;
    else
        parent->first = node;
    builder->last[top] = node;
    return 0;
}

static int add_scalar(struct tree_builder *builder, const yaml_event_t *event)
{
    if (event->data.scalar.anchor)
        return fail_at(builder, event->start_mark, "anchors are not supported: write the value out");
    if (event->data.scalar.tag)
        return fail_at(builder, event->start_mark, "tags are not supported: every key has its own type");
    const char *text = (const char *)event->data.scalar.value;
    if (strlen(text) != event->data.scalar.length)
        return fail_at(builder, event->start_mark, "a value contains a NUL character");
    struct yaml_node *node = new_node(builder, YAML_SCALAR, event->start_mark);
    if (!node)
        return -1;
    node->text = arena_strdup(builder->arena, text);
    if (!node->text)
        return error_no_memory(builder->error);
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return place(builder, node);
}

static int open_collection(struct tree_builder *builder, enum yaml_kind kind, const yaml_event_t *event,
                           const void *anchor, const void *tag)
{
    if (anchor)
        return fail_at(builder, event->start_mark, "anchors are not supported: write the value out");
    if (tag)
        return fail_at(builder, event->start_mark, "tags are not supported: every key has its own type");
    if (builder->depth == LIMIT_CONFIG_DEPTH)
        return fail_at(builder, event->start_mark, "nested too deeply (the limit is 16 levels)");
    struct yaml_node *node = new_node(builder, kind, event->start_mark);
    if (!node || place(builder, node) < 0)
        return -1;
    builder->open[builder->depth] = node;
    builder->last[builder->depth] = NULL;
    builder->count[builder->depth] = 0;
    builder->depth++;
    return 0;
}

static int take_event(struct tree_builder *builder, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (builder->root)
            return fail_at(builder, event->start_mark, "a second document begins here: only one is read");
        return 0;
    case YAML_ALIAS_EVENT:
        return fail_at(builder, event->start_mark, "aliases are not supported: write the value out");
    case YAML_SCALAR_EVENT:
        return add_scalar(builder, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(builder, YAML_SEQUENCE, event, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(builder, YAML_MAPPING, event, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

/* The line and column, in characters, of a byte. */
static yaml_mark_t mark_of(const char *text, size_t offset)
{
    yaml_mark_t mark = {.index = offset};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* libyaml reads ahead: bytes that are no text are found long before the place that it parses. */
static int fail_bytes(struct tree_builder *builder)
{
    const yaml_parser_t *parser = builder->parser;
    size_t offset = parser->problem_offset < builder->length ? parser->problem_offset : builder->length;
    unsigned byte = offset < builder->length ? (unsigned char)builder->text[offset] : 0;
    yaml_mark_t mark = mark_of(builder->text, offset);
    return error_set(builder->error, ERROR_INVALID, "%s:%zu:%zu: %s (byte 0x%02X)", builder->name, mark.line + 1,
                     mark.column + 1, byte >= 0x80 ? "not valid UTF-8" : "a control character", byte);
}

/* Whether the first character of a line (0-based) that is no blank is a tab. */
static bool begins_with_tab(const struct tree_builder *builder, size_t line)
{
    const char *text = builder->text;
    const char *end = text + builder->length;
    for (; line > 0 && text < end; line--) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        text = newline ? newline + 1 : end;
    }
    while (text < end && *text == ' ')
        text++;
    return text < end && *text == '\t';
}

static int fail_syntax(struct tree_builder *builder)
{
    const yaml_parser_t *parser = builder->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return error_no_memory(builder->error);
    if (parser->error == YAML_READER_ERROR)
        return fail_bytes(builder);
    yaml_mark_t mark = parser->problem_mark;
    if (begins_with_tab(builder, mark.line))
        return fail_at(builder, mark, "a tab cannot indent in YAML: use blanks");
    const char *problem = parser->problem ? parser->problem : "not valid YAML";
    if (parser->context)
        return error_set(builder->error, ERROR_INVALID, "%s:%zu:%zu: %s %s", builder->name, mark.line + 1,
                         mark.column + 1, problem, parser->context);
    return fail_at(builder, mark, problem);
}

static int build(struct tree_builder *builder)
{
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(builder->parser, &event))
            return fail_syntax(builder);
        int result = take_event(builder, &event);
        ended = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (result < 0)
            return -1;
    }
    return 0;
}

int yaml_parse(const char *text, size_t length, const char *name, struct arena *arena, struct yaml_node **ret_root,
               struct error *reterr)
{
    if (length > LIMIT_CONFIG_BYTES)
        return error_set(reterr, ERROR_INVALID, "%s:1:1: larger than 1 MiB", name);
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return error_no_memory(reterr);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    struct tree_builder builder = {
        .parser = &parser, .text = text, .length = length, .name = name, .arena = arena, .error = reterr};
    int result = build(&builder);
    yaml_parser_delete(&parser);
    if (result == 0 && !builder.root)
        return error_set(reterr, ERROR_INVALID, "%s:1:1: the file is empty", name);
    *ret_root = builder.root;
    return result;
}

const struct yaml_node *yaml_member(const struct yaml_node *mapping, const char *key)
{
    for (const struct yaml_node *child = mapping->first; child; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    static const char *const names[] = {
        [YAML_SCALAR] = "value", [YAML_SEQUENCE] = "sequence", [YAML_MAPPING] = "mapping"};
    return names[kind];
}
