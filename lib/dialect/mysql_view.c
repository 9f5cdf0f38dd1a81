/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/mysql_view.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "dialect/mysql_lexer.h"
#include "dialect/mysql_query.h"

struct view {
    struct mysql_lexer lexer;
    struct mysql_token token;
    struct mysql_token algorithm;
    bool invoker;
    const char *query;
    size_t query_length;
    const char *check_option; /* NULL: none */
};

static void advance(struct view *view)
{
    view->token = mysql_lexer_next(&view->lexer);
}

static bool accept(struct view *view, const char *word)
{
    bool found = mysql_token_is(&view->token, word);
    if (found)
        advance(view);
    return found;
}

static bool read_value(struct view *view, struct mysql_token *ret_value)
{
    if (!mysql_token_is_symbol(&view->token, '='))
        return false;
    advance(view);
    *ret_value = view->token;
    advance(view);
    return true;
}

/* "CREATE ALGORITHM=UNDEFINED DEFINER=`u`@`h` SQL SECURITY DEFINER VIEW": whose it is does not matter. */
static bool read_head(struct view *view)
{
    struct mysql_token definer = {0};
    advance(view);
    if (!accept(view, "CREATE"))
        return false;
    if (accept(view, "ALGORITHM") && !read_value(view, &view->algorithm))
        return false;
    if (accept(view, "DEFINER")) {
        if (!read_value(view, &definer))
            return false;
        if (mysql_token_is_symbol(&view->token, '@')) {
            advance(view);
            advance(view);
        }
    }
    if (accept(view, "SQL")) {
        if (!accept(view, "SECURITY"))
            return false;
        view->invoker = mysql_token_is(&view->token, "INVOKER");
        advance(view);
    }
    return accept(view, "VIEW");
}

/* "`v` (`a`,`b`) AS": the names stand with the columns, too. */
static bool read_name(struct view *view)
{
    while (view->token.kind != MYSQL_TOKEN_END) {
        if (accept(view, "AS"))
            return true;
        advance(view);
    }
    return false;
}

/* The last four words, if they are "WITH CASCADED CHECK OPTION". */
static void read_query(struct view *view)
{
    struct mysql_token last[4] = {0};
    view->query = view->token.text;
    const char *end = view->query;
    for (; view->token.kind != MYSQL_TOKEN_END; advance(view)) {
        memmove(&last[0], &last[1], sizeof(last) - sizeof(last[0]));
        last[3] = view->token;
        end = view->token.text + view->token.length;
    }
    bool checked =
        mysql_token_is(&last[0], "WITH") && mysql_token_is(&last[2], "CHECK") && mysql_token_is(&last[3], "OPTION");
    if (checked && mysql_token_is(&last[1], "LOCAL"))
        view->check_option = "local";
    else if (checked && mysql_token_is(&last[1], "CASCADED"))
        view->check_option = "cascaded";
    if (view->check_option) {
        end = last[0].text;
        while (end > view->query && isspace((unsigned char)end[-1]))
            end--;
    }
    view->query_length = (size_t)(end - view->query);
}

/* "algorithm=merge"; 0 for what the server chooses. */
static uint32_t algorithm_text(struct schema_builder *builder, const struct mysql_token *algorithm)
{
    char text[32] = "algorithm=";
    size_t start = strlen(text);
    if (algorithm->length == 0 || algorithm->length >= sizeof(text) - start || mysql_token_is(algorithm, "UNDEFINED"))
        return 0;
    for (size_t i = 0; i < algorithm->length; i++)
        text[start + i] = (char)tolower((unsigned char)algorithm->text[i]);
    return schema_builder_text(builder, text);
}

static bool add_view(struct schema_builder *builder, uint32_t handle, const char *database, const struct view *view)
{
    cleanup(strbuf) struct strbuf query = STRBUF(LIMIT_STRING_POOL);
    mysql_query_without_database(view->query, view->query_length, database, &query);
    const struct schema_attribute attributes[] = {
        {.key = ATTRIBUTE_VIEW_OPTIONS, .text = algorithm_text(builder, &view->algorithm)},
        {.key = ATTRIBUTE_SECURITY, .text = view->invoker ? schema_builder_text(builder, "invoker") : 0},
        {.key = ATTRIBUTE_CHECK_OPTION, .text = schema_builder_text(builder, view->check_option)},
    };
    uint32_t run = schema_builder_attributes(builder, attributes, ARRAY_LENGTH(attributes));
    schema_builder_set_definition(builder, handle, schema_builder_text_n(builder, strbuf_text(&query), query.length));
    size_t count = 0;
    struct schema_relation *relations = schema_builder_relations(builder, &count);
    if (handle < count)
        relations[handle].attributes = run;
    return strbuf_ok(&query);
}

bool mysql_view_read(struct schema_builder *builder, uint32_t relation, const char *database, const char *text,
                     size_t length)
{
    struct view view = {0};
    mysql_lexer_init(&view.lexer, text, length);
    if (!read_head(&view) || !read_name(&view))
        return false;
    read_query(&view);
    return view.query_length > 0 && add_view(builder, relation, database, &view);
}
