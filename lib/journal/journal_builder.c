/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/journal_builder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "journal/tool.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

enum {
    DIGEST_CHUNK = 64 * 1024, /* rows are hashed in pieces of this size */
    CELLS_MAXIMUM = 32,       /* of one row; the widest journal has 14 columns */
    NOTE_SIZE = 240,
    ESCAPE_SIZE = 4 /* \xHH */
};

int journal_builder_init(struct journal_builder *builder, const struct tool *tool, size_t shape,
                         const struct journal_address *address, struct error *reterr)
{
    struct journal_address named = *address;
    named.tool = tool->name;
    *builder = (struct journal_builder){
        .journal = journal_new(&named),
        .tool = tool,
        .shape = shape,
        .digested = STRBUF(DIGEST_CHUNK + CELLS_MAXIMUM * (LIMIT_JOURNAL_CELL + sizeof(uint32_t))),
    };
    if (!builder->journal)
        return error_no_memory(reterr);
    builder->journal->shape = shape;
    return 0;
}

void journal_builder_done(struct journal_builder *builder)
{
    journal_unref(builder->journal);
    mem_free(builder->entries);
    strbuf_done(&builder->digested);
    *builder = (struct journal_builder){0};
}

/* Chains: each piece is hashed together with the hash of all before it. */
static void fold_digest(struct journal_builder *builder)
{
    if (!strbuf_ok(&builder->digested))
        return;
    struct journal *journal = builder->journal;
    journal->digest = digest_of(strbuf_text(&builder->digested), builder->digested.length);
    strbuf_clear(&builder->digested);
    strbuf_add(&builder->digested, (const char *)journal->digest.bytes, sizeof journal->digest.bytes);
}

static void digest_row(struct journal_builder *builder, const char *const *cells, const size_t *lengths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t length = cells[i] ? (uint32_t)lengths[i] : UINT32_MAX;
        strbuf_add(&builder->digested, (const char *)&length, sizeof length);
        if (cells[i])
            strbuf_add(&builder->digested, cells[i], lengths[i]);
    }
    if (builder->digested.length >= DIGEST_CHUNK)
        fold_digest(builder);
}

void journal_builder_go_beside(struct journal_builder *builder)
{
    builder->beside = builder->tool->shapes[builder->shape].beside;
}

int journal_builder_row(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                        struct error *reterr)
{
    struct journal_builder *builder = payload;
    const struct tool_beside *beside = builder->beside;
    size_t expected = beside ? beside->cell_count : builder->tool->shapes[builder->shape].cell_count;
    if (count != expected || count > CELLS_MAXIMUM)
        return error_set(reterr, ERROR_INTERNAL, "a row of %zu cells instead of %zu", count, expected);
    builder->journal->row_count++;
    digest_row(builder, cells, lengths, count);
    if (builder->digest_only)
        return 0;
    return beside ? beside->row(builder, cells, lengths, reterr)
                  : builder->tool->row(builder, builder->shape, cells, lengths, reterr);
}

struct journal_entry *journal_builder_entry(struct journal_builder *builder, struct error *reterr)
{
    if (builder->count >= LIMIT_JOURNAL_ROWS) {
        error_set(reterr, ERROR_TRUNCATED, "more than %u rows", LIMIT_JOURNAL_ROWS);
        return NULL;
    }
    if (!mem_grow(&builder->entries, &builder->capacity, builder->count, sizeof *builder->entries,
                  LIMIT_JOURNAL_ROWS)) {
        error_no_memory(reterr);
        return NULL;
    }
    struct journal_entry *entry = &builder->entries[builder->count++];
    *entry = (struct journal_entry){.applied_at_ms = TIME_UNKNOWN, .rank = (int64_t)builder->journal->row_count};
    return entry;
}

/* Length of the sequence at `text` that may be copied as it is; 0: the byte must be escaped. */
static size_t copyable(const char *text, size_t length)
{
    return *text == '\0' ? 0 : utf8_decode(text, length, NULL);
}

bool journal_builder_text(struct journal_builder *builder, const char *cell, size_t length, const char **ret_text)
{
    *ret_text = NULL;
    if (!cell)
        return true;
    if (!memchr(cell, '\0', length) && utf8_is_valid(cell, length)) {
        *ret_text = arena_strndup(builder->journal->arena, cell, length);
        return *ret_text != NULL;
    }
    char *text = arena_array(builder->journal->arena, length + 1, ESCAPE_SIZE);
    if (!text)
        return false;
    size_t out = 0;
    for (size_t in = 0; in < length;) {
        size_t size = copyable(cell + in, length - in);
        if (size > 0) {
            memcpy(text + out, cell + in, size);
            out += size;
            in += size;
        } else {
            snprintf(text + out, ESCAPE_SIZE + 1, "\\x%02x", (unsigned char)cell[in++]);
            out += ESCAPE_SIZE;
        }
    }
    *ret_text = text;
    return true;
}

void journal_builder_invalid(struct journal_builder *builder, const char *format, ...)
{
    struct journal *journal = builder->journal;
    if (journal->invalid)
        return;
    char note[NOTE_SIZE] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(note, sizeof note, format, arguments);
    va_end(arguments);
    utf8_make_line(note, sizeof note);
    const char *copy = arena_printf(journal->arena, "row %zu: %s", journal->row_count, note);
    journal->invalid = copy ? copy : "a row that cannot be this tool's";
}

