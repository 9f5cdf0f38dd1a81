/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config_reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/duration.h"
#include "base/limits.h"
#include "base/nearest.h"
#include "base/utf8.h"

static int fail(struct config_reader *reader, unsigned line, unsigned column, const char *message)
{
    return error_set(reader->error, ERROR_INVALID, "%s:%u:%u: %s", reader->name, line, column, message);
}

int config_fail(struct config_reader *reader, const struct yaml_node *node, const char *format, ...)
{
    char message[sizeof reader->error->message] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail(reader, node->line, node->column, message);
}

int config_fail_key(struct config_reader *reader, const struct yaml_node *node, const char *format, ...)
{
    char message[sizeof reader->error->message] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail(reader, node->key_line, node->key_column, message);
}

static const char *key_name_at(const void *section, size_t index)
{
    const struct config_section *keys = section;
    for (; index >= keys->key_count; keys = keys->also)
        index -= keys->key_count;
    return keys->keys[index].name;
}

static size_t key_total(const struct config_section *section)
{
    size_t total = 0;
    for (; section; section = section->also)
        total += section->key_count;
    return total;
}

const struct config_key *config_find_key(const struct config_section *section, const char *name)
{
    for (; section; section = section->also) {
        for (size_t i = 0; i < section->key_count; i++) {
            if (strcmp(section->keys[i].name, name) == 0)
                return &section->keys[i];
        }
    }
    return NULL;
}

static const char variable_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

/* Appends the value of the variable at `*text`, which points behind "${", and moves behind "}". */
static int expand(struct config_reader *reader, const struct yaml_node *node, const char **text, struct strbuf *out)
{
    const char *end = strchr(*text, '}');
    if (!end)
        return config_fail(reader, node, "'${' without '}' (write $$ for a dollar sign)");
    const char *preset = memmem(*text, (size_t)(end - *text), ":-", 2);
    char name[128] = "";
    size_t length = (size_t)((preset ? preset : end) - *text);
    if (length == 0 || length >= sizeof name || strspn(*text, variable_characters) < length)
        return config_fail(reader, node, "'${' needs the name of a variable: letters, digits and '_'");
    memcpy(name, *text, length);
    const char *value = getenv(name);
    if (value && (*value || !preset))
        strbuf_add_string(out, value);
    else if (preset)
        strbuf_add(out, preset + 2, (size_t)(end - preset - 2));
    else
        return config_fail(reader, node, "the variable %s is not set (${%s:-default} gives it a default)", name, name);
    *text = end + 1;
    return 0;
}

const char *config_read_text(struct config_reader *reader, const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR) {
        const char *kind = yaml_kind_name(node->kind);
        if (node->key)
            config_fail(reader, node, "'%s' takes one value, not a %s", node->key, kind);
        else
            config_fail(reader, node, "each entry of this list is one value, not a %s", kind);
        return NULL;
    }
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_CONFIG_BYTES);
    for (const char *text = node->text; *text;) {
        if (text[0] == '$' && text[1] == '$') {
            strbuf_add_char(&out, '$');
            text += 2;
        } else if (text[0] == '$' && text[1] == '{') {
            text += 2;
            if (expand(reader, node, &text, &out) < 0)
                return NULL;
        } else {
            strbuf_add_char(&out, *text++);
        }
    }
    const char *copy = strbuf_ok(&out) ? arena_strdup(reader->config->arena, strbuf_text(&out)) : NULL;
    if (!copy)
        error_no_memory(reader->error);
    return copy;
}

/* What YAML does not let stand as it is: besides what cannot be printed, the byte order mark and two non-characters. */
static bool needs_escape(uint32_t point)
{
    return utf8_is_unprintable(point) || point == 0xFEFF || point == 0xFFFE || point == 0xFFFF;
}

static void print_quoted(const char *text, bool expanded, struct strbuf *out)
{
    strbuf_add_char(out, '"');
    for (size_t left = strlen(text); left > 0;) {
        uint32_t point = 0;
        size_t size = utf8_decode(text, left, &point);
        if (size == 0)
            size = 1; /* the loader lets nothing in that is not UTF-8 */
        if (*text == '"' || *text == '\\')
            strbuf_printf(out, "\\%c", *text);
        else if (*text == '$' && expanded)
            strbuf_add_string(out, "$$");
        else if (*text == '\n')
            strbuf_add_string(out, "\\n");
        else if (needs_escape(point))
            strbuf_printf(out, "\\u%04X", (unsigned)point);
        else
            strbuf_add(out, text, size);
        text += size;
        left -= size;
    }
    strbuf_add_char(out, '"');
}

