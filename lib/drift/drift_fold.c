/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_fold.h"

#include <ctype.h>
#include <string.h>

#include "dialect/mysql_collation.h"

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '$' || (unsigned char)byte >= 0x80;
}

/* Behind the quoted text at `at`; a doubled quote is part of it, and so is what a backslash escapes in E''. */
static const char *skip_quoted(const char *at, bool escapes)
{
    char quote = *at++;
    for (; *at; at++) {
        if (escapes && *at == '\\' && at[1])
            at++;
        else if (*at == quote && at[1] == quote)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

static bool same_word(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(word, name, length) == 0;
}

/* Appends a word; returns how much of what follows it is dropped. */
static size_t fold_word(const struct drift_work *work, const char *word, size_t length, struct strbuf *out)
{
    static const char prefix[] = "json_";
    static const char precision[] = "(6)";
    const char *behind = word + length;
    bool json = drift_policy_deviates(work, POLICY_JSON_AS_JSONB);
    bool is_function = length > sizeof prefix - 1 && strncmp(word, prefix, sizeof prefix - 1) == 0 && *behind == '(';
    if (json && (same_word(word, length, "json") || is_function)) {
        strbuf_add_string(out, "jsonb");
        strbuf_add(out, word + 4, length - 4);
        return 0;
    }
    strbuf_add(out, word, length);
    bool is_time = same_word(word, length, "timestamp") || same_word(word, length, "time");
    if (!is_time || !drift_policy_deviates(work, POLICY_TIMESTAMP_PRECISION))
        return 0;
    return strncmp(behind, precision, sizeof precision - 1) == 0 ? sizeof precision - 1 : 0;
}

static bool is_sql(enum text_form form)
{
    return form == TEXT_TYPE || form == TEXT_DEFAULT || form == TEXT_EXPRESSION || form == TEXT_QUERY;
}

void drift_fold_text(const struct drift_work *work, enum text_form form, const char *text, struct strbuf *out)
{
    bool folds =
        drift_policy_deviates(work, POLICY_JSON_AS_JSONB) || drift_policy_deviates(work, POLICY_TIMESTAMP_PRECISION);
    if (!work->features.postgres || !folds || !is_sql(form)) {
        strbuf_add_string(out, text);
        return;
    }
    for (const char *at = text; *at;) {
        const char *begin = at;
        if (*at == '\'' || *at == '"') {
            bool escapes = *at == '\'' && at > text && (at[-1] == 'E' || at[-1] == 'e');
            at = skip_quoted(at, escapes);
            strbuf_add(out, begin, (size_t)(at - begin));
        } else if (is_word(*at)) {
            while (is_word(*at))
                at++;
            at += fold_word(work, begin, (size_t)(at - begin), out);
        } else {
            strbuf_add_char(out, *at++);
        }
    }
}

bool drift_same_but_for_case(const char *a, const char *b)
{
    char quote = '\0';
    bool qualified = false; /* in backticks behind a dot */
    for (; *a && *b; a++, b++) {
        bool same = *a == *b;
        if (!same && !(qualified && tolower((unsigned char)*a) == tolower((unsigned char)*b)))
            return false;
        if (quote != '\0' && *a == '\\' && quote != '`' && a[1] && b[1] && a[1] == b[1]) {
            a++;
            b++;
        } else if (quote == '\0' && (*a == '\'' || *a == '"' || *a == '`')) {
            quote = *a;
            qualified = *a == '`' && qualified;
        } else if (*a == quote) {
            quote = '\0';
            qualified = false;
        } else if (quote == '\0') {
            qualified = *a == '.';
        }
    }
    return *a == *b;
}

/* On one release somebody chose between them; between releases the servers' own choices differ. */
bool drift_fold_collations(const struct drift_work *work, const char *reference, const char *live)
{
    return work->features.mysql && !work->features.same_release && !work->strict &&
           !drift_policy_deviates(work, POLICY_COLLATION_VERSIONS) && mysql_collations_alike(reference, live);
}
