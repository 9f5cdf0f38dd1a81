/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that say which journals a database has and what is expected of them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/config_reader.h"

/* Folders of one tool's migrations. */
enum { DIRECTORIES_MAXIMUM = 16 };

int config_read_journal(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (node->kind == YAML_MAPPING) {
        if (config_read_section(reader, &config_journal_keys, node, &database->journal) < 0)
            return -1;
        if (database->journal.table && !database->journal.tool)
            return config_fail(reader, node, "'journal' needs the tool whose table it is");
        return config_finish_generic(reader, node, &database->journal);
    }
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (strcmp(text, "none") != 0)
        return config_fail(reader, node, "'journal' takes {tool: NAME, table: NAME} or none, not '%s'", text);
    database->journal_none = true;
    return 0;
}

static void print_tool_and_table(const struct config_journal *journal, struct strbuf *out)
{
    if (journal->tool)
        strbuf_printf(out, "tool: %s%s", journal->tool->name, journal->table ? ", " : "");
    if (journal->table) {
        strbuf_add_string(out, "table: ");
        config_print_text(journal->table, out);
    }
    if (tool_is_generic(journal->tool)) {
        strbuf_add_string(out, ", columns: ");
        config_print_columns(journal, out);
        strbuf_printf(out, ", order: %s", generic_order_name(journal->generic.order));
    }
}

void config_print_journal(const void *section, struct strbuf *out)
{
    const struct config_database *database = section;
    if (database->journal_none) {
        strbuf_add_string(out, "none");
        return;
    }
    if (!database->journal.tool && !database->journal.table)
        return;
    strbuf_add_char(out, '{');
    print_tool_and_table(&database->journal, out);
    strbuf_add_char(out, '}');
}

int config_read_tool(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_journal *journal = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    journal->tool = tool_find(text);
    if (journal->tool)
        return 0;
    const char *meant = tool_nearest(text);
    return config_fail(reader, node, "no migration tool '%s' is known%s%s%s", text, meant ? " (did you mean '" : "",
                       meant ? meant : "", meant ? "'?)" : "");
}

void config_print_tool(const void *section, struct strbuf *out)
{
    const struct tool *tool = ((const struct config_journal *)section)->tool;
    if (tool)
        strbuf_add_string(out, tool->name);
}

static int read_expect(struct config_reader *reader, const struct yaml_node *node, struct config_expect *expect)
{
    if (config_read_section(reader, &config_expect_keys, node, expect) < 0)
        return -1;
    const struct yaml_node *directory = yaml_member(node, "directory");
    if (directory && yaml_member(node, "directories"))
        return config_fail(reader, node, "'expect' takes directory or directories, not both");
    int sources = (expect->revision != NULL) + (expect->directory_count > 0) + (expect->manifest != NULL) +
                  (expect->database != NULL);
    if (sources > 1)
        return config_fail(reader, node, "'expect' takes one of revision, directory, manifest and database");
    if (sources == 0)
        return config_fail(reader, node, "'expect' needs a revision, a directory, a manifest or a database");
    return 0;
}

int config_read_expect(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_expect(reader, node, &((struct config_database *)section)->journal.expect);
}

static void print_directories(const struct config_expect *expect, struct strbuf *out)
{
    for (size_t i = 0; i < expect->directory_count; i++) {
        strbuf_add_string(out, i == 0 ? "[" : ", ");
        config_print_text(expect->directories[i], out);
    }
    strbuf_add_char(out, ']');
}

static void print_expect(const struct config_expect *expect, struct strbuf *out)
{
    const struct {
        const char *key;
        const char *value;
    } sources[] = {{"revision", expect->revision},
                   {"manifest", expect->manifest},
                   {"database", expect->database},
                   {"directory", expect->directory_count > 0 ? expect->directories[0] : NULL}};
    size_t source = 0;
    while (source < ARRAY_LENGTH(sources) && !sources[source].value)
        source++;
    if (source == ARRAY_LENGTH(sources))
        return;
    strbuf_printf(out, "{%s: ", expect->directory_count > 1 ? "directories" : sources[source].key);
    if (expect->directory_count > 1)
        print_directories(expect, out);
    else
        config_print_text(sources[source].value, out);
    strbuf_printf(out, ", match: %s}", match_name(expect->match));
}

void config_print_expect(const void *section, struct strbuf *out)
{
    print_expect(&((const struct config_database *)section)->journal.expect, out);
}

/* The paths of a list (or of one value), made absolute. */
static int read_directories(struct config_reader *reader, const struct yaml_node *node, struct config_expect *expect)
{
    const char **paths = arena_array(reader->config->arena, DIRECTORIES_MAXIMUM, sizeof *paths);
    if (!paths)
        return error_no_memory(reader->error);
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item)) {
        const char *text = config_read_text(reader, item);
        const char *path = text ? config_absolute_path(reader, item, text) : NULL;
        if (!path)
            return -1;
        if (expect->directory_count == DIRECTORIES_MAXIMUM)
            return config_fail(reader, item, "'%s' takes at most %d folders", node->key, DIRECTORIES_MAXIMUM);
        for (size_t i = 0; i < expect->directory_count; i++)
            if (strcmp(paths[i], path) == 0)
                return config_fail(reader, item, "the folder '%s' is named twice", path);
        paths[expect->directory_count++] = path;
    }
    expect->directories = paths;
    return 0;
}