void config_print_text(const char *text, struct strbuf *out)
{
    print_quoted(text, true, out);
}

void config_print_key(const char *key, struct strbuf *out)
{
    print_quoted(key, false, out);
    strbuf_add_string(out, ": ");
}

static int read_duration(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                         int64_t *ret_ms)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!duration_parse(text, ret_ms))
        return config_fail(reader, node, "'%s' takes a duration such as 500ms, 30s, 5m, 2h or 1d, not '%s'", key->name,
                           text);
    if (*ret_ms >= key->least && *ret_ms <= key->most)
        return 0;
    cleanup(strbuf) struct strbuf least = STRBUF(64);
    cleanup(strbuf) struct strbuf most = STRBUF(64);
    duration_print(key->least, &least);
    duration_print(key->most, &most);
    return config_fail(reader, node, "'%s' must lie between %s and %s", key->name, strbuf_text(&least),
                       strbuf_text(&most));
}

static int read_count(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                      unsigned *ret_count)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno != 0)
        return config_fail(reader, node, "'%s' takes a whole number, not '%s'", key->name, text);
    if (number < key->least || number > key->most)
        return config_fail(reader, node, "'%s' must lie between %lld and %lld", key->name, (long long)key->least,
                           (long long)key->most);
    *ret_count = (unsigned)number;
    return 0;
}

static int read_size(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                     int64_t *ret_bytes)
{
    const char *text = config_read_text(reader, node);
    if (!text)
        return -1;
    if (!byte_size_parse(text, ret_bytes))
        return config_fail(reader, node, "'%s' takes a size such as 500kB, 1MiB or 2GiB, not '%s'", key->name, text);
    if (*ret_bytes >= key->least && *ret_bytes <= key->most)
        return 0;
    cleanup(strbuf) struct strbuf least = STRBUF(64);
    cleanup(strbuf) struct strbuf most = STRBUF(64);
    byte_size_print(key->least, &least);
    byte_size_print(key->most, &most);
    return config_fail(reader, node, "'%s' must lie between %s and %s", key->name, strbuf_text(&least),
                       strbuf_text(&most));
}

