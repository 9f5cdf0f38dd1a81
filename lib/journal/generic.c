/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/generic.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "journal/compare_list.h"
#include "journal/generic_files.h"
#include "journal/journal_builder.h"
#include "journal/tool_locks.h"
#include "model/journal_pack.h"
#include "model/text_index.h"

enum { CELL_REVISION, CELL_APPLIED, CELL_STATE, CELL_CHECKSUM, CELLS };
enum { COLUMNS = CELLS + 1 }; /* with the NULL behind them */

/* A tool and what it is made of. */
struct generic {
    struct tool tool;
    struct tool_shape shape;
    const char *columns[COLUMNS];
    struct cell_request cells[CELLS];
    struct generic_settings settings;
};

static const struct generic *generic_of(const struct tool *tool)
{
    return (const struct generic *)tool; /* its first member */
}

static const char *const order_names[GENERIC_ORDERS] = {
    [GENERIC_NUMBER] = "number", [GENERIC_TEXT] = "text", [GENERIC_TIME] = "time"};

const char *generic_order_name(enum generic_order order)
{
    return order_names[order];
}

enum generic_order generic_order_from_name(const char *name)
{
    unsigned order = 0;
    while (order < GENERIC_ORDERS && strcmp(order_names[order], name) != 0)
        order++;
    return (enum generic_order)order;
}

/* What home-made journals call an outcome; false: nothing that is known. */
static bool read_state(const char *text, enum entry_state *ret_state)
{
    static const struct {
        const char *text;
        enum entry_state state;
    } states[] = {
        {"1", ENTRY_APPLIED},        {"t", ENTRY_APPLIED},           {"true", ENTRY_APPLIED},
        {"y", ENTRY_APPLIED},        {"yes", ENTRY_APPLIED},         {"ok", ENTRY_APPLIED},
        {"done", ENTRY_APPLIED},     {"success", ENTRY_APPLIED},     {"succeeded", ENTRY_APPLIED},
        {"applied", ENTRY_APPLIED},  {"complete", ENTRY_APPLIED},    {"completed", ENTRY_APPLIED},
        {"executed", ENTRY_APPLIED}, {"finished", ENTRY_APPLIED},    {"0", ENTRY_FAILED},
        {"f", ENTRY_FAILED},         {"false", ENTRY_FAILED},        {"n", ENTRY_FAILED},
        {"no", ENTRY_FAILED},        {"fail", ENTRY_FAILED},         {"failed", ENTRY_FAILED},
        {"failure", ENTRY_FAILED},   {"error", ENTRY_FAILED},        {"pending", ENTRY_DIRTY},
        {"running", ENTRY_DIRTY},    {"started", ENTRY_DIRTY},       {"in_progress", ENTRY_DIRTY},
        {"dirty", ENTRY_DIRTY},      {"applying", ENTRY_DIRTY},      {"reverted", ENTRY_REVOKES},
        {"undone", ENTRY_REVOKES},   {"rolled_back", ENTRY_REVOKES}, {"rollback", ENTRY_REVOKES},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(states); i++)
        if (strcasecmp(states[i].text, text) == 0) {
            *ret_state = states[i].state;
            return true;
        }
    return false;
}

static bool is_valid_row(struct journal_builder *builder, const struct generic *generic, const char *const *row,
                         const size_t *lengths)
{
    const char *revision = row[CELL_REVISION];
    enum entry_state state = ENTRY_APPLIED;
    if (!revision || lengths[CELL_REVISION] == 0)
        journal_builder_invalid(builder, "%s is empty", generic->settings.revision);
    else if (generic->settings.order == GENERIC_NUMBER && !revision[strcspn(revision, "0123456789")])
        journal_builder_invalid(builder, "%s holds no number: %s", generic->settings.revision, revision);
    else if (generic->settings.state && !row[CELL_STATE])
        journal_builder_invalid(builder, "%s is NULL", generic->settings.state);
    else if (generic->settings.state && !read_state(row[CELL_STATE], &state))
        journal_builder_invalid(builder, "%s is '%s', whose meaning is not known", generic->settings.state,
                                row[CELL_STATE]);
    else
        return true;
    return false;
}

