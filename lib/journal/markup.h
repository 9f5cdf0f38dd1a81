/* SPDX-License-Identifier: Apache-2.0
 *
 * XML, YAML and JSON as one tree of named nodes, for files that may be written in any of them. An element's attributes
 * and a mapping's keys are children; the items of a sequence are children of what holds it. Everything lives in the
 * arena. Nothing outside the text is ever read: no entities, no aliases. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_MARKUP_H
#define MIGRATIOND_JOURNAL_MARKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum { MARKUP_DEPTH = 64 };

struct markup_node {
    const char *name; /* without namespace prefix; "" for a scalar in a sequence */
    const char *text; /* scalar, attribute's value or an element's own character data; NULL */
    size_t line;      /* 0: not known */
    bool attribute;   /* XML's */
    struct markup_node *first;
    struct markup_node *last;
    struct markup_node *next;
};

/* `*ret_root` holds the document's top: an XML root element, or a mapping's keys, as its children. `file` stands in
 * messages. ERROR_INVALID "file:line: what", ERROR_NO_MEMORY. */
int markup_read_xml(const char *text, size_t length, const char *file, struct arena *arena,
                    struct markup_node **ret_root, struct error *reterr);
int markup_read_yaml(const char *text, size_t length, const char *file, struct arena *arena,
                     struct markup_node **ret_root, struct error *reterr);
int markup_read_json(const char *text, size_t length, const char *file, struct arena *arena,
                     struct markup_node **ret_root, struct error *reterr);

/* A new last child; NULL: no memory. The name is copied. */
struct markup_node *markup_add(struct arena *arena, struct markup_node *parent, const char *name);

/* The first child of that name, or NULL (also of NULL); and its text. */
const struct markup_node *markup_child(const struct markup_node *node, const char *name);
const char *markup_text(const struct markup_node *node, const char *name);

#endif
