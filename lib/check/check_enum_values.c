/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether the labels that the code knows are labels of the database's types. Labels that the type has besides are told
 * and do no harm: a newer release may know them. A name that several schemas have is looked at in each.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "check/check_catalogue.h"
#include "check/check_kinds.h"
#include "check/enum_labels.h"

/* Texts longer than a cell are read in pieces; a character has at most four bytes. */
enum { PIECE_CHARACTERS = CHECK_CELL_BYTES / 4 };

struct survey {
    struct check_run *run;
    const struct check_enum *wanted;
    struct check_items items;
    struct strbuf besides;  /* "order_status: archived; …" */
    struct strbuf next;     /* for the first item */
    size_t labels;          /* that were found */
    enum error_code untold; /* why one could not be told; ERROR_OK */
    const char *untold_reason;
    const char *untold_next;
};

static void describe(const struct check *check, struct strbuf *out)
{
    for (size_t i = 0; i < check->enum_count; i++) {
        const struct check_enum *one = &check->enums[i];
        strbuf_printf(out, "%s%s has ", i > 0 ? "; " : "", one->type);
        for (size_t j = 0; j < one->label_count; j++)
            strbuf_printf(out, "%s%s", j > 0 ? ", " : "", one->labels[j]);
    }
}

/* What cannot be told of one does not hide what is wrong with another. */
static int put_off(struct survey *survey, const struct error *error, const char *next, struct error *reterr)
{
    if (error->code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    if (survey->untold != ERROR_OK)
        return 0;
    survey->untold = error->code;
    survey->untold_next = next;
    survey->untold_reason = arena_printf(survey->run->result->arena, "%s: %s", survey->wanted->type, error->message);
    return survey->untold_reason ? 0 : error_no_memory(reterr);
}

static int add_missing_type(struct survey *survey, const char *what, struct error *reterr)
{
    if (survey->items.total == 0)
        strbuf_printf(&survey->next, "migrate the database, or name the %s as the database does",
                      check_engine_of(survey->run) == CHECK_POSTGRES ? "type" : "column");
    return check_add_item(survey->run, &survey->items, reterr, "%s (there is no such %s)", survey->wanted->type, what);
}

/* What adds a label; where a whole list would have to be written, what to do. */
static void advise(struct survey *survey, const char *type, const char *label)
{
    const struct dialect *dialect = survey->run->dialect;
    if (check_engine_of(survey->run) != CHECK_POSTGRES) {
        strbuf_printf(&survey->next, "add '%s' to the list of %s by a migration", label, type);
        return;
    }
    const char *dot = strchr(type, '.');
    strbuf_add_string(&survey->next, "ALTER TYPE ");
    if (dot) {
        cleanup(free) char *schema = mem_strndup(type, (size_t)(dot - type));
        dialect->quote_name(schema ? schema : "", &survey->next);
        strbuf_add_char(&survey->next, '.');
    }
    dialect->quote_name(dot ? dot + 1 : type, &survey->next);
    strbuf_add_string(&survey->next, " ADD VALUE ");
    dialect->quote_text(label, &survey->next);
}

static bool is_wanted(const struct check_enum *wanted, const char *label)
{
    for (size_t i = 0; i < wanted->label_count; i++)
        if (strcmp(wanted->labels[i], label) == 0)
            return true;
    return false;
}

/* Holds what is wanted against the labels of one type. */
static int compare(struct survey *survey, const char *type, const struct label_list *found, struct error *reterr)
{
    const struct check_enum *wanted = survey->wanted;
    survey->labels += found->count;
    for (size_t i = 0; i < wanted->label_count; i++) {
        if (label_list_has(found, wanted->labels[i]))
            continue;
        if (survey->items.total == 0)
            advise(survey, type, wanted->labels[i]);
        if (check_add_item(survey->run, &survey->items, reterr, "%s lacks '%s'", type, wanted->labels[i]) < 0)
            return -1;
    }
    bool first = true;
    for (size_t i = 0; i < found->count && survey->besides.length < CHECK_VALUE_BYTES; i++) {
        if (is_wanted(wanted, found->labels[i]))
            continue;
        if (first)
            strbuf_printf(&survey->besides, "%s%s also has '%s'", survey->besides.length > 0 ? "; " : "", type,
                          found->labels[i]);
        else
            strbuf_printf(&survey->besides, ", '%s'", found->labels[i]);
        first = false;
    }
    return strbuf_ok(&survey->next) && strbuf_ok(&survey->besides) ? 0 : error_no_memory(reterr);
}

/* Rows of PostgreSQL's types: schema and name as shown, whether it is an enum, label; those of one type in turn. */
struct type_reader {
    struct survey *survey;
    char *type; /* that is being read; owned */
    struct label_list labels;
    size_t enums;
    size_t others;
};

static int finish_type(struct type_reader *reader, struct error *reterr)
{
    cleanup(free) char *type = take(reader->type);
    if (!type)
        return 0;
    int status = compare(reader->survey, type, &reader->labels, reterr);
    label_list_done(&reader->labels);
    return status;
}

static int take_label(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    struct type_reader *reader = payload;
    (void)lengths;
    (void)count;
    if (strcmp(cells[1], "e") != 0) {
        reader->others++;
        return 0;
    }
    if (!reader->type || strcmp(reader->type, cells[0]) != 0) {
        if (finish_type(reader, reterr) < 0)
            return -1;
        reader->enums++;
        reader->type = mem_strdup(cells[0]);
        if (!reader->type)
            return error_no_memory(reterr);
    }
    return cells[2] ? label_list_add(&reader->labels, cells[2], reterr) : 0;
}

static void compose_types(const struct check_run *run, const char *type, struct strbuf *sql)
{
    strbuf_add_string(sql, "SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || t.typname,"
                           " t.typtype, e.enumlabel FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
                           " LEFT JOIN pg_enum e ON e.enumtypid = t.oid WHERE (t.typname = ");
    run->dialect->quote_text(type, sql);
    strbuf_add_string(sql, " AND @schemas@)");
    const char *dot = strchr(type, '.');
    if (dot) {
        cleanup(free) char *schema = mem_strndup(type, (size_t)(dot - type));
        strbuf_add_string(sql, " OR (t.typname = ");
        run->dialect->quote_text(dot + 1, sql);
        strbuf_add_string(sql, " AND n.nspname = ");
        run->dialect->quote_text(schema ? schema : "", sql);
        strbuf_add_char(sql, ')');
    }
    strbuf_add_string(sql, " ORDER BY t.typtype = 'e', n.nspname, t.typname, e.enumsortorder");
}

static int read_types(struct type_reader *reader, struct error *reterr)
{
    struct survey *survey = reader->survey;
    cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
    compose_types(survey->run, survey->wanted->type, &sql);
    if (!strbuf_ok(&sql))
        return error_no_memory(reterr);
    if (check_read(survey->run, strbuf_text(&sql), take_label, reader, reterr) < 0 || finish_type(reader, reterr) < 0)
        return -1;
    return reader->enums > 0 ? 0
                             : add_missing_type(survey, reader->others > 0 ? "enum, but another type" : "type", reterr);
}

static int look_at_type(struct survey *survey, struct error *reterr)
{
    struct type_reader reader = {.survey = survey};
    int status = read_types(&reader, reterr);
    mem_free(reader.type);
    label_list_done(&reader.labels);
    return status;
}

/* A text in pieces. */
struct text_reader {
    struct strbuf text;
    bool found;
    bool more;
};

static int take_piece(void *payload, const char *const *cells, const size_t *lengths, size_t count,
                      struct error *reterr)
{
    struct text_reader *reader = payload;
    (void)lengths;
    (void)count;
    reader->found = true;
    reader->more = cells[1] && strcmp(cells[1], "1") == 0;
    strbuf_add_string(&reader->text, cells[0] ? cells[0] : "");
    return strbuf_ok(&reader->text) ? 0 : error_no_memory(reterr);
}

/* The column's type, and on SQLite its table's text. Names that differ in case may be two tables: the exact one wins.
 */
static void compose_piece(const struct check_run *run, const char *table, const char *column, size_t from,
                          struct strbuf *sql)
{
    bool is_file = check_engine_of(run) == CHECK_SQLITE;
    const char *text = is_file ? "sql" : "column_type";
    strbuf_printf(sql, "SELECT SUBSTR(%s, %zu, %d), CASE WHEN LENGTH(SUBSTR(%s, %zu, 1)) > 0 THEN 1 ELSE 0 END FROM ",
                  text, from, PIECE_CHARACTERS, text, from + PIECE_CHARACTERS);
    if (is_file) {
        strbuf_add_string(sql, "sqlite_master WHERE type = 'table' AND name = ");
        run->dialect->quote_text(table, sql);
        strbuf_add_string(sql, " COLLATE NOCASE");
        return;
    }
    strbuf_add_string(sql, "information_schema.columns WHERE table_schema = DATABASE() AND table_name = ");
    run->dialect->quote_text(table, sql);
    strbuf_add_string(sql, " AND column_name = ");
    run->dialect->quote_text(column, sql);
    strbuf_add_string(sql, " ORDER BY table_name = BINARY ");
    run->dialect->quote_text(table, sql);
    strbuf_add_string(sql, " DESC LIMIT 1");
}

static int read_text(struct survey *survey, const char *table, const char *column, struct text_reader *reader,
                     struct error *reterr)
{
    for (size_t from = 1; from == 1 || reader->more; from += PIECE_CHARACTERS) {
        cleanup(strbuf) struct strbuf sql = STRBUF(LIMIT_DEFINITION_BYTES);
        compose_piece(survey->run, table, column, from, &sql);
        if (!strbuf_ok(&sql))
            return error_no_memory(reterr);
        reader->more = false;
        if (check_read(survey->run, strbuf_text(&sql), take_piece, reader, reterr) < 0)
            return -1;
    }
    return 0;
}

static int compare_text(struct survey *survey, const char *column, struct text_reader *reader, struct error *reterr)
{
    cleanup(label_list) struct label_list found = {0};
    struct error error = {0};
    const char *text = strbuf_text(&reader->text);
    int status = check_engine_of(survey->run) == CHECK_SQLITE ? enum_labels_of_check(text, column, &found, &error)
                                                              : enum_labels_of_type(text, &found, &error);
    if (status == 0)
        return compare(survey, survey->wanted->type, &found, reterr);
    return error.code == ERROR_NOT_FOUND ? add_missing_type(survey, "column", reterr)
                                         : put_off(survey, &error, "", reterr);
}

static int read_column(struct survey *survey, const char *table, const char *column, struct text_reader *reader,
                       struct error *reterr)
{
    const struct server_facts *server = survey->run->world->server;
    if (read_text(survey, table, column, reader, reterr) < 0)
        return -1;
    if (reader->found)
        return compare_text(survey, column, reader, reterr);
    if (server->absence_proven)
        return add_missing_type(survey, "column", reterr);
    struct error error = {0};
    error_set(&error, ERROR_FORBIDDEN, "it is not there, or the server hides it from the role %s", server->role);
    return put_off(survey, &error, server->grant_needed, reterr);
}

/* The last dot stands before the column; the database's own name may stand before the table. */
static int look_at_column(struct survey *survey, struct error *reterr)
{
    const char *name = survey->wanted->type;
    const char *dot = strrchr(name, '.');
    struct error error = {0};
    if (!dot) {
        error_set(&error, ERROR_INVALID, "%s has no types of its own: name a column as table.column",
                  survey->run->world->server->engine);
        return put_off(survey, &error, "name it as table.column in the configuration", reterr);
    }
    const char *database = survey->run->world->server->database;
    size_t length = strlen(database);
    if (length > 0 && strncmp(name, database, length) == 0 && name[length] == '.' && name + length < dot)
        name += length + 1;
    cleanup(free) char *table = mem_strndup(name, (size_t)(dot - name));
    if (!table)
        return error_no_memory(reterr);
    struct text_reader reader = {.text = STRBUF(LIMIT_DEFINITION_BYTES)};
    int status = read_column(survey, table, dot + 1, &reader, reterr);
    strbuf_done(&reader.text);
    return status;
}

static int judge(struct survey *survey, struct error *reterr)
{
    struct check_run *run = survey->run;
    const char *names = NULL;
    if (check_name_items(run, &survey->items, &names, reterr) < 0 || check_set_items(run, &survey->items, reterr) < 0)
        return -1;
    if (survey->items.total > 0) {
        if (check_set_value(run, reterr, "%s", names) < 0)
            return -1;
        return check_refuse(run, strbuf_text(&survey->next), reterr, "%s%s%s", names,
                            survey->besides.length > 0 ? "; " : "", strbuf_text(&survey->besides));
    }
    if (survey->untold != ERROR_OK)
        return check_cannot_tell(run, survey->untold, survey->untold_next, reterr, "%s", survey->untold_reason);
    if (check_set_value(run, reterr, "%zu labels", survey->labels) < 0)
        return -1;
    return check_pass(run, reterr, "no label is missing%s%s", survey->besides.length > 0 ? "; " : "",
                      strbuf_text(&survey->besides));
}

static int look(struct survey *survey, struct error *reterr)
{
    bool has_types = check_engine_of(survey->run) == CHECK_POSTGRES;
    const struct check *check = survey->run->check;
    for (size_t i = 0; i < check->enum_count; i++) {
        survey->wanted = &check->enums[i];
        if ((has_types ? look_at_type(survey, reterr) : look_at_column(survey, reterr)) < 0)
            return -1;
    }
    return judge(survey, reterr);
}

static int run_enum_values(struct check_run *run, struct error *reterr)
{
    struct survey survey = {
        .run = run, .besides = STRBUF(LIMIT_DEFINITION_BYTES), .next = STRBUF(LIMIT_DEFINITION_BYTES)};
    int status = look(&survey, reterr);
    strbuf_done(&survey.besides);
    strbuf_done(&survey.next);
    return status;
}

const struct check_kind check_kind_enum_values = {
    .name = "enum_values",
    .doc = "Enum types, or columns of type ENUM or SET, have all the labels that the code knows.",
    .every_ms = INT64_C(5) * 60 * 1000,
    .timeout_ms = INT64_C(5) * 1000,
    .severity = CHECK_FAILS,
    .needs_connection = check_kind_connects,
    .describe = describe,
    .run = run_enum_values,
};