/* Bytes of PostgreSQL and capitals are checksums, too. */
static bool set_checksum(struct journal_builder *builder, struct journal_entry *entry, const char *text, size_t length)
{
    if (!text || length == 0)
        return true;
    if (strncmp(text, "\\x", 2) == 0) {
        text += 2;
        length -= 2;
    }
    char *copy = arena_strndup(builder->journal->arena, text, length);
    for (char *byte = copy; byte && *byte; byte++)
        if (*byte >= 'A' && *byte <= 'F')
            *byte = (char)(*byte - 'A' + 'a');
    return copy && journal_builder_text(builder, copy, strlen(copy), &entry->checksum);
}

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    const struct generic *generic = generic_of(builder->tool);
    (void)shape;
    if (!is_valid_row(builder, generic, row, lengths))
        return 0;
    struct journal_entry *entry = journal_builder_entry(builder, reterr);
    if (!entry)
        return -1;
    if (generic->settings.state)
        read_state(row[CELL_STATE], &entry->state);
    if (!generic->settings.applied_at || !cell_integer(row[CELL_APPLIED], &entry->applied_at_ms))
        entry->applied_at_ms = TIME_UNKNOWN;
    if (!journal_builder_text(builder, row[CELL_REVISION], lengths[CELL_REVISION], &entry->revision) ||
        (generic->settings.checksum && !set_checksum(builder, entry, row[CELL_CHECKSUM], lengths[CELL_CHECKSUM])))
        return error_no_memory(reterr);
    return 0;
}

/* Of one revision the last row counts: a failed one may be tried again. Which order is configured is left in the shape,
 * where the comparison finds it. */
static int finish(struct journal_builder *builder, struct error *reterr)
{
    cleanup(arena) struct arena *arena = arena_new(LIMIT_JOURNAL_BYTES);
    struct text_index last = {0};
    if (builder->tool != generic_tool)
        builder->journal->shape = generic_of(builder->tool)->settings.order;
    if (!arena || !text_index_init(&last, arena, builder->count))
        return error_no_memory(reterr);
    size_t kept = builder->count;
    for (size_t i = builder->count; i-- > 0;)
        if (text_index_add(&last, builder->entries[i].revision, i) == i && builder->entries[i].state != ENTRY_REVOKES)
            builder->entries[--kept] = builder->entries[i];
    builder->count -= kept;
    if (builder->count > 0)
        memmove(builder->entries, builder->entries + kept, builder->count * sizeof *builder->entries);
    return 0;
}

static bool number_of_entry(const struct journal_entry *entry, struct arena *arena, const char **ret_key)
{
    if (!generic_number(entry->revision, arena, ret_key))
        return false;
    if (!*ret_key)
        *ret_key = entry->revision;
    return true;
}

/* What its file's name begins with; a manifest need not say. */
static const char *beginning_of(const struct migration *migration)
{
    return migration->key ? migration->key : migration->revision;
}

/* Whether the journal records the whole names of the files or what they begin with: by the rows that fit either; while
 * there are none, by whether each begins with a number of its own. */
static bool records_names(const struct journal_entry *entries, size_t entry_count, const struct migration_set *set,
                          const struct text_index *names, const struct text_index *keys)
{
    size_t whole = 0;
    size_t begun = 0;
    bool distinct = true;
    for (size_t i = 0; i < entry_count; i++) {
        whole += text_index_find(names, entries[i].revision) != TEXT_INDEX_NONE;
        begun += text_index_find(keys, entries[i].revision) != TEXT_INDEX_NONE;
    }
    for (size_t i = 0; i < set->count; i++) {
        const char *key = beginning_of(&set->migrations[i]);
        distinct = distinct && strcspn(key, "0123456789") < 2 && text_index_find(keys, key) == i;
    }
    return whole != begun ? whole > begun : !distinct;
}

static bool records_checksums(const struct journal_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].checksum)
            return true;
    return false;
}

/* The expected migrations, named as the journal names them. False: no memory. */
static bool rename_expected(const struct compare_request *request, bool numbers, struct arena *arena,
                            struct migration_set *ret_set)
{
    const struct migration_set *set = request->expected;
    const struct journal_entry *entries = NULL;
    struct text_index names = {0};
    struct text_index keys = {0};
    struct migration *migrations = arena_array(arena, set->count, sizeof *migrations);
    if (!migrations || !journal_entries(request->journal, arena, &entries) ||
        !text_index_init(&names, arena, set->count) || !text_index_init(&keys, arena, set->count))
        return false;
    for (size_t i = 0; i < set->count; i++) {
        text_index_add(&names, set->migrations[i].revision, i);
        text_index_add(&keys, beginning_of(&set->migrations[i]), i);
    }
    size_t count = request->journal->entry_count;
    bool whole = records_names(entries, count, set, &names, &keys);
    bool checked = records_checksums(entries, count);
    *ret_set = *set;
    ret_set->migrations = migrations;
    for (size_t i = 0; i < set->count; i++) {
        struct migration *migration = &migrations[i];
        *migration = set->migrations[i];
        if (!whole)
            migration->revision = beginning_of(migration);
        migration->key = NULL;
        if (!checked)
            migration->checksum = NULL;
        if (numbers && !generic_number(migration->revision, arena, &migration->key))
            return false;
    }
    return true;
}

