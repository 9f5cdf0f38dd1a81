/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"
#include "daemon/config_reader.h"

/* The tree, the values and their texts: a file of 1 MiB in its worst form. */
#define LIMIT_CONFIG_ARENA (256u * 1024u * 1024u)

struct config *config_ref(struct config *config)
{
    if (config)
        refcount_take(&config->references);
    return config;
}

void config_unref(struct config *config)
{
    if (!config || !refcount_drop(&config->references))
        return;
    engine_target_free(config->history.target);
    if (config->history.url_password)
        explicit_bzero(config->history.url_password, strlen(config->history.url_password));
    for (size_t i = 0; i < config->database_count; i++) {
        const struct config_database *database = &config->databases[i];
        engine_target_free(database->target);
        engine_target_free(database->drift.scratch);
        if (database->url_password)
            explicit_bzero(database->url_password, strlen(database->url_password));
    }
    arena_free(config->arena);
    mem_free(config);
}

static struct config *config_new(void)
{
    struct config *config = mem_calloc(1, sizeof *config);
    if (!config)
        return NULL;
    config->references = 1;
    config->arena = arena_new(LIMIT_CONFIG_ARENA);
    if (!config->arena) {
        mem_free(config);
        return NULL;
    }
    return config;
}

static int check_listener(struct config_reader *reader, const struct yaml_node *root, const char *key,
                          const struct config_listener *listener)
{
    if (listener->loopback || reader->config->allow_anonymous || reader->config->token_count > 0)
        return 0;
    const struct yaml_node *node = yaml_member(root, key);
    return config_fail(
        reader, node ? node : root,
        "'%s' is not a loopback address: say who may ask there with tokens: [{file: FILE, scope: gate}], "
        "or what anybody may with allow_anonymous: [health, gate], or listen on a unix socket",
        key);
}

/* One place cannot be bound twice; port 0 is another one each time. */
static int check_listeners(struct config_reader *reader, const struct yaml_node *root, const struct config *config)
{
    const struct config_listener *listener = &config->listen;
    if (strcmp(listener->text, config->probe_listen.text) != 0 || (!listener->path && listener->port == 0))
        return 0;
    const struct yaml_node *probe = yaml_member(root, "probe_listen");
    const struct yaml_node *node = probe ? probe : yaml_member(root, "listen");
    return config_fail(reader, node ? node : root,
                       "'listen' and 'probe_listen' are both %s: each needs an address of its own", listener->text);
}

static int read_all(struct config_reader *reader, const struct yaml_node *root)
{
    struct config *config = reader->config;
    drift_policy_init(&reader->defaults->drift.policy);
    if (config_set_presets(reader, &config_timing_keys, reader->defaults) < 0 ||
        config_set_presets(reader, &config_database_keys, reader->defaults) < 0 ||
        config_set_presets(reader, &config_expect_keys, &reader->defaults->journal.expect) < 0 ||
        config_set_presets(reader, &config_drift_keys, reader->defaults) < 0 ||
        config_set_presets(reader, &config_history_keys, &config->history) < 0 ||
        config_set_presets(reader, &config_top_keys, config) < 0)
        return -1;
    reader->defaults->journal_interval_given = false;
    if (config_read_section(reader, &config_top_keys, root, config) < 0)
        return -1;
    if (!config->gates && config_read_gates(reader, NULL, config) < 0)
        return -1;
    if (check_listener(reader, root, "listen", &config->listen) < 0 ||
        check_listener(reader, root, "probe_listen", &config->probe_listen) < 0)
        return -1;
    return check_listeners(reader, root, config);
}

static int parse_into(struct config *config, const char *text, size_t length, const char *name, const char *folder,
                      struct error *reterr)
{
    struct yaml_node *root = NULL;
    if (yaml_parse(text, length, name, config->arena, &root, reterr) < 0)
        return -1;
    struct config_database defaults = {0};
    struct config_reader reader = {
        .config = config, .name = name, .folder = folder, .defaults = &defaults, .error = reterr};
    return read_all(&reader, root);
}

static int parse(const char *text, size_t length, const char *name, const char *folder, struct config **ret_config,
                 struct error *reterr)
{
    cleanup(config) struct config *config = config_new();
    if (!config)
        return error_no_memory(reterr);
    config->path = arena_strdup(config->arena, name);
    if (!config->path)
        return error_no_memory(reterr);
    if (parse_into(config, text, length, config->path, folder, reterr) < 0)
        return -1;
    *ret_config = take(config);
    return 0;
}

