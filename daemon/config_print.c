/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/duration.h"
#include "base/limits.h"
#include "daemon/config_reader.h"

/* The value of one key as it would be written; nothing when it is unset. */
static void print_value(const struct config_key *key, const void *section, struct strbuf *out)
{
    const void *field = (const char *)section + key->offset;
    switch (key->type) {
    case KEY_TEXT:
    case KEY_SECRET:
        if (*(const char *const *)field)
            config_print_text(*(const char *const *)field, out);
        return;
    case KEY_TEXTS: {
        const char *const *texts = *(const char *const *const *)field;
        size_t count = *(const size_t *)(const void *)((const char *)section + key->count_offset);
        for (size_t i = 0; i < count; i++) {
            strbuf_add_string(out, i == 0 ? "[" : ", ");
            config_print_text(texts[i], out);
        }
        if (count > 0)
            strbuf_add_char(out, ']');
        return;
    }
    case KEY_DURATION:
        duration_print(*(const int64_t *)field, out);
        return;
    case KEY_COUNT:
        strbuf_printf(out, "%u", *(const unsigned *)field);
        return;
    case KEY_SIZE:
        byte_size_print(*(const int64_t *)field, out);
        return;
    case KEY_CUSTOM:
        key->print(section, out);
        return;
    }
}

void config_print_flow(const struct config_section *keys, const void *section, struct strbuf *out)
{
    const char *separator = "{";
    for (; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count; i++) {
            cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_CONFIG_PRINTED);
            print_value(&keys->keys[i], section, &value);
            out->failed |= !strbuf_ok(&value);
            if (value.length == 0)
                continue;
            strbuf_printf(out, "%s%s: %s", separator, keys->keys[i].name, strbuf_text(&value));
            separator = ", ";
        }
    }
    strbuf_add_char(out, '}');
}

/* A value that begins with a new line is a block. */
static void print_section(const struct config_section *keys, const void *section, unsigned indent, struct strbuf *out)
{
    for (; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count; i++) {
            cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_CONFIG_PRINTED);
            print_value(&keys->keys[i], section, &value);
            if (!strbuf_ok(&value))
                out->failed = true;
            if (value.length > 0)
                strbuf_printf(out, "%*s%s:%s%s\n", (int)indent, "", keys->keys[i].name,
                              value.bytes[0] == '\n' ? "" : " ", strbuf_text(&value));
        }
    }
}

/* Names of databases need no quotes; what has other characters in it does. */
static void print_requirements(const struct config_gate *gate, struct strbuf *out)
{
    const char *separator = "";
    for (size_t i = 0; i < gate->requirement_count; i++) {
        const struct config_requirement *requirement = &gate->requirements[i];
        if (requirement->implied)
            continue;
        strbuf_add_string(out, separator);
        if (requirement->journal)
            config_print_text(requirement->name, out);
        else
            strbuf_add_string(out, requirement->name);
        separator = ", ";
    }
    for (size_t i = 0; i < gate->check_count; i++) {
        strbuf_add_string(out, separator);
        config_print_text(gate->checks[i].address, out);
        separator = ", ";
    }
}

int config_print(const struct config *config, struct strbuf *out)
{
    print_section(&config_top_keys, config, 0, out);
    strbuf_add_string(out, "databases:\n");
    for (size_t i = 0; i < config->database_count; i++) {
        if (config->databases[i].replica_of)
            continue;
        strbuf_printf(out, "  %s:\n", config->databases[i].name);
        print_section(&config_database_keys, &config->databases[i], 4, out);
    }
    bool begun = false;
    for (size_t i = 0; i < config->gate_count; i++) {
        const struct config_gate *gate = &config->gates[i];
        if (config_find_database(config, gate->name))
            continue;
        strbuf_printf(out, "%s  %s:\n    requires: [", begun ? "" : "gates:\n", gate->name);
        begun = true;
        print_requirements(gate, out);
        strbuf_add_string(out, "]\n");
        print_section(&config_gate_keys, gate, 4, out);
    }
    return strbuf_ok(out) ? 0 : -1;
}

enum { WRAP = 96 };

/* A comment, wrapped; `prefix` stands before each line. */
static void print_doc(const char *doc, const char *prefix, struct strbuf *out)
{
    size_t room = WRAP - strlen(prefix);
    while (*doc) {
        size_t length = strlen(doc);
        if (length > room) {
            length = room;
            while (length > 1 && doc[length] != ' ')
                length--;
        }
        strbuf_printf(out, "%s# %.*s\n", prefix, (int)length, doc);
        doc += length;
        while (*doc == ' ')
            doc++;
    }
}

static void print_reference_key(const struct config_key *key, const char *prefix, const char *hash, struct strbuf *out)
{
    print_doc(key->doc, prefix, out);
    if (key->reload == RELOAD_RESTART)
        strbuf_printf(out, "%s# A change needs a restart.\n", prefix);
    strbuf_printf(out, "%s%s%s: %s\n", prefix, hash, key->name, key->preset ? key->preset : key->example);
}

static bool is_list(const struct config_key *key)
{
    return key->example && key->example[0] == '[';
}

/* A mapping behind '#', so that taking the first '#' off its lines leaves one that is valid. The tables nest no deeper
 * than four levels. */
