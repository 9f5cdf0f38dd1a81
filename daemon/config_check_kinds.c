/* SPDX-License-Identifier: Apache-2.0
 *
 * What each kind of check takes: the rows of config_check_keys that are named like kinds, and those below them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "check/version_test.h"
#include "daemon/config_reader.h"

static bool is_of(const void *section, const char *kind)
{
    return strcmp(((const struct check *)section)->kind->name, kind) == 0;
}

static int read_query(struct config_reader *reader, const struct yaml_node *node, struct check *check)
{
    check->sql = config_read_text(reader, node);
    if (!check->sql)
        return -1;
    if (check->sql[strspn(check->sql, " \t\r\n")] == '\0')
        return config_fail(reader, node, "'sql' is empty");
    if (strlen(check->sql) > LIMIT_CHECK_SQL)
        return config_fail(reader, node, "'sql' is longer than %u KiB", LIMIT_CHECK_SQL / 1024);
    return 0;
}

int config_read_check_sql(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_query(reader, node, section);
}

void config_print_check_sql(const void *section, struct strbuf *out)
{
    if (is_of(section, "sql"))
        config_print_text(((const struct check *)section)->sql, out);
}

/* `what` the entries are, none of which may be there twice. An empty one must be in quotes to be meant. */
static int read_list(struct config_reader *reader, const struct yaml_node *node, const char *what,
                     const char *const **ret_texts, size_t *ret_count)
{
    if (config_check_list(reader, node) < 0)
        return -1;
    size_t count = 0;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item))
        count++;
    const char **texts = arena_array(reader->config->arena, count, sizeof(const char *));
    if (!texts)
        return error_no_memory(reader->error);
    size_t filled = 0;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item)) {
        const char *text = config_read_text(reader, item);
        if (!text)
            return -1;
        if (!*text && !item->quoted)
            return config_fail(reader, item, "'%s' has an empty entry", node->key);
        for (size_t i = 0; i < filled; i++)
            if (strcmp(texts[i], text) == 0)
                return config_fail(reader, item, "the %s '%s' stands in '%s' twice", what, text, node->key);
        texts[filled++] = text;
    }
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

static void print_list(const char *const *texts, size_t count, struct strbuf *out)
{
    strbuf_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(out, i == 0 ? "" : ", ");
        config_print_text(texts[i], out);
    }
    strbuf_add_char(out, ']');
}

int config_read_check_expect(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct expect *expect = &((struct check *)section)->expect;
    struct arena *arena = reader->config->arena;
    struct error error = {.code = ERROR_OK};
    int result = 0;
    if (node->kind == YAML_SEQUENCE) {
        const char *const *values = NULL;
        size_t count = 0;
        if (read_list(reader, node, "value", &values, &count) < 0)
            return -1;
        result = expect_parse_list(values, count, arena, expect, &error);
    } else {
        const char *text = config_read_text(reader, node);
        if (!text)
            return -1;
        result = expect_parse(text, arena, expect, &error);
    }
    if (result == 0)
        return 0;
    return error.code == ERROR_NO_MEMORY ? error_no_memory(reader->error)
                                         : config_fail(reader, node, "'expect': %s", error.message);
}

void config_print_check_expect(const void *section, struct strbuf *out)
{
    const struct check *check = section;
    if (check->expect.form == EXPECT_NOTHING)
        return;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_PRINTED);
    expect_print(&check->expect, &text);
    out->failed |= !strbuf_ok(&text);
    config_print_text(strbuf_text(&text), out);
}

int config_read_check_not_empty(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct check *check = section;
    if (read_list(reader, node, "table", &check->tables, &check->table_count) < 0)
        return -1;
    for (size_t i = 0; i < check->table_count; i++)
        if (!*check->tables[i])
            return config_fail(reader, node, "'%s' has an empty entry", node->key);
    return 0;
}

