/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL writes casts into the expressions that use a column when the column's type changes: lower(note) becomes
 * lower((note)::text). The type is the item then, not what follows from it.
 */
#include <ctype.h>
#include <string.h>

#include "base/limits.h"
#include "drift/drift_rows.h"

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

/* Behind the name, quoted or not, at `at`. */
static const char *skip_name(const char *at)
{
    if (*at != '"') {
        while (is_word(*at))
            at++;
        return at;
    }
    for (at++; *at && (*at != '"' || at[1] == '"'); at++)
        if (*at == '"')
            at++;
    return *at ? at + 1 : at;
}

/* Behind the words that belong to a type's name after its first. */
static const char *skip_more_words(const char *at)
{
    static const char *const words[] = {" varying", " precision", " with time zone", " without time zone"};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return at;
}

/* Behind the type at `at`: name, perhaps of a schema, arguments, brackets of an array. */
static const char *skip_type(const char *at)
{
    at = skip_name(at);
    if (*at == '.')
        at = skip_name(at + 1);
    at = skip_more_words(at);
    if (*at == '(') {
        at += strcspn(at, ")");
        at += *at == ')';
    }
    at = skip_more_words(at);
    while (at[0] == '[' && at[1] == ']')
        at += 2;
    return at;
}

/* "(note)" at the end of what was written becomes "note": the parentheses were the cast's. */
static void unwrap(struct strbuf *out)
{
    size_t end = out->length;
    if (!strbuf_ok(out) || end < 3 || out->bytes[end - 1] != ')')
        return;
    size_t begin = end - 1;
    while (begin > 0 && (is_word(out->bytes[begin - 1]) || out->bytes[begin - 1] == '"'))
        begin--;
    if (begin == 0 || begin == end - 1 || out->bytes[begin - 1] != '(')
        return;
    /* A call keeps its parentheses. */
    if (begin > 1 && (is_word(out->bytes[begin - 2]) || out->bytes[begin - 2] == '"'))
        return;
    memmove(out->bytes + begin - 1, out->bytes + begin, end - 1 - begin);
    out->length = end - 2;
    out->bytes[out->length] = '\0';
}

static void strip_casts(const char *text, struct strbuf *out)
{
    for (const char *at = text; *at;) {
        if (at[0] == ':' && at[1] == ':') {
            unwrap(out);
            at = skip_type(at + 2);
        } else if (*at == '\'') {
            const char *begin = at++;
            while (*at && (*at != '\'' || at[1] == '\''))
                at += *at == '\'' ? 2 : 1;
            at += *at == '\'';
            strbuf_add(out, begin, (size_t)(at - begin));
        } else {
            strbuf_add_char(out, *at++);
        }
    }
}

/* Whether a column of the pair's table that the expression mentions has another type on the other side. */
static bool mentions_changed_type(const struct drift_step *step, const char *expression)
{
    const struct drift_side *sides = step->work->sides;
    const struct schema *reference = sides[REFERENCE].schema;
    const struct schema *live = sides[LIVE].schema;
    const struct schema_relation *relation = &reference->relations[step->pair->relation[REFERENCE]];
    for (uint32_t i = 0; i < relation->column_count; i++) {
        uint32_t at = relation->first_column + i;
        uint32_t partner = sides[REFERENCE].column_partners[at];
        const struct schema_column *column = &reference->columns[at];
        if (partner != DRIFT_ALONE &&
            strcmp(schema_text(reference, column->type), schema_text(live, live->columns[partner].type)) != 0 &&
            drift_mentions(expression, schema_text(reference, column->name), false))
            return true;
    }
    return false;
}

bool drift_follows_type_change(const struct drift_step *step)
{
    const struct strbuf *printed = step->work->printed;
    if (!step->work->features.postgres || step->pair->relation[REFERENCE] == DRIFT_ALONE ||
        !mentions_changed_type(step, strbuf_text(&printed[REFERENCE])))
        return false;
    cleanup(strbuf) struct strbuf reference = STRBUF(LIMIT_DRIFT_TEXT);
    cleanup(strbuf) struct strbuf live = STRBUF(LIMIT_DRIFT_TEXT);
    strip_casts(strbuf_text(&step->work->canonical[REFERENCE]), &reference);
    strip_casts(strbuf_text(&step->work->canonical[LIVE]), &live);
    return strbuf_ok(&reference) && strbuf_ok(&live) && strcmp(strbuf_text(&reference), strbuf_text(&live)) == 0;
}