static void print_reference_mapping(const struct config_key *key, const char *prefix, const char *hash,
                                    struct strbuf *out)
{
    print_doc(key->doc, prefix, out);
    strbuf_printf(out, "%s%s%s:\n", prefix, hash, key->name);
    char inner[48] = "";
    if (key->named)
        strbuf_printf(out, "%s%s  %s:\n", prefix, hash, key->named);
    snprintf(inner, sizeof inner, "%s%s  %s", prefix, hash, key->named ? "  " : "");
    for (const struct config_section *keys = key->nested; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count; i++) {
            const struct config_key *below = &keys->keys[i];
            const char *hidden = below->instead ? "#" : "";
            if (below->nested && !is_list(below))
                print_reference_mapping(below, inner, hidden, out);
            else
                print_reference_key(below, inner, hidden, out);
        }
    }
}

/* Behind '#' stands what has no default and, unless `active`, what does. */
static void print_reference_keys(const struct config_section *keys, const char *prefix, bool active, struct strbuf *out)
{
    for (size_t i = 0; i < keys->key_count; i++) {
        const struct config_key *key = &keys->keys[i];
        if (!key->preset && !key->example)
            continue;
        bool shown = key->required || (active && key->preset && !key->instead);
        if (key->nested && !is_list(key))
            print_reference_mapping(key, prefix, "#", out);
        else
            print_reference_key(key, prefix, shown ? "" : "#", out);
        strbuf_add_char(out, '\n');
    }
}

static void print_reference_head(const char *name, struct strbuf *out)
{
    const struct config_key *key = config_find_key(&config_top_keys, name);
    print_doc(key->doc, "", out);
    strbuf_printf(out, "%s:\n", name);
    if (key->named)
        strbuf_printf(out, "  %s:\n", key->named);
}

int config_print_reference(struct strbuf *out)
{
    strbuf_add_string(
        out, "# Configuration of migrationd: every key with its default and its meaning. Behind '#' stands what\n"
             "# has no default, or what stands instead of another key; the value there is an example. Durations\n"
             "# are an integer with ms, s, m, h or d. ${VAR}, ${VAR:-default} and $$ work inside values.\n"
             "# Try a change with\n"
             "#   migrationd --config FILE --check-config [--connect]\n"
             "# and apply it with SIGHUP or `migrationctl reload`, which also tells whether it was accepted.\n\n");
    print_reference_keys(&config_top_keys, "", true, out);
    print_reference_head("defaults", out);
    print_reference_keys(&config_timing_keys, "  ", true, out);
    print_reference_head("databases", out);
    print_reference_keys(&config_database_keys, "    ", false, out);
    print_reference_head("gates", out);
    print_reference_keys(&config_gate_keys, "    ", true, out);
    if (out->length > 0 && strbuf_ok(out))
        out->bytes[--out->length] = '\0'; /* one newline ends the file */
    return strbuf_ok(out) ? 0 : -1;
}

/* Whether the same listeners speak TLS: its files are another matter. */
static bool same_transport(const struct config_tls *a, const struct config_tls *b)
{
    return !a->certificate == !b->certificate && (!a->certificate || a->plain_probes == b->plain_probes);
}

const char *config_restart_needed(const struct config *current, const struct config *next)
{
    if (!same_transport(&current->tls, &next->tls))
        return "tls";
    if (config_history_moved(&current->history, &next->history))
        return "history";
    for (size_t i = 0; i < config_top_keys.key_count; i++) {
        const struct config_key *key = &config_top_keys.keys[i];
        cleanup(strbuf) struct strbuf before = STRBUF(LIMIT_CONFIG_BYTES);
        cleanup(strbuf) struct strbuf after = STRBUF(LIMIT_CONFIG_BYTES);
        if (key->reload != RELOAD_RESTART)
            continue;
        print_value(key, current, &before);
        print_value(key, next, &after);
        if (!strbuf_ok(&before) || !strbuf_ok(&after) || strcmp(strbuf_text(&before), strbuf_text(&after)) != 0)
            return key->name;
    }
    return NULL;
}

static bool asks_replicas(const struct config_database *database)
{
    size_t i = 0;
    while (i < database->check_count && strcmp(database->checks[i].kind->name, "replicas") != 0)
        i++;
    return i < database->check_count;
}

/* How often and how long a database is looked at, and how old what was seen may be, says nothing of what is there. */
static void forget_times(struct config_database *database)
{
    database->interval_ms = database->journal_interval_ms = 0;
    database->connect_timeout_ms = database->query_timeout_ms = 0;
    database->max_staleness_ms = database->dirty_grace_ms = 0;
    database->lock_orphan_after_ms = database->blocked_grace_ms = 0;
    database->journal_interval_given = false;
}

/* Replicas are looked at for themselves: a change of theirs is none of the database's, but where one of its checks is
 * about them all. */
int config_digest_settings(struct config_database *database)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_PRINTED);
    struct config_database alone = *database;
    forget_times(&alone);
    if (!asks_replicas(database))
        alone.replica_count = 0;
    print_section(&config_database_keys, &alone, 0, &text);
    const struct engine_target *scratch = database->drift.scratch;
    strbuf_printf(&text, "%s\n%s\n%s", database->target->url, database->url_password ? database->url_password : "",
                  scratch && scratch->password ? scratch->password : "");
    if (!strbuf_ok(&text))
        return -1;
    database->settings = digest_of(text.bytes, text.length);
    explicit_bzero(text.bytes, text.length);
    return 0;
}

bool config_database_equal(const struct config_database *a, const struct config_database *b)
{
    return digest_equal(a->settings, b->settings);
}
