/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/access.h"
#include "daemon/config_reader.h"

static const char *place_of(struct config_reader *reader, const struct yaml_node *node)
{
    const char *place = arena_printf(reader->config->arena, "%s:%u:%u", reader->name, node->line, node->column);
    if (!place)
        error_no_memory(reader->error);
    return place;
}

int config_read_tokens(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    if (node->kind != YAML_SEQUENCE || !node->first)
        return config_fail(reader, node, "'tokens' takes a list of {file: FILE, scope: SCOPE}");
    struct config_token *tokens = arena_array(config->arena, CONFIG_TOKENS_MAXIMUM, sizeof *tokens);
    if (!tokens)
        return error_no_memory(reader->error);
    config->tokens = tokens;
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        if (config->token_count == CONFIG_TOKENS_MAXIMUM)
            return config_fail(reader, item, "'tokens' takes at most %d tokens", CONFIG_TOKENS_MAXIMUM);
        struct config_token *token = &tokens[config->token_count];
        token->place = place_of(reader, item);
        if (!token->place || config_read_section(reader, &config_token_keys, item, token) < 0)
            return -1;
        config->token_count++;
    }
    return 0;
}

void config_print_tokens(const void *section, struct strbuf *out)
{
    const struct config *config = section;
    for (size_t i = 0; i < config->token_count; i++) {
        strbuf_add_string(out, i == 0 ? "[{file: " : ", {file: ");
        config_print_text(config->tokens[i].file, out);
        strbuf_printf(out, ", scope: %s}", access_scopes[config->tokens[i].scope].name);
    }
    if (config->token_count > 0)
        strbuf_add_char(out, ']');
}

int config_read_scope(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_token *token = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    token->scope = access_scope_from_name(text);
    if (token->scope == ACCESS_SCOPES)
        return config_fail(reader, node, "'scope' is read, gate or admin, not '%s'", text);
    return 0;
}

void config_print_scope(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, access_scopes[((const struct config_token *)section)->scope].name);
}

int config_read_tls(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    config->tls.place = place_of(reader, node);
    return config->tls.place ? config_read_section(reader, &config_tls_keys, node, config) : -1;
}

void config_print_tls(const void *section, struct strbuf *out)
{
    const struct config_tls *tls = &((const struct config *)section)->tls;
    if (!tls->certificate)
        return;
    strbuf_add_string(out, "{certificate: ");
    config_print_text(tls->certificate, out);
    strbuf_add_string(out, ", key: ");
    config_print_text(tls->key, out);
    if (tls->client_ca) {
        strbuf_add_string(out, ", client_ca: ");
        config_print_text(tls->client_ca, out);
    }
    strbuf_printf(out, ", probes: %s}", tls->plain_probes ? "plain" : "tls");
}

int config_read_tls_probes(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    config->tls.plain_probes = strcmp(text, "plain") == 0;
    if (!config->tls.plain_probes && strcmp(text, "tls") != 0)
        return config_fail(reader, node, "'probes' is tls or plain, not '%s'", text);
    return 0;
}

void config_print_tls_probes(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, ((const struct config *)section)->tls.plain_probes ? "plain" : "tls");
}
