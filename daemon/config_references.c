/* SPDX-License-Identifier: Apache-2.0
 *
 * Databases that other databases name: as the reference of their drift, or for what is expected of them.
 */
#include <stdint.h>
#include <string.h>

#include "base/nearest.h"
#include "daemon/config_reader.h"

static const char *database_name_at(const void *config, size_t index)
{
    return ((const struct config *)config)->databases[index].name;
}

/* Finds the database that `database` names in `node`. */
static int resolve(struct config_reader *reader, const struct yaml_node *node, const struct config_database *database,
                   const char *name, const char *as_what, size_t *ret_index)
{
    const struct config *config = reader->config;
    const struct config_database *named = config_find_database(config, name);
    if (!named) {
        const char *meant = nearest_name(name, database_name_at, config, config->database_count);
        return config_fail(reader, node, "no database is named '%s'%s%s%s", name, meant ? " (did you mean '" : "",
                           meant ? meant : "", meant ? "'?)" : "");
    }
    if (named == database)
        return config_fail(reader, node, "the database '%s' cannot be its own %s", name, as_what);
    *ret_index = (size_t)(named - config->databases);
    return 0;
}

/* The innermost of these nested keys that is there: where in the file a message points. */
static const struct yaml_node *find_node(const struct yaml_node *node, const char *const *path, size_t length)
{
    for (size_t i = 0; node && i < length; i++) {
        const struct yaml_node *next = yaml_member(node, path[i]);
        if (!next)
            break;
        node = next;
    }
    return node;
}

static int resolve_drift(struct config_reader *reader, const struct yaml_node *node, struct config_database *database)
{
    static const char *const path[] = {"drift", "reference", "database"};
    struct config_drift *drift = &database->drift;
    if (!drift->reference_key || strcmp(drift->reference_key, "database") != 0)
        return 0;
    return resolve(reader, find_node(node, path, ARRAY_LENGTH(path)), database, drift->reference_value, "reference",
                   &drift->database);
}

static int resolve_expect(struct config_reader *reader, const struct yaml_node *node,
                          const struct config_database *database, const struct config_journal *journal)
{
    static const char *const path[] = {"expect", "database"};
    /* Still being built: nobody else has it. */
    struct config_expect *expect = (struct config_expect *)(uintptr_t)&journal->expect;
    if (!expect->database)
        return 0;
    return resolve(reader, find_node(node, path, ARRAY_LENGTH(path)), database, expect->database, "expectation",
                   &expect->database_at);
}

static int resolve_expectations(struct config_reader *reader, const struct yaml_node *node,
                                const struct config_database *database)
{
    const struct yaml_node *list = yaml_member(node, "journals");
    const struct yaml_node *item = list ? list->first : NULL;
    if (!item)
        return resolve_expect(reader, node, database, &database->journal);
    for (size_t i = 0; i < database->listed_count && item; i++, item = item->next)
        if (resolve_expect(reader, item, database, &database->listed[i]) < 0)
            return -1;
    return 0;
}

int config_resolve_references(struct config_reader *reader, const struct yaml_node *databases)
{
    for (size_t i = 0; i < reader->config->database_count; i++) {
        struct config_database *database = (struct config_database *)(uintptr_t)&reader->config->databases[i];
        const char *name = database->replica_of ? database->replica_of->name : database->name;
        const struct yaml_node *node = yaml_member(databases, name);
        if (node && (resolve_drift(reader, node, database) < 0 || resolve_expectations(reader, node, database) < 0))
            return -1;
    }
    return 0;
}
