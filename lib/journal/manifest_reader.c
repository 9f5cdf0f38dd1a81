/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/manifest_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "journal/migration_list.h"
#include "journal/tool.h"
#include "model/text_index.h"
#include "json/json_reader.h"

struct reader {
    const char *name;
    struct migration_set *set;
    struct migration_list list;
    struct error *reterr;
};

/* "name: what". */
static int fail(const struct reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(const struct reader *reader, const char *format, ...)
{
    char what[400] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return error_set(reader->reterr, ERROR_INVALID, "%s: %s", reader->name, what);
}

/* Members of an object: which of the names it has that nobody knows. */
struct member_check {
    const char *const *known; /* NULL-terminated */
    char unknown[64];
};

static bool check_member(void *payload, const char *key, const struct json_value *value)
{
    struct member_check *check = payload;
    (void)value;
    for (const char *const *known = check->known; *known; known++)
        if (strcmp(*known, key) == 0)
            return true;
    snprintf(check->unknown, sizeof check->unknown, "%s", *key ? key : "(empty)");
    return false;
}

static int check_members(const struct reader *reader, const struct json_value *object, const char *const *known,
                         const char *where)
{
    struct member_check check = {.known = known};
    json_each_member(object, check_member, &check);
    return *check.unknown ? fail(reader, "%sthere is no member '%s' in a manifest", where, check.unknown) : 0;
}

static int copy_text(const struct reader *reader, const struct json_value *value, const char *where,
                     const char **ret_text)
{
    const char *text = json_text(value);
    if (!text || !*text)
        return fail(reader, "%s: is no text, or an empty one", where);
    *ret_text = arena_strdup(reader->set->arena, text);
    return *ret_text ? 0 : error_no_memory(reader->reterr);
}

static int read_texts(const struct reader *reader, const struct json_value *object, size_t number,
                      struct migration *migration)
{
    const struct {
        const char *key;
        const char **place;
        bool required;
    } texts[] = {
        {"revision", &migration->revision, true},    {"key", &migration->key, false},
        {"part", &migration->part, false},           {"file", &migration->file, false},
        {"checksum", &migration->checksum, false},   {"engines", &migration->engines, false},
        {"condition", &migration->condition, false},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        char where[64] = "";
        const struct json_value *value = json_member(object, texts[i].key);
        snprintf(where, sizeof where, "migrations[%zu].%s", number, texts[i].key);
        if (!value && texts[i].required)
            return fail(reader, "%s: is missing", where);
        if (value && copy_text(reader, value, where, texts[i].place) < 0)
            return -1;
    }
    return 0;
}

static int read_flags(const struct reader *reader, const struct json_value *object, size_t number,
                      struct migration *migration)
{
    const struct {
        const char *key;
        bool *place;
    } flags[] = {
        {"repeatable", &migration->repeatable},
        {"baseline", &migration->baseline},
        {"checksum_uncertain", &migration->checksum_uncertain},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        const struct json_value *value = json_member(object, flags[i].key);
        if (value && !json_get_boolean(value, flags[i].place))
            return fail(reader, "migrations[%zu].%s: is neither true nor false", number, flags[i].key);
    }
    return 0;
}

static int read_list(const struct reader *reader, const struct json_value *object, size_t number, const char *key,
                     const char *const **ret_texts, size_t *ret_count)
{
    const struct json_value *value = json_member(object, key);
    size_t count = json_length(value);
    if (!value)
        return 0;
    if (!json_is_array(value))
        return fail(reader, "migrations[%zu].%s: is no list", number, key);
    const char **texts = arena_array(reader->set->arena, count + 1, sizeof *texts);
    if (!texts)
        return error_no_memory(reader->reterr);
    for (size_t i = 0; i < count; i++) {
        char where[64] = "";
        snprintf(where, sizeof where, "migrations[%zu].%s[%zu]", number, key, i);
        if (copy_text(reader, json_element(value, i), where, &texts[i]) < 0)
            return -1;
    }
    *ret_texts = texts;
    *ret_count = count;
    return 0;
}

static int read_lists(const struct reader *reader, const struct json_value *object, size_t number,
                      struct migration *migration)
{
    if (read_list(reader, object, number, "parents", &migration->parents, &migration->parent_count) < 0)
        return -1;
    return read_list(reader, object, number, "replaces", &migration->replaces, &migration->replaced_count);
}

static int read_migration(struct reader *reader, const struct json_value *object, size_t number)
{
    static const char *const known[] = {
        "revision", "key",      "part",       "file",     "checksum",           "engines", "condition",
        "parents",  "replaces", "repeatable", "baseline", "checksum_uncertain", NULL};
    char where[40] = "";
    snprintf(where, sizeof where, "migrations[%zu]: ", number);
    if (!json_is_object(object))
        return fail(reader, "%sis no object", where);
    struct migration *migration = migration_list_add(&reader->list, reader->reterr);
    if (!migration)
        return -1;
    if (check_members(reader, object, known, where) < 0 || read_texts(reader, object, number, migration) < 0 ||
        read_flags(reader, object, number, migration) < 0)
        return -1;
    return read_lists(reader, object, number, migration);
}

/* Of a graph: no revision twice, and parents first, so that there is no circle. A parent that is not among them is
 * somebody else's. */
static int check_graph(const struct reader *reader)
{
    const struct migration_set *set = reader->set;
    struct text_index index = {0};
    if (!text_index_init(&index, set->arena, set->count))
        return error_no_memory(reader->reterr);
    for (size_t i = 0; i < set->count; i++)
        if (text_index_add(&index, set->migrations[i].revision, i) != i)
            return fail(reader, "migrations[%zu].revision: '%s' stands twice", i, set->migrations[i].revision);
    for (size_t i = 0; i < set->count; i++) {
        const struct migration *migration = &set->migrations[i];
        for (size_t k = 0; k < migration->parent_count; k++) {
            size_t parent = text_index_find(&index, migration->parents[k]);
            if (parent != TEXT_INDEX_NONE && parent >= i)
                return fail(reader, "migrations[%zu].parents[%zu]: '%s' does not stand before it", i, k,
                            migration->parents[k]);
        }
    }
    return 0;
}

static int check_heads(const struct reader *reader, const struct json_value *list)
{
    const struct migration *const *heads = NULL;
    size_t count = 0;
    if (!migration_set_heads(reader->set, reader->set->arena, &heads, &count))
        return error_no_memory(reader->reterr);
    bool same = json_is_array(list) && json_length(list) == count;
    for (size_t i = 0; same && i < count; i++) {
        const char *text = json_text(json_element(list, i));
        same = text && strcmp(text, heads[i]->revision) == 0;
    }
    return same ? 0 : fail(reader, "heads: are not those of its migrations");
}

static int check_digest(const struct reader *reader, const struct json_value *value)
{
    char digest[SHA256_HEX_SIZE] = "";
    const char *text = json_text(value);
    if (!text)
        return fail(reader, "digest: is missing");
    if (manifest_digest(reader->set, digest, reader->reterr) < 0)
        return -1;
    return strcmp(text, digest) == 0 ? 0
                                     : fail(reader, "digest: is not that of what it holds: it was changed after it was "
                                                    "made; make it anew: migrationctl manifest DIRECTORY");
}

/* Format, version, tool. */
static int read_head(struct reader *reader, const struct json_value *root)
{
    int64_t version = 0;
    const char *format = json_text(json_member(root, "format"));
    const char *name = json_text(json_member(root, "tool"));
    const struct tool *tool = name ? tool_find(name) : NULL;
    if (!format || strcmp(format, MANIFEST_FORMAT) != 0)
        return fail(reader, "format: is not '" MANIFEST_FORMAT "': this is no manifest");
    if (!json_get_integer(json_member(root, "version"), &version) || version < 1)
        return fail(reader, "version: is no number from 1 on");
    if (version > MANIFEST_VERSION)
        return error_set(reader->reterr, ERROR_UNSUPPORTED, "%s: version %" PRId64 " is of a later migrationd",
                         reader->name, version);
    if (!tool)
        return fail(reader, "tool: %s%s%s", name ? "no migration tool '" : "is missing", name ? name : "",
                    name ? "' is known" : "");
    reader->set = migration_set_new(tool->name);
    if (!reader->set)
        return error_no_memory(reader->reterr);
    if (!json_get_boolean(json_member(root, "graph"), &reader->set->graph))
        return fail(reader, "graph: is neither true nor false");
    reader->set->certain = true;
    return 0;
}

static int read_document(struct reader *reader, const struct json_value *root)
{
    static const char *const known[] = {"format", "version", "tool", "graph", "heads", "migrations", "digest", NULL};
    if (!json_is_object(root))
        return fail(reader, "is no object");
    if (read_head(reader, root) < 0 || !reader->set || check_members(reader, root, known, "") < 0)
        return -1;
    const struct json_value *migrations = json_member(root, "migrations");
    if (!json_is_array(migrations))
        return fail(reader, "migrations: is no list");
    for (size_t i = 0; i < json_length(migrations); i++)
        if (read_migration(reader, json_element(migrations, i), i) < 0)
            return -1;
    if (migration_list_finish(&reader->list, reader->set, reader->reterr) < 0)
        return -1;
    if (reader->set->graph && check_graph(reader) < 0)
        return -1;
    if (check_heads(reader, json_member(root, "heads")) < 0 || check_digest(reader, json_member(root, "digest")) < 0)
        return -1;
    return migration_set_digest(reader->set, reader->reterr);
}

int manifest_parse(const char *text, size_t length, const char *name, struct migration_set **ret_set,
                   struct error *reterr)
{
    cleanup(json_document) struct json_document *document = NULL;
    struct reader reader = {.name = name, .reterr = reterr};
    if (json_parse(text, length, LIMIT_JSON_BYTES, name, &document, reterr) < 0)
        return -1;
    int status = read_document(&reader, json_root(document));
    migration_list_done(&reader.list);
    if (status == 0)
        *ret_set = reader.set;
    else
        migration_set_unref(reader.set);
    return status;
}
