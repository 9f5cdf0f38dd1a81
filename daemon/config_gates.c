/* SPDX-License-Identifier: Apache-2.0
 *
 * `gates`: which databases and checks they require, what they accept, and what they answer while they cannot know.
 */
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "daemon/config_reader.h"

void config_print_gates(const void *section, struct strbuf *out)
{
    (void)section;
    (void)out;
}

static const char *database_name_at(const void *names, size_t index)
{
    return ((const struct config *)names)->databases[index].name;
}

static int fail_no_database(struct config_reader *reader, const struct yaml_node *item, const char *name)
{
    const struct config *config = reader->config;
    const char *meant = nearest_name(name, database_name_at, config, config->database_count);
    return config_fail(reader, item, "no database is named '%s'%s%s%s", name, meant ? " (did you mean '" : "",
                       meant ? meant : "", meant ? "'?)" : "");
}

static void require_of(struct config_gate *gate, const struct config_database *database)
{
    if (database->blocked_grace_ms > gate->blocked_grace_ms)
        gate->blocked_grace_ms = database->blocked_grace_ms;
}

/* "orders", or "orders#tenant_42", and the replicas of that database. */
static int read_required_database(struct config_reader *reader, const struct yaml_node *item, const char *name,
                                  const struct config_database *database, struct config_gate *gate,
                                  struct config_requirement *requirements)
{
    const char *hash = strchr(name, '#');
    if (database->replica_of)
        return config_fail(reader, item, "'%s' is a replica, which is required together with '%s': require that",
                           database->name, database->replica_of->name);
    if (hash && !hash[1])
        return config_fail(reader, item, "'%s' names no journal behind '#': a schema, a table, or SCHEMA.TABLE", name);
    for (size_t i = 0; i < gate->requirement_count; i++)
        if (strcmp(requirements[i].name, name) == 0)
            return config_fail(reader, item, "the database '%s' is required twice", name);
    gate->requirement_count +=
        config_require(reader->config, database, name, hash ? hash + 1 : NULL, &requirements[gate->requirement_count]);
    gate->required_count++;
    require_of(gate, database);
    return 0;
}

static const char *check_address_at(const void *addresses, size_t index)
{
    return ((const char *const *)addresses)[index];
}

/* The name of the check in what stands behind "orders:", or NULL. */
static const char *name_of_check(const char *text)
{
    static const char prefix[] = "check:";
    if (strncmp(text, prefix, sizeof prefix - 1) == 0)
        return text + sizeof prefix - 1;
    return strcmp(text, "backup") == 0 ? text : NULL;
}

/* With the address that may be meant, which people shorten to "orders:no_orphans". */
static int fail_no_check(struct config_reader *reader, const struct yaml_node *item, const char *name,
                         const struct config_database *database, const char *rest)
{
    const struct check *check = config_find_check(database, rest);
    const char *meant = check ? database->check_addresses[check - database->checks]
                              : nearest_name(name, check_address_at, database->check_addresses, database->check_count);
    if (meant)
        return config_fail(reader, item, "the database '%s' has no check '%s' (did you mean '%s'?)", database->name,
                           name, meant);
    return config_fail(reader, item,
                       "the database '%s' has no check '%s': gates require DATABASE:check:NAME, or DATABASE:backup of "
                       "one that has 'backup'",
                       database->name, name);
}

/* "orders:check:no_orphans", or "orders:backup". */
static int read_required_check(struct config_reader *reader, const struct yaml_node *item, const char *name,
                               struct config_gate *gate, struct config_required_check *checks)
{
    const struct config *config = reader->config;
    const char *colon = strchr(name, ':');
    char *prefix = arena_strndup(config->arena, name, (size_t)(colon - name));
    if (!prefix)
        return error_no_memory(reader->error);
    if (strchr(prefix, '@'))
        return config_fail(reader, item, "replicas have no checks: require one of the database that '%s' copies", name);
    const struct config_database *database = config_find_database(config, prefix);
    if (!database)
        return fail_no_database(reader, item, prefix);
    const char *wanted = name_of_check(colon + 1);
    const struct check *check = wanted ? config_find_check(database, wanted) : NULL;
    if (!check)
        return fail_no_check(reader, item, name, database, colon + 1);
    struct config_required_check required = {.database = (size_t)(database - config->databases),
                                             .check = (size_t)(check - database->checks)};
    required.address = database->check_addresses[required.check];
    for (size_t i = 0; i < gate->check_count; i++)
        if (strcmp(checks[i].address, required.address) == 0)
            return config_fail(reader, item, "the check '%s' is required twice", required.address);
    checks[gate->check_count++] = required;
    require_of(gate, database);
    return 0;
}