void config_print_check_not_empty(const void *section, struct strbuf *out)
{
    const struct check *check = section;
    if (is_of(check, "not_empty"))
        print_list(check->tables, check->table_count, out);
}

/* One word that says that everything is as it should be. */
static int read_word(struct config_reader *reader, const struct yaml_node *node, const char *word, const char *instead)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (strcmp(text, word) != 0)
        return config_fail(reader, node, "'%s' is %s%s, not '%s'", node->key, word, instead, text);
    return 0;
}

int config_read_check_foreign_keys(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    if (node->kind == YAML_MAPPING)
        return config_read_section(reader, &config_orphans_keys, node, section);
    return read_word(reader, node, "validated", " or {orphans: 5s}");
}

void config_print_check_foreign_keys(const void *section, struct strbuf *out)
{
    const struct check *check = section;
    if (!is_of(check, "foreign_keys"))
        return;
    if (check->orphans_ms > 0)
        config_print_flow(&config_orphans_keys, check, out);
    else
        strbuf_add_string(out, "validated");
}

int config_read_check_indexes(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    (void)section;
    return read_word(reader, node, "valid", "");
}

void config_print_check_indexes(const void *section, struct strbuf *out)
{
    if (is_of(section, "indexes"))
        strbuf_add_string(out, "valid");
}

/* `what` the keys of the mapping name, of which there must be one. */
static int count_entries(struct config_reader *reader, const struct yaml_node *node, const char *example,
                         size_t *ret_count)
{
    if (node->kind != YAML_MAPPING || !node->first)
        return config_fail(reader, node, "'%s' needs at least one entry, such as %s", node->key, example);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (!*item->key)
            return config_fail_key(reader, item, "'%s' has an empty name", node->key);
        (*ret_count)++;
    }
    return 0;
}

int config_read_check_enum_values(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct check *check = section;
    size_t count = 0;
    if (count_entries(reader, node, "{order_status: [new, paid]}", &count) < 0)
        return -1;
    struct check_enum *enums = arena_array(reader->config->arena, count, sizeof *enums);
    if (!enums)
        return error_no_memory(reader->error);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        struct check_enum *entry = &enums[check->enum_count++];
        entry->type = item->key;
        if (read_list(reader, item, "label", &entry->labels, &entry->label_count) < 0)
            return -1;
        if (entry->label_count == 0)
            return config_fail(reader, item, "'%s' has no labels", item->key);
    }
    check->enums = enums;
    return 0;
}

void config_print_check_enum_values(const void *section, struct strbuf *out)
{
    const struct check *check = section;
    if (!is_of(check, "enum_values"))
        return;
    for (size_t i = 0; i < check->enum_count; i++) {
        strbuf_add_string(out, i == 0 ? "{" : ", ");
        config_print_key(check->enums[i].type, out);
        print_list(check->enums[i].labels, check->enums[i].label_count, out);
    }
    strbuf_add_char(out, '}');
}

int config_read_check_sequences(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return config_set_presets(reader, &config_sequences_keys, section) < 0
               ? -1
               : config_read_section(reader, &config_sequences_keys, node, section);
}

void config_print_check_sequences(const void *section, struct strbuf *out)
{
    if (is_of(section, "sequences"))
        config_print_flow(&config_sequences_keys, section, out);
}

enum { PERMILLE = 10, WHOLE = 100 * PERMILLE };

/* "80%" or "80.5%", in thousandths. */
static bool parse_percentage(const char *text, unsigned *ret_permille)
{
    static const char digits[] = "0123456789";
    size_t whole = strspn(text, digits);
    bool broken = text[whole] == '.';
    size_t tenths = broken ? strspn(text + whole + 1, digits) : 0;
    if (whole == 0 || whole > 3 || (broken && tenths != 1) || strcmp(text + whole + broken + tenths, "%") != 0)
        return false;
    *ret_permille = (unsigned)strtoul(text, NULL, 10) * PERMILLE + (broken ? (unsigned)(text[whole + 1] - '0') : 0);
    return *ret_permille > 0 && *ret_permille <= WHOLE;
}

