/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/prisma_files.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/digest.h"
#include "journal/file_list.h"
#include "journal/script_folders.h"

#define LOCK_FILE "migration_lock.toml"

/* Every CRLF becomes an LF, or every LF a CRLF, even that of a CRLF. */
static void convert_lines(const char *text, size_t length, bool to_lf, struct strbuf *out)
{
    for (size_t i = 0; i < length; i++) {
        if (to_lf && text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
            continue;
        if (!to_lf && text[i] == '\n')
            strbuf_add_char(out, '\r');
        strbuf_add_char(out, text[i]);
    }
}

static void add_word(struct strbuf *words, const char *word)
{
    strbuf_add_string(words, words->length > 0 ? " " : "");
    strbuf_add_string(words, word);
}

static void unpad(const char *hex, char ret_hex[static SHA256_HEX_SIZE])
{
    char *out = ret_hex;
    for (; *hex; hex += 2) {
        if (hex[0] != '0')
            *out++ = hex[0];
        *out++ = hex[1];
    }
    *out = '\0';
}

/* The checksum in both spellings. */
static void add_checksum(const char *text, size_t length, struct strbuf *words)
{
    char hex[SHA256_HEX_SIZE] = "";
    char old[SHA256_HEX_SIZE] = "";
    checksum_sha256(text, length, hex);
    unpad(hex, old);
    add_word(words, hex);
    if (strcmp(hex, old) != 0)
        add_word(words, old);
}

const char *prisma_checksums(const char *text, size_t length, struct arena *arena)
{
    enum { WORDS = 6 };
    cleanup(strbuf) struct strbuf words = STRBUF(WORDS * SHA256_HEX_SIZE);
    add_checksum(text, length, &words);
    for (int to_lf = 1; to_lf >= 0 && memchr(text, '\n', length); to_lf--) {
        cleanup(strbuf) struct strbuf other = STRBUF(2 * FILE_TEXT_BYTES);
        convert_lines(text, length, to_lf, &other);
        if (!strbuf_ok(&other))
            return NULL;
        if (other.length != length)
            add_checksum(strbuf_text(&other), other.length, &words);
    }
    return strbuf_ok(&words) ? arena_strdup(arena, strbuf_text(&words)) : NULL;
}

static int set_checksum(struct migration *migration, const char *directory, struct arena *arena, struct strbuf *text,
                        struct error *reterr)
{
    strbuf_clear(text);
    if (file_read(directory, migration->file, text, reterr) < 0)
        return -1;
    migration->checksum = prisma_checksums(strbuf_text(text), text->length, arena);
    return migration->checksum ? 0 : error_no_memory(reterr);
}

int prisma_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const parents[] = {"prisma/migrations", "migrations", NULL};
    static const struct script_folders_rule rule = {.title = "Prisma", .parents = parents, .script = "migration.sql"};
    cleanup(migration_list) struct migration_list list = {0};
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    const char *parent = NULL;
    if (script_folders_read(directory, &rule, set, &list, &parent, reterr) < 0)
        return -1;
    const char *lock = arena_printf(set->arena, "%s%s" LOCK_FILE, parent, *parent ? "/" : "");
    if (!lock)
        return error_no_memory(reterr);
    set->certain = file_exists(directory, lock);
    for (size_t i = 0; i < list.count; i++)
        if (set_checksum(&list.items[i], directory, set->arena, &text, reterr) < 0)
            return -1;
    return migration_list_finish(&list, set, reterr);
}
