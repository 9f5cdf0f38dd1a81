/* SPDX-License-Identifier: Apache-2.0
 *
 * A YAML document as a tree of scalars, sequences and mappings, each with its place in the file. Only the plain core of
 * YAML is taken: anchors, aliases, tags, duplicate keys, keys that are not scalars, a second document, and depth beyond
 * LIMIT_CONFIG_DEPTH are errors with "name:line:column: …". Scalars stay text: their key's type reads them. Nodes live
 * in the arena that was given.
 */
#ifndef MIGRATIOND_DAEMON_YAML_TREE_H
#define MIGRATIOND_DAEMON_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
    enum yaml_kind kind;
    unsigned line; /* 1-based */
    unsigned column;
    const char *key; /* in a mapping; NULL elsewhere */
    unsigned key_line;
    unsigned key_column;
    const char *text;        /* scalar */
    bool quoted;             /* scalar that is not plain: never null */
    struct yaml_node *first; /* children of sequences and mappings, in order */
    struct yaml_node *next;
};

/* Parses the one document of `text`. An empty one is an error. */
int yaml_parse(const char *text, size_t length, const char *name, struct arena *arena, struct yaml_node **ret_root,
               struct error *reterr);

/* The child of that key, or NULL. */
const struct yaml_node *yaml_member(const struct yaml_node *mapping, const char *key);

/* "mapping", "sequence", "value": for messages. */
const char *yaml_kind_name(enum yaml_kind kind);

#endif