#define SENTENCES                                                                                                      \
    .late = LATE_APPLIES, .uncertain = "no digest of the file is what was recorded; how that is computed is not known"

static int compare(const struct compare_request *request, struct arena *arena, struct comparison *ret_comparison,
                   struct error *reterr)
{
    static const struct list_traits traits[GENERIC_ORDERS] = {
        [GENERIC_NUMBER] = {SENTENCES, .entry_key = number_of_entry, .question_key = generic_number,
                            .order = order_numbers},
        [GENERIC_TEXT] = {SENTENCES, .by_revision = true, .order = order_bytes},
        [GENERIC_TIME] = {SENTENCES, .by_revision = true},
    };
    size_t order = request->journal->shape < GENERIC_ORDERS ? request->journal->shape : GENERIC_TEXT;
    struct compare_request own = *request;
    struct migration_set expected = {0};
    if (own.expected) {
        if (!rename_expected(request, order == GENERIC_NUMBER, arena, &expected))
            return error_no_memory(reterr);
        own.expected = &expected;
    }
    return compare_list(&own, &traits[order], arena, ret_comparison, reterr);
}

static bool fits_nothing(const struct schema *schema, const struct schema_relation *relation)
{
    (void)schema;
    (void)relation;
    return false;
}

static const char *const no_tables[] = {NULL};

#define TOOL                                                                                                           \
    .name = "generic", .title = "the configured tool", .default_tables = no_tables, .row = read_row, .finish = finish, \
    .locks = tool_locks_written_table, .read_files = generic_read_files, .compare = compare,                           \
    .facts = {.engines = TOOL_EVERYWHERE,                                                                              \
              .files = "*.sql, or scripts",                                                                            \
              .order = "as configured",                                                                                \
              .failure = "as configured",                                                                              \
              .lock = "the journal's row lock (PostgreSQL)",                                                           \
              .checksum = "MD5, SHA-1, SHA-256 or SHA-384, if it is one of them"}

static const char *const all_columns[] = {"revision", "applied_at", "state", "checksum", NULL};
static const struct cell_request all_cells[CELLS] = {
    [CELL_REVISION] = {"revision", CELL_TEXT},
    [CELL_APPLIED] = {"applied_at", CELL_TIME_MS},
    [CELL_STATE] = {"state", CELL_TEXT},
    [CELL_CHECKSUM] = {"checksum", CELL_TEXT},
};
static const struct tool_shape all_shapes[GENERIC_ORDERS] = {
    [GENERIC_NUMBER] = {.columns = all_columns, .cells = all_cells, .cell_count = CELLS, .fits = fits_nothing},
    [GENERIC_TEXT] = {.columns = all_columns, .cells = all_cells, .cell_count = CELLS, .fits = fits_nothing},
    [GENERIC_TIME] = {.columns = all_columns, .cells = all_cells, .cell_count = CELLS, .fits = fits_nothing},
};

static const struct generic any = {
    .tool = {TOOL, .shapes = all_shapes, .shape_count = GENERIC_ORDERS},
    .settings = {.revision = "revision",
                 .applied_at = "applied_at",
                 .state = "state",
                 .checksum = "checksum",
                 .order = GENERIC_TEXT},
};

const struct tool *const generic_tool = &any.tool;

bool tool_is_generic(const struct tool *tool)
{
    return tool && strcmp(tool->name, any.tool.name) == 0;
}

/* A column that is not configured is asked for as the revision: a request has no gaps. */
const struct tool *generic_tool_new(const struct generic_settings *settings, struct arena *arena)
{
    struct generic *generic = arena_alloc(arena, sizeof *generic);
    if (!generic)
        return NULL;
    const char *wanted[CELLS] = {settings->revision, settings->applied_at, settings->state, settings->checksum};
    size_t columns = 0;
    for (size_t i = 0; i < CELLS; i++) {
        enum cell_form form = i == CELL_APPLIED && wanted[i] ? CELL_TIME_MS : CELL_TEXT;
        generic->cells[i] = (struct cell_request){wanted[i] ? wanted[i] : settings->revision, form};
        if (wanted[i])
            generic->columns[columns++] = wanted[i];
    }
    generic->settings = *settings;
    generic->shape = (struct tool_shape){
        .columns = generic->columns,
        .cells = generic->cells,
        .cell_count = CELLS,
        .order_by = settings->applied_at ? settings->applied_at : settings->revision,
    };
    const struct tool tool = {TOOL, .shapes = &generic->shape, .shape_count = 1};
    memcpy(&generic->tool, &tool, sizeof tool);
    return &generic->tool;
}
