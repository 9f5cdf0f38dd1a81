/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl journal --tools: what is known of each migration tool.
 */
#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/ctl_drift.h"
#include "journal/tool.h"

/* "PostgreSQL, MySQL, SQLite"; MariaDB counts as MySQL. */
static void add_engines(struct strbuf *out, unsigned mask)
{
    static const struct {
        unsigned engine;
        const char *name;
    } names[] = {{TOOL_POSTGRES, "PostgreSQL"}, {TOOL_MYSQL, "MySQL"}, {TOOL_SQLITE, "SQLite"}};
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (!(mask & names[i].engine))
            continue;
        strbuf_printf(out, "%s%s", separator, names[i].name);
        separator = ", ";
    }
}

static void add_tables(struct strbuf *out, const struct tool *tool)
{
    for (const char *const *table = tool->default_tables; table && *table; table++)
        strbuf_printf(out, "%s%s", table == tool->default_tables ? "" : ", ", *table);
}

/* One column: what a tool has there, NULL: nothing of the kind. */
struct column {
    const char *title;
    const char *key; /* in JSON */
    const char *(*text)(const struct tool *tool, struct strbuf *scratch);
};

static const char *text_of_tool(const struct tool *tool, struct strbuf *scratch)
{
    strbuf_printf(scratch, "%s", tool->name);
    return strbuf_text(scratch);
}

static const char *text_of_engines(const struct tool *tool, struct strbuf *scratch)
{
    add_engines(scratch, tool->facts.engines);
    return strbuf_text(scratch);
}

static const char *text_of_tables(const struct tool *tool, struct strbuf *scratch)
{
    add_tables(scratch, tool);
    return strbuf_text(scratch);
}

#define FACT(name)                                                                                                     \
    static const char *text_of_##name(const struct tool *tool, struct strbuf *scratch)                                 \
    {                                                                                                                  \
        (void)scratch;                                                                                                 \
        return tool->facts.name;                                                                                       \
    }
FACT(files)
FACT(order)
FACT(failure)
FACT(lock)
FACT(checksum)

static const struct column columns[] = {
    {"TOOL", "tool", text_of_tool},        {"ENGINES", "engines", text_of_engines},
    {"TABLES", "tables", text_of_tables},  {"FILES", "files", text_of_files},
    {"ORDER", "order", text_of_order},     {"FAILED RUN", "failure", text_of_failure},
    {"RUNNING NOW", "lock", text_of_lock}, {"EDITED FILE", "checksum", text_of_checksum},
};

static void add_json(struct strbuf *out)
{
    struct json_writer writer = {0};
    json_writer_init(&writer, out, 0);
    json_open_object(&writer);
    json_key_array(&writer, "tools");
    for (size_t i = 0; tools[i]; i++) {
        json_open_object(&writer);
        for (size_t j = 0; j < ARRAY_LENGTH(columns); j++) {
            cleanup(strbuf) struct strbuf scratch = STRBUF(LIMIT_ADVICE_BYTES);
            const char *text = columns[j].text(tools[i], &scratch);
            json_key_string(&writer, columns[j].key, text && *text ? text : NULL);
        }
        json_key_string(&writer, "title", tools[i]->title);
        json_close_object(&writer);
    }
    json_close_array(&writer);
    json_close_object(&writer);
    strbuf_add_char(out, '\n');
    out->failed |= writer.failed;
}

/* A cell of Markdown, in which a bar or a star would be obeyed. */
static void add_cell(struct strbuf *out, const char *text)
{
    strbuf_add_char(out, ' ');
    for (const char *at = text && *text ? text : "–"; *at; at++) {
        if (strchr("|*<_\\", *at))
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, *at);
    }
    strbuf_add_string(out, " |");
}

static void add_markdown(struct strbuf *out)
{
    strbuf_add_char(out, '|');
    for (size_t j = 0; j < ARRAY_LENGTH(columns); j++) {
        strbuf_printf(out, " %c", columns[j].title[0]);
        for (const char *at = columns[j].title + 1; *at; at++)
            strbuf_add_char(out, (char)tolower((unsigned char)*at));
        strbuf_add_string(out, " |");
    }
    strbuf_add_string(out, "\n|");
    for (size_t j = 0; j < ARRAY_LENGTH(columns); j++)
        strbuf_add_string(out, "---|");
    strbuf_add_char(out, '\n');
    for (size_t i = 0; tools[i]; i++) {
        strbuf_add_char(out, '|');
        for (size_t j = 0; j < ARRAY_LENGTH(columns); j++) {
            cleanup(strbuf) struct strbuf scratch = STRBUF(LIMIT_ADVICE_BYTES);
            add_cell(out, columns[j].text(tools[i], &scratch));
        }
        strbuf_add_char(out, '\n');
    }
}

static int print_text(void)
{
    cleanup(ctl_table) struct ctl_table table = {.columns = ARRAY_LENGTH(columns)};
    for (size_t j = 0; j < ARRAY_LENGTH(columns); j++)
        table.titles[j] = columns[j].title;
    for (size_t i = 0; tools[i]; i++) {
        struct strbuf scratch[ARRAY_LENGTH(columns)] = {0};
        const char *cells[ARRAY_LENGTH(columns)] = {0};
        for (size_t j = 0; j < ARRAY_LENGTH(columns); j++) {
            scratch[j].maximum = LIMIT_ADVICE_BYTES;
            cells[j] = columns[j].text(tools[i], &scratch[j]);
        }
        ctl_table_row(&table, cells);
        for (size_t j = 0; j < ARRAY_LENGTH(columns); j++)
            strbuf_done(&scratch[j]);
    }
    return ctl_table_print(&table) && fflush(stdout) == 0 ? CTL_OK : ctl_fail(CTL_UNKNOWN, "out of memory");
}

int ctl_print_tools(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    if (options->output == CTL_TEXT)
        return print_text();
    if (options->output == CTL_JSON)
        add_json(&out);
    else
        add_markdown(&out);
    return ctl_write(&out, CTL_OK);
}
