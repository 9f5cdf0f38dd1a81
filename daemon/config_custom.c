/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/duration.h"
#include "daemon/config_reader.h"

enum { NAME_LENGTH = 63 };

static bool is_name(const char *text)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t length = strlen(text);
    return length > 0 && length <= NAME_LENGTH && strchr(first, text[0]) && strspn(text, rest) == length;
}

int config_check_name(struct config_reader *reader, const struct yaml_node *node, const char *what)
{
    if (is_name(node->key))
        return 0;
    return config_fail_key(
        reader, node, "'%s' cannot name a %s: use letters, digits, '_', '-' and '.', at most 63, not '-' or '.' first",
        node->key, what);
}

static bool parse_port(const char *text, uint16_t *ret_port)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || port > 65535)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

static bool is_loopback(const char *host)
{
    struct in_addr four = {0};
    struct in6_addr six = IN6ADDR_ANY_INIT;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static bool is_address(const char *host)
{
    unsigned char buffer[sizeof(struct in6_addr)] = {0};
    return inet_pton(AF_INET, host, buffer) == 1 || inet_pton(AF_INET6, host, buffer) == 1;
}

static int read_unix_listener(struct config_reader *reader, const struct yaml_node *node, const char *path,
                              struct config_listener *listener)
{
    if (*path != '/')
        return config_fail(reader, node, "a unix socket needs an absolute path: unix:/run/migrationd/api.sock");
    if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
        return config_fail(reader, node, "the path of a unix socket has at most %zu bytes",
                           sizeof((struct sockaddr_un *)NULL)->sun_path - 1);
    listener->path = path;
    listener->loopback = true;
    return 0;
}

static int read_listener(struct config_reader *reader, const struct yaml_node *node, struct config_listener *listener)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    *listener = (struct config_listener){.text = text};
    if (strncmp(text, "unix:", 5) == 0)
        return read_unix_listener(reader, node, text + 5, listener);
    const char *colon = strrchr(text, ':');
    if (!colon || !parse_port(colon + 1, &listener->port))
        return config_fail(reader, node, "'%s' is not ADDRESS:PORT, [IPV6]:PORT or unix:/path", text);
    bool bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    char *host = bracketed ? arena_strndup(reader->config->arena, text + 1, (size_t)(colon - text) - 2)
                           : arena_strndup(reader->config->arena, text, (size_t)(colon - text));
    if (!host)
        return error_no_memory(reader->error);
    listener->host = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
    if (!is_address(listener->host))
        return config_fail(reader, node, "'%s' is no numeric address (IPv6 stands in brackets)", host);
    listener->loopback = is_loopback(listener->host);
    return 0;
}

int config_read_listen(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_listener(reader, node, &((struct config *)section)->listen);
}

void config_print_listen(const void *section, struct strbuf *out)
{
    config_print_text(((const struct config *)section)->listen.text, out);
}

int config_read_probe_listen(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    return read_listener(reader, node, &((struct config *)section)->probe_listen);
}

void config_print_probe_listen(const void *section, struct strbuf *out)
{
    config_print_text(((const struct config *)section)->probe_listen.text, out);
}

int config_read_allow_anonymous(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    if (config_check_list(reader, node) < 0)
        return -1;
    for (const struct yaml_node *item = config_first_item(node); item; item = config_next_item(node, item)) {
        const char *text = config_read_text(reader, item);
        if (!text)
            return -1;
        if (strcmp(text, "health") == 0)
            config->allow_anonymous |= ACCESS_HEALTH;
        else if (strcmp(text, "gate") == 0)
            config->allow_anonymous |= ACCESS_GATE;
        else
            return config_fail(reader, item, "'allow_anonymous' takes health and gate, not '%s'", text);
    }
    return 0;
}

void config_print_allow_anonymous(const void *section, struct strbuf *out)
{
    unsigned allowed = ((const struct config *)section)->allow_anonymous;
    if (!allowed)
        return;
    strbuf_printf(out, "[%s%s%s]", allowed & ACCESS_HEALTH ? "health" : "",
                  allowed == (ACCESS_HEALTH | ACCESS_GATE) ? ", " : "", allowed & ACCESS_GATE ? "gate" : "");
}

