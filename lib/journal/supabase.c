/* SPDX-License-Identifier: Apache-2.0
 *
 * The Supabase CLI: a set of versions, which are texts, in a schema of its own.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "journal/file_list.h"
#include "journal/numbered_files.h"
#include "journal/tool_list.h"
#include "journal/version_table.h"

enum { SHAPE_NAMED, SHAPE_VERSIONS };
enum { CELL_VERSION, CELL_NAME };

static const char *const default_tables[] = {"schema_migrations", NULL};
static const char *const named_columns[] = {"version", "statements", "name", NULL};
static const char *const version_columns[] = {"version", NULL};
static const struct cell_request cells[] = {
    [CELL_VERSION] = {"version", CELL_TEXT},
    [CELL_NAME] = {"name", CELL_TEXT},
};
static const struct tool_shape shapes[] = {
    [SHAPE_NAMED] = {.columns = named_columns,
                     .cells = cells,
                     .cell_count = ARRAY_LENGTH(cells),
                     .fits = version_table_fits_supabase},
    [SHAPE_VERSIONS] = {.columns = version_columns,
                        .cells = cells,
                        .cell_count = 1,
                        .fits = version_table_fits_supabase},
};

static int read_row(struct journal_builder *builder, size_t shape, const char *const *row, const size_t *lengths,
                    struct error *reterr)
{
    struct journal_entry *entry = NULL;
    if (version_table_entry(builder, row[CELL_VERSION], lengths[CELL_VERSION], true, &entry, reterr) < 0)
        return -1;
    if (!entry)
        return 0;
    if (shape != SHAPE_NAMED || journal_builder_text(builder, row[CELL_NAME], lengths[CELL_NAME], &entry->label))
        return 0;
    return error_no_memory(reterr);
}

static bool accepts(const char *name)
{
    return numbered_name(name, '_') && has_suffix(name, ".sql");
}

/* The project's settings stand beside its migrations. */
static int seek_settings(const char *directory, const char *path, bool *ret_found, struct error *reterr)
{
    static const char key[] = "project_id";
    cleanup(strbuf) struct strbuf text = STRBUF(FILE_TEXT_BYTES);
    if (*ret_found || !file_exists(directory, path))
        return 0;
    if (file_read(directory, path, &text, reterr) < 0)
        return -1;
    *ret_found = memmem(strbuf_text(&text), text.length, key, sizeof key - 1) != NULL;
    return 0;
}

/* Any tool's files could be these: only the settings prove them. */
static int read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    static const char *const folders[] = {"supabase/migrations", NULL};
    static const struct numbered_layout layout = {
        .title = "Supabase",
        .rule = {.folders = folders, .depth = 1, .accepts = accepts},
        .literal = true,
        .order = order_bytes,
    };
    bool proven = false;
    if (seek_settings(directory, "supabase/config.toml", &proven, reterr) < 0 ||
        seek_settings(directory, "../config.toml", &proven, reterr) < 0)
        return -1;
    set->certain = proven;
    set->faint = !proven;
    return numbered_files_read(&layout, directory, set, reterr);
}

static const struct list_traits traits = {
    .question_key = numbered_literal_question_key,
    .order = order_bytes,
    .late = LATE_REFUSES,
    .unknown_refused = true,
    .apply = "supabase db push",
    .repair_late = "give {file} a version after the newest applied one, or run it all the same: "
                   "supabase db push --include-all",
    .repair_unknown = "fetch what was applied elsewhere: supabase db pull; only if it was taken back by hand: "
                      "supabase migration repair --status reverted {revision}",
    .remark_late = "supabase db push refuses to run while an older version is missing, unless --include-all is "
                   "given",
    .remark_unknown = "supabase db push refuses to run while an applied version has no file",
    .remark_later = "supabase db push itself, run from these files, would stop: an applied version has no file",
};

const struct tool tool_supabase = {
    .name = "supabase",
    .title = "Supabase CLI",
    .default_tables = default_tables,
    .shapes = shapes,
    .shape_count = ARRAY_LENGTH(shapes),
    .row = read_row,
    .facts = {.engines = TOOL_POSTGRES, .files = "supabase/migrations/N_*.sql", .order = "version"},
    .read_files = read_files,
    .traits = &traits,
};