static const char *key_of(const struct journal_entry *entry)
{
    return entry->key ? entry->key : entry->revision;
}

/* Entries of one key, newest first: `newest` by the key's number, `earlier` by the entry's. */
struct fold {
    struct text_index keys;
    size_t *newest;
    size_t *earlier;
    bool *dead;
};

static bool fold_init(struct fold *fold, struct arena *arena, size_t count)
{
    fold->newest = arena_array(arena, count, sizeof *fold->newest);
    fold->earlier = arena_array(arena, count, sizeof *fold->earlier);
    fold->dead = arena_array(arena, count, sizeof *fold->dead);
    return fold->newest && fold->earlier && fold->dead && text_index_init(&fold->keys, arena, count);
}

static void fold_entry(struct fold *fold, const struct journal_entry *entries, size_t i)
{
    size_t key = text_index_add(&fold->keys, key_of(&entries[i]), i);
    size_t *newest = &fold->newest[key];
    if (key == i)
        *newest = SIZE_MAX;
    if (entries[i].state == ENTRY_BASELINE)
        return;
    if (*newest != SIZE_MAX && (entries[i].state == ENTRY_REVOKES || entries[i].repeatable)) {
        fold->dead[*newest] = true;
        *newest = fold->earlier[*newest];
    }
    fold->dead[i] = entries[i].state == ENTRY_REVOKES;
    if (!fold->dead[i]) {
        fold->earlier[i] = *newest;
        *newest = i;
    }
}

int journal_builder_fold(struct journal_builder *builder, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct fold fold = {0};
    if (!arena || !fold_init(&fold, arena, builder->count))
        return error_no_memory(reterr);
    for (size_t i = 0; i < builder->count; i++)
        fold_entry(&fold, builder->entries, i);
    size_t kept = 0;
    for (size_t i = 0; i < builder->count; i++)
        if (!fold.dead[i])
            builder->entries[kept++] = builder->entries[i];
    builder->count = kept;
    return 0;
}

/* By part, within it by rank. */
static int compare_parts(const void *a, const void *b)
{
    const struct journal_entry *left = a;
    const struct journal_entry *right = b;
    int by_part = strcmp(left->part ? left->part : "", right->part ? right->part : "");
    return by_part ? by_part : (left->rank > right->rank) - (left->rank < right->rank);
}

bool journal_builder_is_same(struct journal_builder *builder, bool truncated, const struct journal *before)
{
    fold_digest(builder);
    return strbuf_ok(&builder->digested) && truncated == before->truncated &&
           builder->journal->row_count == before->row_count && digest_equal(builder->journal->digest, before->digest);
}

/* A long journal moves into one that holds its entries packed, without the texts as they were read. */
static void pack(struct journal_builder *builder)
{
    struct journal *whole = builder->journal;
    cleanup(journal) struct journal *packed = journal_new(&whole->address);
    if (!packed)
        return;
    const struct journal_pack *entries = journal_pack_make(packed->arena, builder->entries, builder->count);
    const char *invalid = arena_strdup(packed->arena, whole->invalid);
    if (!entries || (whole->invalid && !invalid))
        return;
    packed->shape = whole->shape;
    packed->row_count = whole->row_count;
    packed->heads_only = whole->heads_only;
    packed->digest = whole->digest;
    packed->invalid = invalid;
    packed->pack = entries;
    builder->journal = take(packed);
    journal_unref(whole);
}

static int keep_entries(struct journal_builder *builder, struct error *reterr)
{
    if (builder->count >= JOURNAL_PACKED_FROM && !builder->journal->heads_only)
        pack(builder);
    if (builder->journal->pack)
        return 0;
    struct journal_entry *entries = arena_array(builder->journal->arena, builder->count, sizeof *entries);
    if (!entries)
        return error_no_memory(reterr);
    if (builder->count > 0)
        memcpy(entries, builder->entries, builder->count * sizeof *entries);
    builder->journal->entries = entries;
    return 0;
}

int journal_builder_finish(struct journal_builder *builder, bool truncated, struct journal **ret_journal,
                           struct error *reterr)
{
    if (!strbuf_ok(&builder->digested))
        return error_no_memory(reterr);
    fold_digest(builder);
    if (builder->tool->finish && builder->tool->finish(builder, reterr) < 0)
        return -1;
    if (builder->tool->parts && builder->count > 0)
        qsort(builder->entries, builder->count, sizeof *builder->entries, compare_parts);
    if (keep_entries(builder, reterr) < 0)
        return -1;
    builder->journal->entry_count = builder->count;
    builder->journal->truncated = truncated;
    *ret_journal = take(builder->journal);
    journal_builder_done(builder);
    return 0;
}

bool cell_integer(const char *cell, int64_t *ret_integer)
{
    if (!cell || !(*cell == '-' || (*cell >= '0' && *cell <= '9')))
        return false;
    char *end = NULL;
    errno = 0;
    *ret_integer = strtoimax(cell, &end, 10);
    return errno == 0 && end != cell && *end == '\0';
}
