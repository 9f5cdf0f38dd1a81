/* SPDX-License-Identifier: Apache-2.0
 *
 * `checks` and `backup` of a database: which kind each is of, its presets, what may stand together. What the kinds take
 * is read in config_check_kinds.c.
 */
#include <string.h>

#include "base/nearest.h"
#include "daemon/config_reader.h"

static const char backup_name[] = "backup";

static bool is_backup(const char *name)
{
    return strcmp(name, backup_name) == 0;
}

static void set_kind(struct check *check, const struct check_kind *kind)
{
    check->kind = kind;
    check->every_ms = kind->every_ms;
    check->timeout_ms = kind->timeout_ms;
    check->severity = kind->severity;
}

static size_t count_kinds(void)
{
    size_t count = 0;
    while (check_kinds[count])
        count++;
    return count;
}

/* The kinds' names as a list for a message, in the order of their rows. */
static void list_kinds(struct strbuf *out)
{
    size_t left = count_kinds();
    const char *separator = "";
    for (size_t i = 0; i < config_check_keys.key_count; i++) {
        const char *name = config_check_keys.keys[i].name;
        if (!check_kind_find(name))
            continue;
        strbuf_printf(out, "%s%s", separator, name);
        separator = --left == 1 ? " or " : ", ";
    }
}

static const char *kind_name_at(const void *kinds, size_t index)
{
    const struct check_kind *const *list = kinds;
    return list[index]->name;
}

static int fail_value(struct config_reader *reader, const struct yaml_node *node)
{
    const char *meant = nearest_name(node->key, kind_name_at, check_kinds, count_kinds());
    if (meant && strcmp(meant, node->key) != 0)
        return config_fail_key(reader, node, "no check is called '%s' (did you mean '%s'?)", node->key, meant);
    cleanup(strbuf) struct strbuf kinds = STRBUF(1024);
    list_kinds(&kinds);
    return config_fail(reader, node, "a check is a mapping with one of %s, not a %s", strbuf_text(&kinds),
                       yaml_kind_name(node->kind));
}

/* What the mapping asks; NULL, and no error, where it asks nothing. */
static int find_kind(struct config_reader *reader, const struct yaml_node *mapping, const struct check_kind **ret_kind)
{
    for (const struct yaml_node *node = mapping->first; node; node = node->next) {
        const struct check_kind *kind = check_kind_find(node->key);
        if (!kind)
            continue;
        if (*ret_kind)
            return config_fail_key(reader, node, "a check asks one thing: '%s' and '%s' are two checks",
                                   (*ret_kind)->name, node->key);
        *ret_kind = kind;
    }
    return 0;
}

static int fail_kindless(struct config_reader *reader, const struct yaml_node *node)
{
    cleanup(strbuf) struct strbuf kinds = STRBUF(1024);
    list_kinds(&kinds);
    return config_fail_key(reader, node, "the check '%s' asks nothing: it needs one of %s", node->key,
                           strbuf_text(&kinds));
}

static bool is_sql(const struct check *check)
{
    return strcmp(check->kind->name, "sql") == 0;
}

/* What the keys of a mapping ask of each other. */
static int judge_mapping(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    const struct yaml_node *expect = yaml_member(node, "expect");
    const struct yaml_node *keys = yaml_member(node, "keys");
    const struct yaml_node *timeout = yaml_member(node, "timeout");
    if (is_sql(check) && !expect)
        return config_fail_key(reader, node, "the check '%s' has no 'expect', such as expect: \"0\" or expect: no rows",
                               node->key);
    if (expect && !is_sql(check))
        return config_fail_key(reader, expect, "'expect' goes with 'sql' only");
    if (keys && check->expect.form != EXPECT_NO_ROWS)
        return config_fail_key(reader, keys, "'keys' goes with expect: no rows only");
    if (check->key_count > CHECK_COLUMNS_SHOWN)
        return config_fail(reader, keys, "'keys' has at most %d entries, not %zu", CHECK_COLUMNS_SHOWN,
                           check->key_count);
    if (timeout && check->timeout_ms <= check->orphans_ms)
        return config_fail(reader, timeout, "'timeout' must be greater than 'orphans'");
    if (!timeout)
        check->timeout_ms += check->orphans_ms;
    return 0;
}

static int read_mapping(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    const struct check_kind *kind = NULL;
    if (node->kind != YAML_MAPPING)
        return fail_value(reader, node);
    if (find_kind(reader, node, &kind) < 0)
        return -1;
    if (kind)
        set_kind(check, kind);
    if (config_read_section(reader, &config_check_keys, node, check) < 0)
        return -1;
    return kind ? judge_mapping(reader, node, check) : fail_kindless(reader, node);
}

/* The argument of the kind that the check is named after. Keys of the long form that stand in it would be taken for
 * something else, or refused as unknown. */
static int read_argument(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    const struct config_key *key = config_find_key(&config_check_keys, node->key);
    if (key->nested && node->kind == YAML_MAPPING) {
        for (const struct yaml_node *item = node->first; item; item = item->next)
            if (config_find_key(&config_check_run_keys, item->key))
                return config_fail_key(reader, item, "'%s' stands beside '%s': %s: {%s: …, %s: …}", item->key,
                                       node->key, node->key, node->key, item->key);
    }
    if (key->read(reader, node, check) < 0)
        return -1;
    check->timeout_ms += check->orphans_ms;
    return 0;
}