int config_read_below(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!parse_percentage(text, &((struct check *)section)->below_permille))
        return config_fail(reader, node, "'below' takes a percentage up to 100%% such as 80%% or 80.5%%, not '%s'",
                           text);
    return 0;
}

void config_print_below(const void *section, struct strbuf *out)
{
    unsigned permille = ((const struct check *)section)->below_permille;
    strbuf_printf(out, "%u", permille / PERMILLE);
    if (permille % PERMILLE > 0)
        strbuf_printf(out, ".%u", permille % PERMILLE);
    strbuf_add_char(out, '%');
}

int config_read_check_replicas(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return config_set_presets(reader, &config_lag_keys, section) < 0
               ? -1
               : config_read_section(reader, &config_lag_keys, node, section);
}

void config_print_check_replicas(const void *section, struct strbuf *out)
{
    if (is_of(section, "replicas"))
        config_print_flow(&config_lag_keys, section, out);
}

int config_read_check_extensions(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct check *check = section;
    struct error error = {.code = ERROR_OK};
    size_t count = 0;
    if (count_entries(reader, node, "{pg_trgm: \">=1.6\"}", &count) < 0)
        return -1;
    struct check_extension *extensions = arena_array(reader->config->arena, count, sizeof *extensions);
    if (!extensions)
        return error_no_memory(reader->error);
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        const char *wanted = config_read_text(reader, item);
        if (!wanted)
            return -1;
        if (version_test_check(wanted, &error) < 0)
            return config_fail(reader, item, "'%s': %s", item->key, error.message);
        extensions[check->extension_count++] = (struct check_extension){.name = item->key, .wanted = wanted};
    }
    check->extensions = extensions;
    return 0;
}

void config_print_check_extensions(const void *section, struct strbuf *out)
{
    const struct check *check = section;
    if (!is_of(check, "extensions"))
        return;
    for (size_t i = 0; i < check->extension_count; i++) {
        strbuf_add_string(out, i == 0 ? "{" : ", ");
        config_print_key(check->extensions[i].name, out);
        config_print_text(check->extensions[i].wanted, out);
    }
    strbuf_add_char(out, '}');
}

int config_read_check_backup(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    if (config_set_presets(reader, &config_backup_rule_keys, section) < 0 ||
        config_read_section(reader, &config_backup_rule_keys, node, section) < 0)
        return -1;
    return config_check_backup(reader, node, section);
}

void config_print_check_backup(const void *section, struct strbuf *out)
{
    if (is_of(section, "backup"))
        config_print_flow(&config_backup_rule_keys, section, out);
}

int config_check_backup(struct config_reader *reader, const struct yaml_node *node, const struct check *check)
{
    if (!check->backup.file == !check->sql)
        return config_fail(reader, node, "a backup is told by either 'file' or 'sql'");
    return 0;
}

int config_read_backup_file(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    const char *slash = strrchr(text, '/');
    if (slash && !slash[1])
        return config_fail(reader, node, "'%s' is a folder: name the files in it, as in %s*.dump", text, text);
    if (slash && memchr(text, '*', (size_t)(slash - text)))
        return config_fail(reader, node, "only the file's name may be a pattern, not its folder: '%s'", text);
    const char *file = config_absolute_path(reader, node, text);
    ((struct check *)section)->backup.file = file;
    return file ? 0 : -1;
}

void config_print_backup_file(const void *section, struct strbuf *out)
{
    const char *file = ((const struct check *)section)->backup.file;
    if (file)
        config_print_text(file, out);
}

int config_read_backup_sql(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_query(reader, node, section);
}

void config_print_backup_sql(const void *section, struct strbuf *out)
{
    const char *sql = ((const struct check *)section)->sql;
    if (sql)
        config_print_text(sql, out);
}
