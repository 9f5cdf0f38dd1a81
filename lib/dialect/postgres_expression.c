/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_expression.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The index of the quote that ends the one at `at`; doubled quotes belong to the text. The server doubles backslashes
 * and never writes one before a quote, so E'…' needs no rule of its own. */
static size_t skip_quoted(const char *text, size_t length, size_t at)
{
    char quote = text[at];
    for (size_t i = at + 1; i < length; i++) {
        if (text[i] != quote)
            continue;
        if (i + 1 < length && text[i + 1] == quote)
            i++;
        else
            return i;
    }
    return length;
}

/* Where the first `stop` outside of quotes and brackets stands; `length` if nowhere. */
static size_t find_outside(const char *text, size_t length, char stop)
{
    size_t depth = 0;
    for (size_t i = 0; i < length; i++) {
        char byte = text[i];
        if (byte == '\'' || byte == '"') {
            i = skip_quoted(text, length, i);
            continue;
        }
        if (byte == stop && depth == 0)
            return i;
        if (byte == '(' || byte == '[')
            depth++;
        else if ((byte == ')' || byte == ']') && depth > 0)
            depth--;
    }
    return length;
}

static struct postgres_expression trimmed(const char *text, size_t length)
{
    while (length > 0 && isspace((unsigned char)*text)) {
        text++;
        length--;
    }
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    return (struct postgres_expression){text, length};
}

struct postgres_expression postgres_expression_bare(const char *text, size_t length)
{
    struct postgres_expression bare = trimmed(text, length);
    while (bare.length > 2 && bare.text[0] == '(') {
        size_t closing = 1 + find_outside(bare.text + 1, bare.length - 1, ')');
        if (closing != bare.length - 1)
            break;
        bare = trimmed(bare.text + 1, bare.length - 2);
    }
    return bare;
}

bool postgres_expression_is_null(struct postgres_expression expression)
{
    static const char word[] = "NULL";
    size_t length = sizeof word - 1;
    if (expression.length < length || strncasecmp(expression.text, word, length) != 0)
        return false;
    const char *rest = expression.text + length;
    size_t left = expression.length - length;
    if (left == 0)
        return true;
    if (left < 3 || rest[0] != ':' || rest[1] != ':')
        return false;
    /* A type's name: words, quoted names and its arguments, but no operator. */
    for (size_t i = 2; i < left; i++) {
        if (rest[i] == '"')
            i = skip_quoted(rest, left, i);
        else if (!isalnum((unsigned char)rest[i]) && !strchr("_ .,()[]", rest[i]) && (unsigned char)rest[i] < 0x80)
            return false;
    }
    return true;
}

bool postgres_expression_next(struct postgres_expression *list, struct postgres_expression *ret_item)
{
    if (!list->text)
        return false;
    size_t comma = find_outside(list->text, list->length, ',');
    *ret_item = postgres_expression_bare(list->text, comma);
    bool last = comma >= list->length;
    list->length = last ? 0 : list->length - comma - 1;
    list->text = last ? NULL : list->text + comma + 1;
    return true;
}

struct postgres_expression postgres_view_query(const char *text, size_t length)
{
    struct postgres_expression query = trimmed(text, length);
    if (query.length > 0 && query.text[query.length - 1] == ';')
        query = trimmed(query.text, query.length - 1);
    return query;
}

/* Where `words` stand outside of quotes and brackets; `length` if nowhere. */
static size_t find_words(const char *text, size_t length, const char *words)
{
    size_t size = strlen(words);
    size_t at = 0;
    for (;;) {
        at += find_outside(text + at, length - at, *words);
        if (at >= length || (length - at >= size && memcmp(text + at, words, size) == 0))
            return at;
        at++;
    }
}

bool postgres_trigger_parts(const char *text, size_t length, struct postgres_expression *ret_condition,
                            struct postgres_expression *ret_call)
{
    static const char when[] = " WHEN (";
    static const char execute[] = " EXECUTE FUNCTION ";
    *ret_condition = (struct postgres_expression){text, 0};
    *ret_call = (struct postgres_expression){text, 0};
    size_t call = find_words(text, length, execute);
    size_t condition = find_words(text, length, when);
    if (call >= length)
        return false;
    if (condition < call) {
        size_t first = condition + sizeof when - 2;
        *ret_condition = postgres_expression_bare(text + first, call - first);
    }
    size_t first = call + sizeof execute - 1;
    *ret_call = trimmed(text + first, length - first);
    return true;
}