int config_read_journal_interval(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    database->journal_interval_given = true;
    if (!duration_parse(text, &database->journal_interval_ms) || database->journal_interval_ms < 100 ||
        database->journal_interval_ms > 3600000)
        return config_fail(reader, node, "'journal_interval' takes a duration between 100ms and 1h, not '%s'", text);
    return 0;
}

void config_print_journal_interval(const void *section, struct strbuf *out)
{
    const struct config_database *database = section;
    if (database->journal_interval_given)
        duration_print(database->journal_interval_ms, out);
}

int config_read_url(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    cleanup(engine_target) struct engine_target *parsed = NULL;
    struct engine_target *target = NULL;
    struct error error = {.code = ERROR_OK};
    if (engine_target_parse(text, &parsed, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reader->error)
                                             : config_fail(reader, node, "%s", error.message);
    if (parsed->password) {
        database->url_password = arena_strdup(reader->config->arena, parsed->password);
        if (!database->url_password)
            return error_no_memory(reader->error);
    }
    if (engine_target_copy(parsed, NULL, &target, reader->error) < 0)
        return -1;
    database->target = target; /* freed with the config */
    cleanup(free) char *redacted = engine_url_redact(text);
    database->url = redacted ? arena_strdup(reader->config->arena, redacted) : NULL;
    return database->url ? 0 : error_no_memory(reader->error);
}

void config_print_url(const void *section, struct strbuf *out)
{
    config_print_text(((const struct config_database *)section)->url, out);
}

int config_read_checksums(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config_database *database = section;
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    database->checksums_enforced = strcmp(text, "enforce") == 0;
    if (!database->checksums_enforced && strcmp(text, "warn") != 0)
        return config_fail(reader, node, "'checksums' is enforce or warn, not '%s'", text);
    return 0;
}

void config_print_checksums(const void *section, struct strbuf *out)
{
    strbuf_add_string(out, ((const struct config_database *)section)->checksums_enforced ? "enforce" : "warn");
}

int config_read_defaults(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    (void)section;
    if (node->kind == YAML_SCALAR && !node->quoted && !*node->text)
        return 0; /* every key below is behind '#' */
    return config_read_section(reader, &config_timing_keys, node, reader->defaults);
}

void config_print_defaults(const void *section, struct strbuf *out)
{
    (void)section; /* every database prints its own values */
    (void)out;
}

static int compare_databases(const void *a, const void *b)
{
    return strcmp(((const struct config_database *)a)->name, ((const struct config_database *)b)->name);
}

static int read_database(struct config_reader *reader, const struct yaml_node *node, struct config_database *database)
{
    if (config_check_name(reader, node, "database") < 0)
        return -1;
    *database = *reader->defaults;
    database->name = node->key;
    if (config_read_section(reader, &config_database_keys, node, database) < 0)
        return -1;
    if ((database->password_file != NULL) + (database->password_env != NULL) + (database->url_password != NULL) > 1)
        return config_fail_key(reader, node, "the database '%s' has its password in more than one place", node->key);
    if (config_check_journals(reader, node) < 0 || config_finish_checks(reader, database) < 0)
        return -1;
    return config_digest_settings(database) == 0 ? 0 : error_no_memory(reader->error);
}

int config_read_databases(struct config_reader *reader, const struct yaml_node *node, void *section)
{
    struct config *config = section;
    if (node->kind != YAML_MAPPING || !node->first)
        return config_fail(reader, node, "'databases' needs at least one 'name: {url: …}'");
    size_t count = 0;
    for (const struct yaml_node *item = node->first; item; item = item->next)
        count += 1 + config_count_replicas(item);
    struct config_database *databases = arena_array(config->arena, count, sizeof *databases);
    if (!databases)
        return error_no_memory(reader->error);
    /* Counted as they are read, so that what a failed load leaves is freed. */
    config->databases = databases;
    for (const struct yaml_node *item = node->first; item; item = item->next) {
        struct config_database *database = &databases[config->database_count++];
        if (read_database(reader, item, database) < 0 || config_add_replicas(reader, item, database, databases) < 0)
            return -1;
    }
    qsort(databases, count, sizeof *databases, compare_databases);
    if (config_resolve_replicas(reader, databases) < 0)
        return -1;
    return config_resolve_references(reader, node);
}

/* Blocks of several lines, printed by config_print itself. */
void config_print_databases(const void *section, struct strbuf *out)
{
    (void)section;
    (void)out;
}