int config_read_directory(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    if (node->kind == YAML_SEQUENCE)
        return config_fail(reader, node, "'directory' takes one folder (did you mean 'directories'?)");
    struct config_expect *expect = section;
    expect->directory_count = 0;
    return config_read_text(reader, node) ? read_directories(reader, node, expect) : -1;
}

void config_print_directory(const void *section, struct strbuf *out)
{
    const struct config_expect *expect = section;
    if (expect->directory_count == 1)
        config_print_text(expect->directories[0], out);
}

int config_read_directories(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_expect *expect = section;
    expect->directory_count = 0;
    return config_check_list(reader, node) < 0 ? -1 : read_directories(reader, node, expect);
}

void config_print_directories(const void *section, struct strbuf *out)
{
    const struct config_expect *expect = section;
    if (expect->directory_count > 1)
        print_directories(expect, out);
}

int config_read_manifest(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_expect *expect = section;
    const char *text = config_read_text(reader, node);
    expect->manifest = text ? config_absolute_path(reader, node, text) : NULL;
    return expect->manifest ? 0 : -1;
}

void config_print_manifest(const void *section, struct strbuf *out)
{
    const char *file = ((const struct config_expect *)section)->manifest;
    if (file)
        config_print_text(file, out);
}

int config_read_match(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_expect *expect = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    expect->match = match_from_name(text);
    if (expect->match == MATCHES)
        return config_fail(reader, node, "'match' is exact, at-least or contains, not '%s'", text);
    return 0;
}

void config_print_match(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, match_name(((const struct config_expect *)section)->match));
}

int config_read_listed_expect(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_expect(reader, node, &((struct config_journal *)section)->expect);
}

void config_print_listed_expect(const void *section, struct strbuf *out)
{
    print_expect(&((const struct config_journal *)section)->expect, out);
}

static bool same_table(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int read_listed(struct config_reader *reader, const struct yaml_node *node, struct config_database *database,
                       struct config_journal *journal)
{
    journal->expect = reader->defaults->journal.expect;
    if (config_read_section(reader, &config_listed_keys, node, journal) < 0)
        return -1;
    if (!journal->tool)
        return config_fail(reader, node, "each of 'journals' needs its tool");
    if (config_finish_generic(reader, node, journal) < 0)
        return -1;
    for (size_t i = 0; i < database->listed_count; i++) {
        const struct config_journal *other = &database->listed[i];
        if (other->tool == journal->tool && same_table(other->table, journal->table))
            return config_fail(reader, node, "this journal of %s stands in the list already", journal->tool->name);
    }
    return 0;
}

int config_read_journals(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    if (node->kind != YAML_SEQUENCE || !node->first)
        return config_fail(reader, node, "'journals' takes a list of {tool: NAME, table: NAME, expect: {…}}");
    struct config_journal *listed = arena_array(reader->config->arena, CONFIG_JOURNALS_MAXIMUM, sizeof *listed);
    if (!listed)
        return error_no_memory(reader->error);
    database->listed = listed;
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (database->listed_count == CONFIG_JOURNALS_MAXIMUM)
            return config_fail(reader, item, "'journals' takes at most %d journals: name their schemas by a pattern",
                               CONFIG_JOURNALS_MAXIMUM);
        if (read_listed(reader, item, database, &listed[database->listed_count]) < 0)
            return -1;
        database->listed_count++;
    }
    return 0;
}

void config_print_journals(const void *section, struct strbuf *out)
{
    const struct config_database *database = section;
    for (size_t i = 0; i < database->listed_count; i++) {
        cleanup(strbuf) struct strbuf expect = STRBUF(LIMIT_CONFIG_BYTES);
        print_expect(&database->listed[i].expect, &expect);
        strbuf_add_string(out, i == 0 ? "[{" : ", {");
        print_tool_and_table(&database->listed[i], out);
        if (expect.length > 0)
            strbuf_printf(out, ", expect: %s", strbuf_text(&expect));
        strbuf_add_char(out, '}');
    }
    if (database->listed_count > 0)
        strbuf_add_char(out, ']');
}

int config_check_journals(struct config_reader *reader, const struct yaml_node *database)
{
    const struct yaml_node *listed = yaml_member(database, "journals");
    static const char *const others[] = {"journal", "expect"};
    for (size_t i = 0; listed && i < ARRAY_LENGTH(others); i++) {
        const struct yaml_node *other = yaml_member(database, others[i]);
        if (other)
            return config_fail_key(reader, other,
                                   "'journals' lists the journals with what is expected of each: "
                                   "'%s' does not stand beside it",
                                   others[i]);
    }
    return 0;
}
