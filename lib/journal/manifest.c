/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/manifest.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "journal/file_list.h"
#include "journal/manifest_reader.h"
#include "json/json_writer.h"

static void add_text(struct json_writer *writer, const char *key, const char *text)
{
    if (text)
        json_key_string(writer, key, text);
}

static void add_flag(struct json_writer *writer, const char *key, bool flag)
{
    if (flag)
        json_key_boolean(writer, key, true);
}

static void add_texts(struct json_writer *writer, const char *key, const char *const *texts, size_t count)
{
    if (count == 0)
        return;
    json_key_array(writer, key);
    for (size_t i = 0; i < count; i++)
        json_add_string(writer, texts[i]);
    json_close_array(writer);
}

/* On one line, so that two manifests can be read side by side. */
static void add_migration(struct json_writer *writer, const struct migration *migration)
{
    unsigned indent = writer->indent;
    json_open_object(writer);
    writer->indent = 0;
    json_key_string(writer, "revision", migration->revision);
    add_text(writer, "key", migration->key);
    add_text(writer, "part", migration->part);
    add_text(writer, "file", migration->file);
    add_text(writer, "checksum", migration->checksum);
    add_text(writer, "engines", migration->engines);
    add_text(writer, "condition", migration->condition);
    add_texts(writer, "parents", migration->parents, migration->parent_count);
    add_texts(writer, "replaces", migration->replaces, migration->replaced_count);
    add_flag(writer, "repeatable", migration->repeatable);
    add_flag(writer, "baseline", migration->baseline);
    add_flag(writer, "checksum_uncertain", migration->checksum_uncertain);
    json_close_object(writer);
    writer->indent = indent;
}

/* `digest` NULL: the text that the digest is over. */
static bool render(const struct migration_set *set, unsigned indent, const char *digest, struct strbuf *out)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_MIGRATION_SET_BYTES);
    const struct migration *const *heads = NULL;
    struct json_writer writer = {0};
    size_t count = 0;
    if (!arena || !migration_set_heads(set, arena, &heads, &count))
        return false;
    json_writer_init(&writer, out, indent);
    json_open_object(&writer);
    json_key_string(&writer, "format", MANIFEST_FORMAT);
    json_key_integer(&writer, "version", MANIFEST_VERSION);
    json_key_string(&writer, "tool", set->tool);
    json_key_boolean(&writer, "graph", set->graph);
    json_key_array(&writer, "heads");
    writer.indent = 0;
    for (size_t i = 0; i < count; i++)
        json_add_string(&writer, heads[i]->revision);
    json_close_array(&writer);
    writer.indent = indent;
    json_key_array(&writer, "migrations");
    for (size_t i = 0; i < set->count; i++)
        add_migration(&writer, &set->migrations[i]);
    json_close_array(&writer);
    add_text(&writer, "digest", digest);
    json_close_object(&writer);
    return json_writer_ok(&writer);
}

int manifest_digest(const struct migration_set *set, char ret_hex[static SHA256_HEX_SIZE], struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_JSON_BYTES);
    if (!render(set, 0, NULL, &text))
        return error_no_memory(reterr);
    checksum_sha256(strbuf_text(&text), text.length, ret_hex);
    return 0;
}

int manifest_write(const struct migration_set *set, struct strbuf *out, struct error *reterr)
{
    char digest[SHA256_HEX_SIZE] = "";
    if (manifest_digest(set, digest, reterr) < 0)
        return -1;
    if (!render(set, 1, digest, out))
        return error_no_memory(reterr);
    strbuf_add_char(out, '\n');
    return strbuf_ok(out) ? 0 : error_no_memory(reterr);
}

/* file_read joins a folder and a path. */
static const char *folder_of(const char *path)
{
    return *path == '/' ? "" : ".";
}

int manifest_read(const char *path, struct migration_set **ret_set, struct error *reterr)
{
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (file_read(folder_of(path), path, &text, reterr) < 0)
        return -1;
    return manifest_parse(strbuf_text(&text), text.length, path, ret_set, reterr);
}

int manifest_token(const char *path, struct digest *ret_token, struct error *reterr)
{
    struct stat status = {0};
    if (stat(path, &status) < 0)
        return error_set(reterr, ERROR_IO, "%s: %s", path, strerror(errno));
    const int64_t parts[] = {status.st_size, (int64_t)status.st_ino, (int64_t)status.st_dev, status.st_mtim.tv_sec,
                             status.st_mtim.tv_nsec};
    *ret_token = digest_of(parts, sizeof parts);
    return 0;
}