/* A replica's name has a colon, too: what is a database is one. */
static int read_requirement(struct config_reader *reader, const struct yaml_node *item, struct config_gate *gate,
                            struct config_requirement *requirements, struct config_required_check *checks)
{
    const char *name = config_read_text(reader, item);
    if (!name)
        return -1;
    char *prefix = arena_strndup(reader->config->arena, name, strcspn(name, "#"));
    if (!prefix)
        return error_no_memory(reader->error);
    const struct config_database *database = config_find_database(reader->config, prefix);
    if (database)
        return read_required_database(reader, item, name, database, gate, requirements);
    if (strchr(prefix, ':'))
        return read_required_check(reader, item, name, gate, checks);
    return fail_no_database(reader, item, prefix);
}

int config_read_requires(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    const struct config *config = reader->config;
    struct config_gate *gate = section;
    size_t replicas = 0;
    size_t count = 0;
    if (config_check_list(reader, node) < 0)
        return -1;
    for (size_t i = 0; i < config->database_count; i++)
        replicas = config->databases[i].replica_count > replicas ? config->databases[i].replica_count : replicas;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item))
        count++;
    struct config_requirement *requirements = arena_array(config->arena, count * (1 + replicas), sizeof *requirements);
    struct config_required_check *checks = arena_array(config->arena, count, sizeof *checks);
    if (!requirements || !checks)
        return error_no_memory(reader->error);
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item))
        if (read_requirement(reader, item, gate, requirements, checks) < 0)
            return -1;
    gate->requirements = requirements;
    gate->checks = checks;
    return 0;
}

/* `section` is a gate; the names come from the configuration that config_print sets around it. */
void config_print_requires(const void *section, struct strbuf *out)
{
    (void)section;
    (void)out;
}

int config_read_accept(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_gate *gate = section;
    if (config_check_list(reader, node) < 0)
        return -1;
    gate->policy.accept = 1u << STATE_CURRENT;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item)) {
        const char *text = config_read_text(reader, item);
        if (!text)
            return -1;
        enum migration_state state = migration_state_from_name(text);
        if (state != STATE_CURRENT && state != STATE_AHEAD)
            return config_fail(reader, item, "'accept' takes current and ahead, not '%s'", text);
        gate->policy.accept |= 1u << state;
    }
    return 0;
}

void config_print_accept(const void *section, struct strbuf *out)
{
    unsigned accept = ((const struct config_gate *)section)->policy.accept;
    strbuf_add_string(out, accept & (1u << STATE_AHEAD) ? "[current, ahead]" : "[current]");
}

int config_read_on_unknown(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_gate *gate = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    gate->policy.on_unknown = unknown_policy_from_name(text);
    if (gate->policy.on_unknown == UNKNOWN_POLICIES)
        return config_fail(reader, node, "'on_unknown' is closed, open or last-known, not '%s'", text);
    return 0;
}

void config_print_on_unknown(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, unknown_policy_name(((const struct config_gate *)section)->policy.on_unknown));
}

enum { SECOND_MS = 1000, MONTH_DAYS = 30 };

static const int64_t longest_age_ms = (int64_t)MONTH_DAYS * 24 * 3600 * SECOND_MS;

int config_read_max_age(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    int64_t *max_age_ms = &((struct config_gate *)section)->policy.max_age_ms;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!duration_parse(text, max_age_ms) || *max_age_ms < SECOND_MS || *max_age_ms > longest_age_ms)
        return config_fail(reader, node, "'max_age' takes a duration between 1s and %dd, not '%s'", MONTH_DAYS, text);
    return 0;
}

void config_print_max_age(const void *section, struct strbuf *out)
{
    const struct gate_policy *policy = &((const struct config_gate *)section)->policy;
    if (policy->on_unknown == UNKNOWN_LAST_KNOWN)
        duration_print(policy->max_age_ms, out);
}

