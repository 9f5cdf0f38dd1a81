/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "journal/markup.h"

/* What is open: a mapping, whose keys become children of `node`, or a sequence, whose items do. */
struct yaml_level {
    struct markup_node *node;
    struct markup_node *key; /* of a mapping: the child whose value comes next; NULL */
    bool mapping;
};

struct yaml_reader {
    yaml_parser_t parser;
    const char *file;
    struct arena *arena;
    struct markup_node *root;
    struct yaml_level levels[MARKUP_DEPTH];
    size_t depth;
    struct error *reterr;
};

static int refuse(const struct yaml_reader *reader, size_t line, const char *what)
{
    return error_set(reader->reterr, ERROR_INVALID, "%s:%zu: %s", reader->file, line + 1, what);
}

/* Where the value that comes next belongs; a scalar in a sequence is a child without a name. NULL: no memory. */
static struct markup_node *place_value(struct yaml_reader *reader, bool scalar)
{
    struct yaml_level *level = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
    if (!level)
        return reader->root;
    if (level->mapping)
        return take(level->key);
    return scalar ? markup_add(reader->arena, level->node, "") : level->node;
}

static int open_level(struct yaml_reader *reader, const yaml_event_t *event, bool mapping)
{
    size_t line = event->start_mark.line;
    if (reader->depth >= MARKUP_DEPTH)
        return refuse(reader, line, "nodes stand too deep in each other");
    if (reader->depth > 0 && reader->levels[reader->depth - 1].mapping && !reader->levels[reader->depth - 1].key)
        return refuse(reader, line, "a key is no text");
    struct markup_node *node = place_value(reader, false);
    reader->levels[reader->depth++] = (struct yaml_level){.node = node, .mapping = mapping};
    return 0;
}

static int read_scalar(struct yaml_reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    struct yaml_level *level = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
    if (strlen(text) != event->data.scalar.length)
        return refuse(reader, event->start_mark.line, "a NUL byte");
    if (level && level->mapping && !level->key) {
        level->key = markup_add(reader->arena, level->node, text);
        if (!level->key)
            return error_no_memory(reader->reterr);
        level->key->line = event->start_mark.line + 1;
        return 0;
    }
    struct markup_node *node = place_value(reader, true);
    if (node)
        node->text = arena_strdup(reader->arena, text);
    return node && node->text ? 0 : error_no_memory(reader->reterr);
}

static int read_event(struct yaml_reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_MAPPING_START_EVENT:
        return open_level(reader, event, true);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(reader, event, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        reader->depth--;
        return 0;
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event);
    case YAML_ALIAS_EVENT:
        return refuse(reader, event->start_mark.line, "an alias, which is not read");
    default:
        return 0;
    }
}

static int read_stream(struct yaml_reader *reader)
{
    for (bool more = true; more;) {
        yaml_event_t event = {0};
        if (!yaml_parser_parse(&reader->parser, &event)) {
            if (reader->parser.error == YAML_MEMORY_ERROR)
                return error_no_memory(reader->reterr);
            const char *problem = reader->parser.problem ? reader->parser.problem : "this is no YAML";
            return refuse(reader, reader->parser.problem_mark.line, problem);
        }
        int result = read_event(reader, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (result < 0)
            return -1;
    }
    return 0;
}

int markup_read_yaml(const char *text, size_t length, const char *file, struct arena *arena,
                     struct markup_node **ret_root, struct error *reterr)
{
    struct yaml_reader reader = {.file = file, .arena = arena, .reterr = reterr};
    reader.root = arena_alloc(arena, sizeof *reader.root);
    if (!reader.root || !yaml_parser_initialize(&reader.parser))
        return error_no_memory(reterr);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
    int result = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    *ret_root = reader.root;
    return result;
}
