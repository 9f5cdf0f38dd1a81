/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys that describe a home-made journal: its columns and its order.
 */
#include <string.h>

#include "daemon/config_reader.h"
#include "journal/generic.h"

int config_read_columns(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_journal *journal = section;
    return config_read_section(reader, &config_columns_keys, node, &journal->generic);
}

void config_print_columns(const void *section, struct strbuf *out)
{
    const struct generic_settings *settings = &((const struct config_journal *)section)->generic;
    const struct {
        const char *key;
        const char *column;
    } columns[] = {
        {"revision", settings->revision},
        {"applied_at", settings->applied_at},
        {"state", settings->state},
        {"checksum", settings->checksum},
    };
    const char *separator = "{";
    for (size_t i = 0; i < ARRAY_LENGTH(columns); i++) {
        if (!columns[i].column)
            continue;
        strbuf_printf(out, "%s%s: ", separator, columns[i].key);
        config_print_text(columns[i].column, out);
        separator = ", ";
    }
    if (settings->revision)
        strbuf_add_char(out, '}');
}

int config_read_order(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_journal *journal = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    journal->generic.order = generic_order_from_name(text);
    if (journal->generic.order == GENERIC_ORDERS)
        return config_fail(reader, node, "'order' is number, text or time, not '%s'", text);
    return 0;
}

void config_print_order(const void *section, struct strbuf *out)
{
    const struct config_journal *journal = section;
    if (tool_is_generic(journal->tool))
        strbuf_add_string(out, generic_order_name(journal->generic.order));
}

int config_finish_generic(struct config_reader *reader, const struct yaml_node *node, struct config_journal *journal)
{
    const struct yaml_node *order = yaml_member(node, "order");
    const struct yaml_node *columns = yaml_member(node, "columns");
    if (!tool_is_generic(journal->tool)) {
        if (!columns && !order)
            return 0;
        return config_fail(reader, columns ? columns : order, "'%s' is for tool: generic only",
                           columns ? "columns" : "order");
    }
    if (!journal->table || !journal->generic.revision)
        return config_fail(reader, node, "a generic journal needs its table, and the column of its revisions");
    if (journal->generic.order == GENERIC_TIME && !journal->generic.applied_at)
        return config_fail(reader, order, "'order: time' needs the column 'applied_at'");
    journal->tool = generic_tool_new(&journal->generic, reader->config->arena);
    return journal->tool ? 0 : error_no_memory(reader->error);
}