/* What is out of sight for less than max_staleness is known yet: a smaller age would never matter. */
static int check_max_age(struct config_reader *reader, const struct yaml_node *node, const struct config_gate *gate)
{
    const struct yaml_node *given = yaml_member(node, "max_age");
    if (gate->policy.on_unknown != UNKNOWN_LAST_KNOWN)
        return given ? config_fail_key(reader, given, "'max_age' goes with on_unknown: last-known only") : 0;
    for (size_t i = 0; i < gate->requirement_count; i++) {
        const struct config_database *database = &reader->config->databases[gate->requirements[i].database];
        if (gate->policy.max_age_ms > database->max_staleness_ms)
            continue;
        cleanup(strbuf) struct strbuf staleness = STRBUF(64);
        duration_print(database->max_staleness_ms, &staleness);
        return config_fail_key(reader, given ? given : node,
                               "'max_age' of the gate '%s' must be greater than the max_staleness of '%s' (%s): until "
                               "that is over the database counts as known",
                               gate->name, database->name, strbuf_text(&staleness));
    }
    return 0;
}

static int check_drift(struct config_reader *reader, const struct yaml_node *node, const struct config_gate *gate)
{
    if (gate->policy.heeds_drift && gate->requirement_count == 0)
        return config_fail_key(reader, yaml_member(node, "drift"),
                               "'drift' is that of databases, and the gate '%s' requires checks alone", gate->name);
    for (size_t i = 0; gate->policy.heeds_drift && i < gate->requirement_count; i++) {
        const struct config_database *database = &reader->config->databases[gate->requirements[i].database];
        if (!database->drift.reference_key && !gate->requirements[i].implied)
            return config_fail_key(reader, node,
                                   "the gate '%s' heeds drift, but the database '%s' has no drift.reference", node->key,
                                   database->name);
    }
    return 0;
}

static int compare_gates(const void *a, const void *b)
{
    return strcmp(((const struct config_gate *)a)->name, ((const struct config_gate *)b)->name);
}

static int read_gate(struct config_reader *reader, const struct yaml_node *node, struct config_gate *gate)
{
    if (config_check_name(reader, node, "gate") < 0)
        return -1;
    if (config_find_database(reader->config, node->key))
        return config_fail_key(reader, node, "'%s' is a database, and every database is a gate of its own name already",
                               node->key);
    gate->name = node->key;
    if (config_set_presets(reader, &config_gate_keys, gate) < 0 ||
        config_read_section(reader, &config_gate_keys, node, gate) < 0)
        return -1;
    if (gate->requirement_count == 0 && gate->check_count == 0)
        return config_fail_key(reader, node, "the gate '%s' requires no database and no check", node->key);
    return check_drift(reader, node, gate) < 0 ? -1 : check_max_age(reader, node, gate);
}

static struct config_gate gate_of_database(const struct config *config, const struct config_database *database,
                                           struct config_requirement *requirements)
{
    return (struct config_gate){
        .name = database->name,
        .requirements = requirements,
        .requirement_count = config_require(config, database, database->name, NULL, requirements),
        .required_count = 1,
        .policy = {.accept = 1u << STATE_CURRENT},
        .blocked_grace_ms = database->blocked_grace_ms,
    };
}

int config_read_gates(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    size_t count = config->database_count;
    bool given = node && !(node->kind == YAML_SCALAR && !node->quoted && !*node->text);
    if (given && node->kind != YAML_MAPPING)
        return config_fail(reader, node, "'gates' is a mapping of names to gates, not a %s",
                           yaml_kind_name(node->kind));
    for (const struct yaml_node *item = given ? node->first : NULL; item; item = item->next)
        count++;
    struct config_gate *gates = arena_array(config->arena, count, sizeof *gates);
    struct config_requirement *own = arena_array(config->arena, config->database_count, sizeof *own);
    if (!gates || !own)
        return error_no_memory(reader->error);
    config->gate_count = 0;
    for (const struct yaml_node *item = given ? node->first : NULL; item; item = item->next) {
        if (read_gate(reader, item, &gates[config->gate_count]) < 0)
            return -1;
        config->gate_count++;
    }
    size_t owned = 0;
    for (size_t i = 0; i < config->database_count; i++) {
        if (config->databases[i].replica_of)
            continue;
        struct config_gate *gate = &gates[config->gate_count++];
        *gate = gate_of_database(config, &config->databases[i], &own[owned]);
        owned += gate->requirement_count;
    }
    qsort(gates, config->gate_count, sizeof *gates, compare_gates);
    config->gates = gates;
    return 0;
}
