/* SPDX-License-Identifier: Apache-2.0 */
#include <expat.h>
#include <limits.h>
#include <string.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "journal/markup.h"

/* One document being read. */
struct xml_reader {
    XML_Parser parser;
    struct arena *arena;
    struct markup_node *open[MARKUP_DEPTH]; /* the root and the elements that are not closed yet */
    size_t depth;                           /* of what is open, the root not counted */
    struct strbuf text[MARKUP_DEPTH];       /* their character data */
    const char *refused;                    /* why reading was stopped; NULL */
    bool failed;                            /* memory is out */
};

static void xml_reader_done(struct xml_reader *reader)
{
    for (size_t i = 0; i < MARKUP_DEPTH; i++)
        strbuf_done(&reader->text[i]);
    if (reader->parser)
        XML_ParserFree(reader->parser);
}

DEFINE_CLEANUP_VALUE(xml_reader, struct xml_reader, xml_reader_done);

static void stop(struct xml_reader *reader, const char *why)
{
    reader->refused = why;
    reader->failed = !why;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void begin_element(void *payload, const char *name, const char **attributes)
{
    struct xml_reader *reader = payload;
    if (reader->depth + 1 >= MARKUP_DEPTH) {
        stop(reader, "elements stand too deep in each other");
        return;
    }
    struct markup_node *node = markup_add(reader->arena, reader->open[reader->depth], name);
    if (!node) {
        stop(reader, NULL);
        return;
    }
    node->line = XML_GetCurrentLineNumber(reader->parser);
    reader->open[++reader->depth] = node;
    strbuf_clear(&reader->text[reader->depth]);
    for (size_t i = 0; attributes[i]; i += 2) {
        struct markup_node *attribute = markup_add(reader->arena, node, attributes[i]);
        if (attribute)
            attribute->text = arena_strdup(reader->arena, attributes[i + 1]);
        if (!attribute || !attribute->text) {
            stop(reader, NULL);
            return;
        }
        attribute->attribute = true;
        attribute->line = node->line;
    }
}

static void end_element(void *payload, const char *name)
{
    struct xml_reader *reader = payload;
    const struct strbuf *text = &reader->text[reader->depth];
    (void)name;
    struct markup_node *node = reader->open[reader->depth--];
    node->text = strbuf_ok(text) ? arena_strdup(reader->arena, strbuf_text(text)) : NULL;
    if (!node->text)
        stop(reader, NULL);
}

static void add_characters(void *payload, const char *text, int length)
{
    struct xml_reader *reader = payload;
    strbuf_add(&reader->text[reader->depth], text, (size_t)length);
}

/* Entities of one's own can blow a text up, or lead out of it; nobody needs them in a changelog. */
static void refuse_entity(void *payload, const char *name, int is_parameter, const char *value, int length,
                          const char *base, const char *system, const char *public, const char *notation)
{
    (void)name;
    (void)is_parameter;
    (void)value;
    (void)length;
    (void)base;
    (void)system;
    (void)public;
    (void)notation;
    stop(payload, "entities are declared, which are not read");
}

int markup_read_xml(const char *text, size_t length, const char *file, struct arena *arena,
                    struct markup_node **ret_root, struct error *reterr)
{
    cleanup(xml_reader) struct xml_reader reader = {.arena = arena, .parser = XML_ParserCreate(NULL)};
    *ret_root = arena_alloc(arena, sizeof **ret_root);
    if (!reader.parser || !*ret_root || length > INT_MAX)
        return error_no_memory(reterr);
    for (size_t i = 0; i < MARKUP_DEPTH; i++)
        reader.text[i] = (struct strbuf)STRBUF(LIMIT_MIGRATION_BYTES);
    reader.open[0] = *ret_root;
    XML_SetUserData(reader.parser, &reader);
    XML_SetElementHandler(reader.parser, begin_element, end_element);
    XML_SetCharacterDataHandler(reader.parser, add_characters);
    XML_SetEntityDeclHandler(reader.parser, refuse_entity);
    if (XML_Parse(reader.parser, text, (int)length, XML_TRUE) == XML_STATUS_OK)
        return 0;
    enum XML_Error code = XML_GetErrorCode(reader.parser);
    if (reader.failed || code == XML_ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    return error_set(reterr, ERROR_INVALID, "%s:%lu: %s", file, (unsigned long)XML_GetCurrentLineNumber(reader.parser),
                     reader.refused ? reader.refused : XML_ErrorString(code));
}
