/* SPDX-License-Identifier: Apache-2.0
 *
 * Journal rows of every tool and shape, folded and compared. The first two bytes choose tool and shape, or the tool's
 * name, 0x1f and a digit do, which holds when there are more tools; then rows end with 0x1e and cells with 0x1f; a cell
 * of the one byte 0x15 is NULL. A journal always comes out, valid UTF-8, and answers every question.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "journal/journal_builder.h"
#include "journal/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROW_END = 0x1e, CELL_END = 0x1f, CELL_NULL = 0x15, CELLS_MAXIMUM = 32, ARENA_BYTES = 64 * 1024 * 1024 };

/* Splits one row; cells that are missing are NULL. Copies, so that overruns are seen. */
static void feed_row(struct journal_builder *builder, size_t cell_count, const uint8_t *row, size_t length)
{
    char *copies[CELLS_MAXIMUM] = {0};
    const char *cells[CELLS_MAXIMUM] = {0};
    size_t lengths[CELLS_MAXIMUM] = {0};
    for (size_t i = 0; i < cell_count && length > 0; i++) {
        const uint8_t *end = memchr(row, CELL_END, length);
        size_t cell = end ? (size_t)(end - row) : length;
        if (cell != 1 || row[0] != CELL_NULL) {
            copies[i] = mem_strndup((const char *)row, cell);
            cells[i] = copies[i];
            lengths[i] = cell;
        }
        row += cell + (end != NULL);
        length -= cell + (end != NULL);
    }
    if (journal_builder_row(builder, cells, lengths, cell_count, NULL) < 0)
        abort();
    for (size_t i = 0; i < cell_count; i++)
        mem_free(copies[i]);
}

static void check_text(const char *text)
{
    if (text && !utf8_is_valid(text, strlen(text)))
        abort();
}

static bool is_applied(const struct journal *journal, const char *revision)
{
    for (size_t i = 0; i < journal->entry_count; i++)
        if (journal_entry_is_applied(&journal->entries[i]) && strcmp(journal->entries[i].revision, revision) == 0)
            return true;
    return false;
}

static void ask(const struct tool *tool, const struct journal *journal, const struct migration_set *set,
                const char *revision)
{
    for (int match = 0; match < MATCHES; match++) {
        cleanup(arena) struct arena *arena = arena_new(ARENA_BYTES);
        struct comparison comparison = {0};
        const struct compare_request request = {.journal = journal,
                                                .expected = set,
                                                .revision = revision,
                                                .match = (enum match)match,
                                                .source = revision ? SOURCE_REQUEST : SOURCE_DIRECTORY};
        if (!arena || tool_compare(tool, &request, arena, &comparison, NULL) < 0)
            abort();
        /* What is entered as applied is applied. */
        if (revision && is_applied(journal, revision) && !journal->heads_only && !set && !comparison.target_applied)
            abort();
    }
}

/* Every second entry as if it had a file. */
static struct migration_set *files_of(const struct journal *journal)
{
    struct migration_set *set = migration_set_new(journal->address.tool);
    struct migration *migrations = set ? arena_array(set->arena, journal->entry_count, sizeof *migrations) : NULL;
    if (!migrations)
        abort();
    for (size_t i = 0; i < journal->entry_count; i += 2)
        migrations[set->count++] = (struct migration){.revision = journal->entries[i].revision,
                                                      .key = journal->entries[i].key,
                                                      .file = "file",
                                                      .checksum = "0",
                                                      .repeatable = journal->entries[i].repeatable};
    set->migrations = migrations;
    return set;
}

/* A tool's name at the beginning, with its shape; they are taken off. */
static const struct tool *named_tool(const uint8_t **data, size_t *size, size_t *ret_shape)
{
    const uint8_t *end = memchr(*data, CELL_END, *size);
    size_t length = end ? (size_t)(end - *data) : 0;
    for (size_t i = 0; end && tools[i]; i++) {
        if (strlen(tools[i]->name) != length || memcmp(tools[i]->name, *data, length) != 0 || *size < length + 2)
            continue;
        *ret_shape = (uint8_t)(end[1] - '0') % tools[i]->shape_count;
        *data += length + 2;
        *size -= length + 2;
        return tools[i];
    }
    return NULL;
}

static const struct tool *numbered_tool(const uint8_t **data, size_t *size, size_t *ret_shape)
{
    size_t count = 0;
    while (tools[count])
        count++;
    if (count == 0)
        abort();
    const struct tool *tool = tools[(*data)[0] % count];
    *ret_shape = (*data)[1] % tool->shape_count;
    *data += 2;
    *size -= 2;
    return tool;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct journal_address address = {.schema = "s", .table = "t"};
    size_t shape = 0;
    if (size < 2)
        return 0;
    const struct tool *tool = named_tool(&data, &size, &shape);
    if (!tool)
        tool = numbered_tool(&data, &size, &shape);
    cleanup(journal_builder) struct journal_builder builder = {0};
    cleanup(journal) struct journal *journal = NULL;
    if (journal_builder_init(&builder, tool, shape, &address, NULL) < 0)
        abort();
    while (size > 0) {
        const uint8_t *end = memchr(data, ROW_END, size);
        size_t length = end ? (size_t)(end - data) : size;
        feed_row(&builder, tool->shapes[shape].cell_count, data, length);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if (journal_builder_finish(&builder, false, &journal, NULL) < 0)
        abort();
    for (size_t i = 0; i < journal->entry_count; i++) {
        check_text(journal->entries[i].revision);
        check_text(journal->entries[i].label);
        if (journal->entries[i].state == ENTRY_REVOKES)
            abort();
    }
    cleanup(migration_set) struct migration_set *set = files_of(journal);
    ask(tool, journal, set, NULL);
    ask(tool, journal, NULL, "1.0");
    for (size_t i = 0; i < journal->entry_count && i < 4; i++) {
        ask(tool, journal, set, journal->entries[i].revision);
        ask(tool, journal, NULL, journal->entries[i].revision);
    }
    return 0;
}