static int read_texts(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                      const char *const **ret_texts, size_t *ret_count)
{
    if (node->kind == YAML_MAPPING)
        return config_fail(reader, node, "'%s' takes a list, not a mapping", key->name);
    const struct yaml_node *first = node->kind == YAML_SCALAR ? node : node->first;
    size_t count = 0;
    for (const struct yaml_node *item = first; item; item = node->kind == YAML_SCALAR ? NULL : item->next)
        count++;
    const char **texts = arena_array(reader->config->arena, count, sizeof(const char *));
    if (!texts)
        return error_no_memory(reader->error);
    const struct yaml_node *item = first;
    for (size_t i = 0; i < count; i++, item = item->next) {
        texts[i] = config_read_text(reader, item);
        if (!texts[i])
            return -1;
        if (!*texts[i])
            return config_fail(reader, item, "'%s' has an empty entry", key->name);
    }
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

static int read_plain_text(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                           const char **ret_text)
{
    *ret_text = config_read_text(reader, node);
    if (!*ret_text)
        return -1;
    return **ret_text ? 0 : config_fail(reader, node, "'%s' is empty", key->name);
}

/* Where systemd hands credentials over, a relative path is one of theirs. */
static int read_secret(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                       const char **ret_path)
{
    const char *text = NULL;
    if (read_plain_text(reader, key, node, &text) < 0)
        return -1;
    const char *credentials = getenv("CREDENTIALS_DIRECTORY");
    if (*text != '/' && credentials && *credentials)
        text = arena_printf(reader->config->arena, "%s/%s", credentials, text);
    if (!text)
        return error_no_memory(reader->error);
    *ret_path = config_absolute_path(reader, node, text);
    return *ret_path ? 0 : -1;
}

static int read_value(struct config_reader *reader, const struct config_key *key, const struct yaml_node *node,
                      void *target)
{
    void *field = (char *)target + key->offset;
    switch (key->type) {
    case KEY_TEXT:
        return read_plain_text(reader, key, node, field);
    case KEY_TEXTS:
        return read_texts(reader, key, node, field, (size_t *)(void *)((char *)target + key->count_offset));
    case KEY_SECRET:
        return read_secret(reader, key, node, field);
    case KEY_DURATION:
        return read_duration(reader, key, node, field);
    case KEY_COUNT:
        return read_count(reader, key, node, field);
    case KEY_SIZE:
        return read_size(reader, key, node, field);
    case KEY_CUSTOM:
        return key->read(reader, node, target);
    }
    return error_set(reader->error, ERROR_INTERNAL, "the key %s has no type", key->name);
}

/* With the nearest key that may stand here, else with the nearest one that belongs a level below. */
static int fail_unknown(struct config_reader *reader, const struct config_section *section,
                        const struct yaml_node *node)
{
    const char *meant = nearest_name(node->key, key_name_at, section, key_total(section));
    if (meant)
        return config_fail_key(reader, node, "unknown key '%s' (did you mean '%s'?)", node->key, meant);
    for (const struct config_section *keys = section; keys; keys = keys->also) {
        for (size_t i = 0; i < keys->key_count; i++) {
            const struct config_section *below = keys->keys[i].nested;
            meant = below ? nearest_name(node->key, key_name_at, below, key_total(below)) : NULL;
            if (meant)
                return config_fail_key(reader, node, "unknown key '%s' (did you mean '%s', below '%s'?)", node->key,
                                       meant, keys->keys[i].name);
        }
    }
    return config_fail_key(reader, node, "unknown key '%s'", node->key);
}

static int fail_missing(struct config_reader *reader, const struct config_section *section,
                        const struct yaml_node *mapping, const struct config_key *key)
{
    if (mapping->key)
        return config_fail_key(reader, mapping, "the %s '%s' has no '%s'", section->name, mapping->key, key->name);
    return config_fail(reader, mapping, "the %s has no '%s'", section->name, key->name);
}

int config_read_section(struct config_reader *reader, const struct config_section *section,
                        const struct yaml_node *mapping, void *target)
{
    if (mapping->kind != YAML_MAPPING)
        return config_fail(reader, mapping, "here stand keys of the %s, 'key: value' each, not a %s", section->name,
                           yaml_kind_name(mapping->kind));
    for (const struct yaml_node *node = mapping->first; node; node = node->next) {
        if (config_find_key(section, node->key))
            continue;
        return fail_unknown(reader, section, node);
    }
    for (; section; section = section->also) {
        for (size_t i = 0; i < section->key_count; i++) {
            const struct yaml_node *node = yaml_member(mapping, section->keys[i].name);
            if (!node && section->keys[i].required)
                return fail_missing(reader, section, mapping, &section->keys[i]);
            if (node && read_value(reader, &section->keys[i], node, target) < 0)
                return -1;
        }
    }
    return 0;
}

const struct yaml_node *config_first_item(const struct yaml_node *list)
{
    return list->kind == YAML_SCALAR ? list : list->first;
}

const struct yaml_node *config_next_item(const struct yaml_node *list, const struct yaml_node *item)
{
    return list->kind == YAML_SCALAR ? NULL : item->next;
}

int config_check_list(struct config_reader *reader, const struct yaml_node *node)
{
    return node->kind == YAML_MAPPING ? config_fail(reader, node, "'%s' takes a list, not a mapping", node->key) : 0;
}

int config_set_presets(struct config_reader *reader, const struct config_section *section, void *target)
{
    for (; section; section = section->also) {
        for (size_t i = 0; i < section->key_count; i++) {
            const struct config_key *key = &section->keys[i];
            if (!key->preset)
                continue;
            struct yaml_node *node = NULL;
            if (yaml_parse(key->preset, strlen(key->preset), key->name, reader->config->arena, &node, reader->error) <
                    0 ||
                read_value(reader, key, node, target) < 0)
                return -1;
        }
    }
    return 0;
}

const char *config_absolute_path(struct config_reader *reader, const struct yaml_node *node, const char *path)
{
    if (!*path) {
        config_fail(reader, node, "the path is empty");
        return NULL;
    }
    const char *absolute = *path == '/' ? path
                                        : arena_printf(reader->config->arena, "%s%s%s", reader->folder,
                                                       reader->folder[1] ? "/" : "", path);
    if (!absolute)
        error_no_memory(reader->error);
    return absolute;
}