static bool is_short(const struct yaml_node *node, const struct check_kind *kind)
{
    if (!kind || strcmp(kind->name, "sql") == 0)
        return false;
    return node->kind != YAML_MAPPING || !yaml_member(node, node->key);
}

static int read_backup(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    if (config_set_presets(reader, &config_backup_rule_keys, check) < 0 ||
        config_read_section(reader, &config_backup_keys, node, check) < 0)
        return -1;
    return config_check_backup(reader, node, check);
}

static int read_check(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    const struct check_kind *named = check_kind_find(node->key);
    if (config_check_name(reader, node, "check") < 0)
        return -1;
    check->name = node->key;
    if (!is_short(node, named))
        return read_mapping(reader, node, check);
    set_kind(check, named);
    return is_backup(named->name) ? read_backup(reader, node, check) : read_argument(reader, node, check);
}

static int fail_too_many(struct config_reader *reader, const struct yaml_node *node)
{
    return config_fail(reader, node, "a database has at most %d checks", CONFIG_CHECKS_MAXIMUM);
}

/* The check of the backup last, as if it stood in the database's own key. */
int config_read_checks(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (node->kind == YAML_SCALAR && !node->quoted && !*node->text)
        return 0; /* every check below is behind '#' */
    if (node->kind != YAML_MAPPING)
        return config_fail(reader, node, "'checks' is a mapping of names to checks, not a %s",
                           yaml_kind_name(node->kind));
    size_t count = 0;
    for (const struct yaml_node *item = node->first; item; item = item->next)
        count++;
    if (count > CONFIG_CHECKS_MAXIMUM)
        return fail_too_many(reader, node);
    struct check *checks = arena_array(reader->config->arena, count, sizeof *checks);
    if (!checks)
        return error_no_memory(reader->error);
    const struct yaml_node *backup = NULL;
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (is_backup(item->key))
            backup = item;
        else if (read_check(reader, item, &checks[database->check_count++]) < 0)
            return -1;
    }
    if (backup && read_check(reader, backup, &checks[database->check_count++]) < 0)
        return -1;
    database->checks = checks;
    return 0;
}

/* Behind `checks`, which stands before it in the table of keys. */
int config_read_backup(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (database->check_count == CONFIG_CHECKS_MAXIMUM)
        return fail_too_many(reader, node);
    if (config_find_check(database, backup_name))
        return config_fail_key(reader, node, "'%s' stands below 'checks' already", backup_name);
    struct check *checks = arena_array(reader->config->arena, database->check_count + 1, sizeof *checks);
    if (!checks)
        return error_no_memory(reader->error);
    if (database->check_count > 0)
        memcpy(checks, database->checks, database->check_count * sizeof *checks);
    struct check *check = &checks[database->check_count];
    check->name = backup_name;
    set_kind(check, check_kind_find(backup_name));
    if (read_backup(reader, node, check) < 0)
        return -1;
    database->checks = checks;
    database->check_count++;
    return 0;
}

int config_finish_checks(struct config_reader *reader, struct config_database *database)
{
    struct arena *arena = reader->config->arena;
    const char **addresses = arena_array(arena, database->check_count, sizeof(const char *));
    if (!addresses)
        return error_no_memory(reader->error);
    for (size_t i = 0; i < database->check_count; i++) {
        const char *name = database->checks[i].name;
        addresses[i] = arena_printf(arena, is_backup(name) ? "%s:%s" : "%s:check:%s", database->name, name);
        if (!addresses[i])
            return error_no_memory(reader->error);
    }
    database->check_addresses = addresses;
    return 0;
}

const struct check *config_find_check(const struct config_database *database, const char *name)
{
    for (size_t i = 0; i < database->check_count; i++)
        if (strcmp(database->checks[i].name, name) == 0)
            return &database->checks[i];
    return NULL;
}

/* A block, since queries make long lines; `checks` stands in databases only, whose keys are indented by four. */
void config_print_checks(const void *section, struct strbuf *out)
{
    const struct config_database *database = section;
    for (size_t i = 0; i < database->check_count; i++) {
        const struct check *check = &database->checks[i];
        if (is_backup(check->name))
            continue;
        strbuf_printf(out, "\n      %s: ", check->name);
        config_print_flow(&config_check_keys, check, out);
    }
}

void config_print_backup(const void *section, struct strbuf *out)
{
    const struct check *check = config_find_check(section, backup_name);
    if (check)
        config_print_flow(&config_backup_keys, check, out);
}

int config_read_severity(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct check *check = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    check->severity = check_severity_from_name(text);
    if (check->severity == CHECK_SEVERITIES)
        return config_fail(reader, node, "'severity' is fail or warn, not '%s'", text);
    return 0;
}

void config_print_severity(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, check_severity_name(((const struct check *)section)->severity));
}

int config_read_sensitive(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct check *check = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    check->sensitive = strcmp(text, "true") == 0;
    if (!check->sensitive && strcmp(text, "false") != 0)
        return config_fail(reader, node, "'sensitive' is true or false, not '%s'", text);
    return 0;
}

void config_print_sensitive(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, ((const struct check *)section)->sensitive ? "true" : "false");
}