int config_parse(const char *text, size_t length, const char *name, struct config **ret_config, struct error *reterr)
{
    return parse(text, length, name, "/", ret_config, reterr);
}

enum { READ_BYTES = 64 * 1024 };

/* The whole file; one byte more than the limit is enough to know that it is too large. */
static int read_file(const char *path, struct strbuf *out, struct error *reterr)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(reterr, ERROR_IO, "%s: %s", path, strerror(errno));
    int result = 0;
    while (result == 0 && !feof(file) && out->length <= LIMIT_CONFIG_BYTES) {
        char *place = strbuf_reserve(out, READ_BYTES);
        if (!place) {
            result = error_no_memory(reterr);
            break;
        }
        strbuf_commit(out, fread(place, 1, READ_BYTES, file));
        if (ferror(file)) {
            result = error_set(reterr, ERROR_IO, "%s: %s", path, strerror(errno));
            break;
        }
    }
    fclose(file);
    return result;
}

int config_load(const char *path, struct config **ret_config, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES + 2 * READ_BYTES);
    if (read_file(path, &text, reterr) < 0)
        return -1;
    cleanup(free) char *absolute = realpath(path, NULL);
    if (!absolute)
        return error_set(reterr, ERROR_IO, "%s: %s", path, strerror(errno));
    char *slash = strrchr(absolute, '/');
    *(slash == absolute ? slash + 1 : slash) = '\0';
    int result = parse(strbuf_text(&text), text.length, path, absolute, ret_config, reterr);
    explicit_bzero(text.bytes, text.length);
    return result;
}

static int compare_name_to_database(const void *name, const void *database)
{
    return strcmp(name, ((const struct config_database *)database)->name);
}

static int compare_name_to_gate(const void *name, const void *gate)
{
    return strcmp(name, ((const struct config_gate *)gate)->name);
}

const struct config_database *config_find_database(const struct config *config, const char *name)
{
    return config->database_count == 0 ? NULL
                                       : bsearch(name, config->databases, config->database_count,
                                                 sizeof *config->databases, compare_name_to_database);
}

const struct config_gate *config_find_gate(const struct config *config, const char *name)
{
    return config->gate_count == 0
               ? NULL
               : bsearch(name, config->gates, config->gate_count, sizeof *config->gates, compare_name_to_gate);
}

size_t config_require(const struct config *config, const struct config_database *database, const char *name,
                      const char *journal, struct config_requirement *ret_requirements)
{
    size_t count = 0;
    ret_requirements[count++] = (struct config_requirement){
        .name = name, .journal = journal, .database = (size_t)(database - config->databases)};
    for (size_t i = 0; i < config->database_count && count <= database->replica_count; i++) {
        if (config->databases[i].replica_of == database)
            ret_requirements[count++] = (struct config_requirement){
                .name = config->databases[i].name, .journal = journal, .database = i, .implied = true};
    }
    return count;
}

const struct config_gate *config_choose_gate(const struct config *config, const char *name,
                                             struct config_made_gate *made)
{
    const char *hash = strchr(name, '#');
    if (!hash || !hash[1])
        return config_find_gate(config, name);
    cleanup(free) char *prefix = mem_strndup(name, (size_t)(hash - name));
    const struct config_database *database = prefix ? config_find_database(config, prefix) : NULL;
    if (!database)
        return NULL;
    const struct config_gate *whole = config_find_gate(config, prefix);
    if (!whole)
        return NULL; /* a replica */
    made->gate = *whole;
    made->gate.name = name;
    made->gate.requirements = made->requirements;
    made->gate.requirement_count = config_require(config, database, name, hash + 1, made->requirements);
    return &made->gate;
}

size_t config_journal_of(const struct config_database *database, const struct journal_address *address)
{
    if (database->listed_count == 0)
        return 0;
    for (size_t i = 0; i < database->listed_count; i++)
        if (strcmp(database->listed[i].tool->name, address->tool) == 0 &&
            (!database->listed[i].table || journal_address_stands_at(address, database->listed[i].table)))
            return i;
    return SIZE_MAX;
}

size_t config_journal_names(const struct config_database *database,
                            struct journal_name ret_names[static CONFIG_JOURNALS_MAXIMUM])
{
    size_t count = database->listed_count > 0 || database->journal.tool ? config_journal_count(database) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct config_journal *journal = config_journal_at(database, i);
        ret_names[i] = (struct journal_name){.tool = journal->tool, .table = journal->table};
    }
    return count;
}
