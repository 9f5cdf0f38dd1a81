/* SPDX-License-Identifier: Apache-2.0 */
#include "check/enum_labels.h"

#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "dialect/mysql_lexer.h"
#include "dialect/sqlite_ddl.h"
#include "dialect/sqlite_token.h"

/* MySQL's ENUM has at most 65,535; PostgreSQL's and SQLite's fewer, as people read them. */
enum { LABELS_MAX = 65536 };

void label_list_done(struct label_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        mem_free(list->labels[i]);
    mem_free(list->labels);
    *list = (struct label_list){0};
}

static int add_owned(struct label_list *list, char *label, struct error *reterr)
{
    if (list->count == LABELS_MAX) {
        mem_free(label);
        return error_set(reterr, ERROR_TRUNCATED, "there are more than %d labels", LABELS_MAX);
    }
    if (!label || !mem_grow(&list->labels, &list->capacity, list->count, sizeof *list->labels, LABELS_MAX)) {
        mem_free(label);
        return error_no_memory(reterr);
    }
    list->labels[list->count++] = label;
    return 0;
}

int label_list_add(struct label_list *list, const char *label, struct error *reterr)
{
    return add_owned(list, mem_strdup(label), reterr);
}

bool label_list_has(const struct label_list *list, const char *label)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->labels[i], label) == 0)
            return true;
    return false;
}

/* A label as it is written, cut out of its quotes. */
static int add_mysql(struct label_list *list, const struct mysql_token *token, struct error *reterr)
{
    cleanup(strbuf) struct strbuf label = STRBUF(LIMIT_DEFINITION_BYTES);
    mysql_token_decode(token, &label);
    return add_owned(list, strbuf_steal(&label), reterr);
}

int enum_labels_of_type(const char *type, struct label_list *list, struct error *reterr)
{
    struct mysql_lexer lexer = {0};
    mysql_lexer_init(&lexer, type, strlen(type));
    struct mysql_token token = mysql_lexer_next(&lexer);
    if (!mysql_token_is(&token, "enum") && !mysql_token_is(&token, "set"))
        return error_set(reterr, ERROR_UNSUPPORTED, "its type is %.100s, which has no labels", type);
    token = mysql_lexer_next(&lexer);
    if (!mysql_token_is_symbol(&token, '('))
        return error_set(reterr, ERROR_INVALID, "the type %.100s cannot be read", type);
    do {
        token = mysql_lexer_next(&lexer);
        if (token.kind != MYSQL_TOKEN_STRING)
            return error_set(reterr, ERROR_INVALID, "the type %.100s cannot be read", type);
        if (add_mysql(list, &token, reterr) < 0)
            return -1;
        token = mysql_lexer_next(&lexer);
    } while (mysql_token_is_symbol(&token, ','));
    if (!mysql_token_is_symbol(&token, ')'))
        return error_set(reterr, ERROR_INVALID, "the type %.100s cannot be read", type);
    return 0;
}

/* A CHECK that is read: `column IN ('a', 'b')`, with NULL beside it or not, in any number of parentheses. */
struct check_reader {
    struct sqlite_lexer lexer;
    struct sqlite_token token;
    const char *column;
    struct label_list *list;
    size_t depth; /* parentheses that are open */
    bool listed;  /* the list was met */
    bool failed;  /* memory is out */
};

static void advance(struct check_reader *reader)
{
    reader->token = sqlite_lexer_next(&reader->lexer);
}

static bool accept(struct check_reader *reader, const char *text)
{
    bool is = sqlite_token_is(&reader->token, text);
    if (is)
        advance(reader);
    return is;
}

static bool accept_column(struct check_reader *reader)
{
    cleanup(strbuf) struct strbuf name = STRBUF(LIMIT_DEFINITION_BYTES);
    if (!sqlite_token_is_name(&reader->token))
        return false;
    sqlite_token_append_name(&reader->token, &name);
    reader->failed = reader->failed || !strbuf_ok(&name);
    bool is = strcasecmp(strbuf_text(&name), reader->column) == 0;
    if (is)
        advance(reader);
    return is;
}

/* True in `*ret_read`: the list was taken up to its parenthesis. */
static int read_list(struct check_reader *reader, bool *ret_read, struct error *reterr)
{
    *ret_read = false;
    do {
        cleanup(strbuf) struct strbuf label = STRBUF(LIMIT_DEFINITION_BYTES);
        if (reader->token.kind != TOKEN_STRING)
            return 0;
        sqlite_token_append_name(&reader->token, &label);
        if (add_owned(reader->list, strbuf_steal(&label), reterr) < 0)
            return -1;
        advance(reader);
    } while (accept(reader, ","));
    *ret_read = accept(reader, ")");
    return 0;
}

/* One of the two terms that may be joined by OR. */
static int read_term(struct check_reader *reader, bool *ret_read, struct error *reterr)
{
    *ret_read = false;
    while (accept(reader, "("))
        reader->depth++;
    if (!accept_column(reader))
        return 0;
    if (accept(reader, "IS")) {
        *ret_read = accept(reader, "NULL");
    } else if (!reader->listed && accept(reader, "IN") && accept(reader, "(")) {
        if (read_list(reader, ret_read, reterr) < 0)
            return -1;
        reader->listed = *ret_read;
    }
    for (; reader->depth > 0 && accept(reader, ")"); reader->depth--)
        ;
    return 0;
}

/* Reads a whole CHECK; labels of one that turns out to be something else are taken back. */
static int read_check(const char *expression, const char *column, struct label_list *list, bool *ret_read,
                      struct error *reterr)
{
    struct check_reader reader = {
        .lexer = {.next = expression, .end = expression + strlen(expression)}, .column = column, .list = list};
    size_t before = list->count;
    advance(&reader);
    if (read_term(&reader, ret_read, reterr) < 0)
        return -1;
    if (*ret_read && accept(&reader, "OR") && read_term(&reader, ret_read, reterr) < 0)
        return -1;
    if (reader.failed)
        return error_no_memory(reterr);
    *ret_read = *ret_read && reader.listed && reader.depth == 0 && reader.token.kind == TOKEN_END;
    while (!*ret_read && list->count > before)
        mem_free(list->labels[--list->count]);
    return 0;
}

static bool has_column(const struct sqlite_statement *statement, const char *column)
{
    for (size_t i = 0; i < statement->column_count; i++)
        if (strcasecmp(sqlite_statement_text(statement, statement->columns[i].name), column) == 0)
            return true;
    return false;
}

int enum_labels_of_check(const char *create_table, const char *column, struct label_list *list, struct error *reterr)
{
    cleanup(sqlite_statement) struct sqlite_statement statement = {0};
    sqlite_statement_init(&statement);
    if (sqlite_parse_table(create_table, strlen(create_table), &statement, reterr) < 0)
        return -1;
    if (!has_column(&statement, column))
        return error_set(reterr, ERROR_NOT_FOUND, "there is no column %s", column);
    bool read = false;
    for (size_t i = 0; i < statement.constraint_count && !read; i++) {
        const struct sqlite_constraint *constraint = &statement.constraints[i];
        if (constraint->kind == CONSTRAINT_CHECK &&
            read_check(sqlite_statement_text(&statement, constraint->expression), column, list, &read, reterr) < 0)
            return -1;
    }
    if (!read)
        return error_set(reterr, ERROR_UNSUPPORTED, "no CHECK (%s IN ('…')) lists its labels", column);
    return 0;
}
