/* SPDX-License-Identifier: Apache-2.0
 *
 * `replicas`: each becomes a database of its own, named after the one that it copies and its place.
 */
#include <string.h>

#include "base/alloc.h"
#include "daemon/config_reader.h"

size_t config_count_replicas(const struct yaml_node *database)
{
    size_t count = 0;
    const struct yaml_node *list = database->kind == YAML_MAPPING ? yaml_member(database, "replicas") : NULL;
    for (const struct yaml_node *item = list ? config_first_item(list) : NULL; item;
         item = config_next_item(list, item))
        count++;
    return count;
}

/* What is printed; the addresses themselves are read by config_add_replicas, once all other keys are known. */
int config_read_replicas(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (config_check_list(reader, node) < 0)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item))
        count++;
    if (count > CONFIG_REPLICAS_MAXIMUM)
        return config_fail(reader, node, "'replicas' has at most %d entries, not %zu", CONFIG_REPLICAS_MAXIMUM, count);
    const char **urls = arena_array(reader->config->arena, count, sizeof(const char *));
    if (!urls)
        return error_no_memory(reader->error);
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item)) {
        const char *text = config_read_text(reader, item);
        if (!text)
            return -1;
        cleanup(free) char *redacted = engine_url_redact(text);
        urls[database->replica_count] = redacted ? arena_strdup(reader->config->arena, redacted) : NULL;
        if (!urls[database->replica_count++])
            return error_no_memory(reader->error);
    }
    database->replicas = urls;
    return 0;
}

void config_print_replicas(const void *section, struct strbuf *out)
{
    const struct config_database *database = section;
    for (size_t i = 0; i < database->replica_count; i++) {
        strbuf_add_string(out, i == 0 ? "[" : ", ");
        config_print_text(database->replicas[i], out);
    }
    if (database->replica_count > 0)
        strbuf_add_char(out, ']');
}

/* Where it stands, in characters that need no escape in a URL: "db2.internal:5433", or the last part of a path. */
static char *place_of(const struct engine_target *target, struct arena *arena)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    bool is_file = target->database && strchr(target->database, '/');
    const char *place = target->host ? target->host : is_file ? target->database : "localhost";
    const char *slash = *place == '/' ? strrchr(place, '/') : NULL;
    char *name = arena_strdup(arena, slash ? slash + 1 : place);
    for (char *character = name; name && *character; character++)
        if (!strchr(plain, *character))
            *character = '-';
    return name && target->port ? arena_printf(arena, "%s:%s", name, target->port) : name;
}

static int check_replica(struct config_reader *reader, const struct yaml_node *item,
                         const struct config_database *database, const struct config_database *replica)
{
    if (replica->target->ops != database->target->ops)
        return config_fail(reader, item, "a replica of '%s' has the engine %s, too, not %s", database->name,
                           database->target->ops->name, replica->target->ops->name);
    if (strcmp(replica->target->url, database->target->url) == 0)
        return config_fail(reader, item, "this is '%s' itself, not a replica of it", database->name);
    if (replica->url_password && (replica->password_file || replica->password_env))
        return config_fail(reader, item, "the database '%s' has its password in more than one place", database->name);
    return 0;
}

static int read_replica(struct config_reader *reader, const struct yaml_node *item,
                        const struct config_database *database, struct config_database *replica)
{
    *replica = *database;
    replica->target = NULL;
    replica->url_password = NULL;
    replica->replicas = NULL;
    replica->replica_count = 0;
    replica->drift = reader->defaults->drift;
    replica->checks = NULL;
    replica->check_addresses = NULL;
    replica->check_count = 0;
    if (config_read_url(reader, item, replica) < 0 || check_replica(reader, item, database, replica) < 0)
        return -1;
    if (!replica->url_password)
        replica->url_password = database->url_password;
    const char *place = place_of(replica->target, reader->config->arena);
    replica->name = place ? arena_printf(reader->config->arena, "%s@%s", database->name, place) : NULL;
    if (replica->name && config_digest_settings(replica) == 0)
        return 0;
    error_no_memory(reader->error);
    return -1;
}

int config_add_replicas(struct config_reader *reader, const struct yaml_node *node,
                        const struct config_database *database, struct config_database *databases)
{
    struct config *config = reader->config;
    const struct yaml_node *list = yaml_member(node, "replicas");
    size_t first = config->database_count;
    for (const struct yaml_node *item = list ? config_first_item(list) : NULL; item;
         item = config_next_item(list, item)) {
        struct config_database *replica = &databases[config->database_count++];
        if (read_replica(reader, item, database, replica) < 0)
            return -1;
        for (size_t i = first; i + 1 < config->database_count; i++)
            if (strcmp(databases[i].name, replica->name) == 0)
                return config_fail(reader, item, "two replicas would be called '%s': they need another host or port",
                                   replica->name);
    }
    return 0;
}

int config_resolve_replicas(struct config_reader *reader, struct config_database *databases)
{
    for (size_t i = 0; i < reader->config->database_count; i++) {
        const char *at = strchr(databases[i].name, '@');
        if (!at)
            continue;
        const char *name = arena_strndup(reader->config->arena, databases[i].name, (size_t)(at - databases[i].name));
        if (!name)
            return error_no_memory(reader->error);
        databases[i].replica_of = config_find_database(reader->config, name);
    }
    return 0;
}
