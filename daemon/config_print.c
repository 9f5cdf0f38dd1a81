/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/config_reader.h"

/* The value of one key as it would be written; nothing when it is unset. */
static void print_value(const struct config_key *key, const void *section, struct strbuf *out)
{
    const void *field = (const char *)section + key->offset;
    switch (key->type) {
    case KEY_TEXT:
        if (*(const char *const *)field)
            strbuf_printf(out, "\"%s\"", *(const char *const *)field);
        return;
    case KEY_TEXTS: {
        const char *const *texts = *(const char *const *const *)field;
        size_t count = *(const size_t *)(const void *)((const char *)section + key->count_offset);
        for (size_t i = 0; i < count; i++)
            strbuf_printf(out, "%s\"%s\"", i == 0 ? "[" : ", ", texts[i]);
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
    case KEY_CUSTOM:
        key->print(section, out);
        return;
    }
}

static void print_section(const struct config_section *keys, const void *section, unsigned indent, struct strbuf *out)
{
    for (; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count; i++) {
            cleanup(strbuf) struct strbuf value = STRBUF(LIMIT_CONFIG_BYTES);
            print_value(&keys->keys[i], section, &value);
            if (!strbuf_ok(&value))
                out->failed = true;
            if (value.length > 0)
                strbuf_printf(out, "%*s%s: %s\n", (int)indent, "", keys->keys[i].name, strbuf_text(&value));
        }
    }
}

int config_print(const struct config *config, struct strbuf *out)
{
    print_section(&config_top_keys, config, 0, out);
    strbuf_add_string(out, "databases:\n");
    for (size_t i = 0; i < config->database_count; i++) {
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
        for (size_t j = 0; j < gate->database_count; j++)
            strbuf_printf(out, "%s%s", j == 0 ? "" : ", ", config->databases[gate->databases[j]].name);
        strbuf_add_string(out, "]\n");
        print_section(&config_gate_keys, gate, 4, out);
    }
    return strbuf_ok(out) ? 0 : -1;
}

enum { WRAP = 100 };

/* A comment, wrapped. */
static void print_doc(const char *doc, unsigned indent, struct strbuf *out)
{
    while (*doc) {
        size_t length = strlen(doc);
        if (length > WRAP) {
            length = WRAP;
            while (length > 1 && doc[length] != ' ')
                length--;
        }
        strbuf_printf(out, "%*s# %.*s\n", (int)indent, "", (int)length, doc);
        doc += length;
        while (*doc == ' ')
            doc++;
    }
}

static void print_reference_keys(const struct config_section *keys, unsigned indent, bool commented, struct strbuf *out)
{
    for (size_t i = 0; i < keys->key_count; i++) {
        const struct config_key *key = &keys->keys[i];
        if (!key->preset && !key->example)
            continue;
        print_doc(key->doc, indent, out);
        if (key->reload == RELOAD_RESTART)
            strbuf_printf(out, "%*s# A change needs a restart.\n", (int)indent, "");
        strbuf_printf(out, "%*s%s%s: %s\n\n", (int)indent, "", commented || !key->preset ? "#" : "", key->name,
                      key->preset ? key->preset : key->example);
    }
}

int config_print_reference(struct strbuf *out)
{
    strbuf_add_string(
        out, "# Configuration of migrationd: every key, its default and its meaning. A key behind '#' has no default,\n"
             "# or one that depends on others; what stands there is an example. Durations are an integer with\n"
             "# ms, s, m, h or d. ${VAR}, ${VAR:-default} and $$ work inside values. Check a change with\n"
             "#   migrationd --config FILE --check-config [--connect]\n"
             "# and apply it with SIGHUP or `migrationctl reload`.\n\n");
    print_reference_keys(&config_top_keys, 0, false, out);
    strbuf_add_string(out, "# What every database begins with; each key may stand in a database too.\ndefaults:\n");
    print_reference_keys(&config_timing_keys, 2, false, out);
    strbuf_add_string(out, "# The databases that are watched, by name; at least one.\ndatabases:\n  example:\n"
                           "    # postgres://, postgresql://, mysql://, mariadb:// or sqlite://\n"
                           "    url: sqlite:////var/lib/example/app.db\n\n");
    print_reference_keys(&config_database_keys, 4, true, out);
    strbuf_add_string(out, "    # Of `journal`:\n");
    print_reference_keys(&config_journal_keys, 6, true, out);
    strbuf_add_string(out, "    # Of `expect`:\n");
    print_reference_keys(&config_expect_keys, 6, true, out);
    strbuf_add_string(out, "# Named conditions over databases. Every database is also a gate of its own name.\ngates:\n"
                           "  example-api:\n    requires: [example]\n\n");
    print_reference_keys(&config_gate_keys, 4, true, out);
    return strbuf_ok(out) ? 0 : -1;
}

const char *config_restart_needed(const struct config *current, const struct config *next)
{
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

static bool texts_equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

bool config_database_equal(const struct config_database *a, const struct config_database *b)
{
    cleanup(strbuf) struct strbuf first = STRBUF(LIMIT_CONFIG_BYTES);
    cleanup(strbuf) struct strbuf second = STRBUF(LIMIT_CONFIG_BYTES);
    print_section(&config_database_keys, a, 0, &first);
    print_section(&config_database_keys, b, 0, &second);
    return strbuf_ok(&first) && strbuf_ok(&second) && strcmp(strbuf_text(&first), strbuf_text(&second)) == 0 &&
           texts_equal(a->target->url, b->target->url) && texts_equal(a->url_password, b->url_password);
}
