/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/plan_words.h"

#include <string.h>

#include "drift/plan_dialect.h"

void plan_words_init(struct plan_words *words, const char *text)
{
    *words = (struct plan_words){.at = text};
}

static bool is_word_byte(char byte)
{
    unsigned char value = (unsigned char)byte;
    return (value >= 'a' && value <= 'z') || (value >= 'A' && value <= 'Z') || (value >= '0' && value <= '9') ||
           value == '_' || value == '$' || value >= 0x80;
}

/* Behind the quote that closes the one at `at`; the end of the text if there is none. */
static const char *behind_quote(const char *at)
{
    char quote = *at++;
    while (*at) {
        if (*at != quote) {
            at++;
        } else if (at[1] == quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return at;
}

/* Behind $tag$ … $tag$; NULL if no such quote begins at `at`. */
static const char *behind_dollar(const char *at)
{
    const char *end = at + 1;
    while (is_word_byte(*end) && *end != '$')
        end++;
    if (*end != '$' || (at[1] >= '0' && at[1] <= '9'))
        return NULL;
    size_t length = (size_t)(end - at) + 1;
    for (const char *close = end + 1; (close = strchr(close, '$')); close++)
        if (strncmp(close, at, length) == 0)
            return close + length;
    return end + strlen(end);
}

/* Behind the comment that begins at `at`; NULL if none does. */
static const char *behind_comment(const char *at)
{
    if (at[0] == '-' && at[1] == '-')
        return at + strcspn(at, "\n");
    if (at[0] != '/' || at[1] != '*')
        return NULL;
    const char *close = strstr(at + 2, "*/");
    return close ? close + 2 : at + strlen(at);
}

static struct plan_word take_word(struct plan_words *words)
{
    const char *start = words->at;
    if (*start == '"' || *start == '`') {
        words->at = behind_quote(start);
        size_t length = (size_t)(words->at - start);
        return (struct plan_word){start + 1, length >= 2 ? length - 2 : 0, *start};
    }
    while (is_word_byte(*words->at))
        words->at++;
    return (struct plan_word){start, (size_t)(words->at - start), 0};
}

/* What is no name: one literal, comment or sign. */
static void pass_over(struct plan_words *words)
{
    const char *at = words->at;
    const char *behind = *at == '\'' ? behind_quote(at) : *at == '$' ? behind_dollar(at) : behind_comment(at);
    if (!behind)
        behind = at + 1;
    words->at = behind;
}

bool plan_words_next(struct plan_words *words)
{
    struct plan_word before = {0};
    bool dot = false;
    if (*words->at == '.') { /* the last word qualifies the next one */
        before = words->word;
        dot = true;
        words->at++;
    }
    while (*words->at) {
        bool name = *words->at == '"' || *words->at == '`' || (is_word_byte(*words->at) && *words->at != '$');
        if (name) {
            words->qualifier = dot ? before : (struct plan_word){0};
            words->word = take_word(words);
            return true;
        }
        pass_over(words);
        dot = false;
    }
    return false;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool plan_word_is(const struct plan_word *word, const char *name)
{
    size_t at = 0;
    for (; at < word->length && *name; at++, name++) {
        if (lower(word->text[at]) != lower(*name))
            return false;
        if (word->quote && word->text[at] == word->quote)
            at++; /* doubled */
    }
    return at >= word->length && !*name;
}

/* FNV-1a: short texts, and case folded on the way. */
static uint64_t add_byte(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)lower(byte)) * UINT64_C(1099511628211);
}

static const uint64_t hash_start = UINT64_C(14695981039346656037);

uint64_t plan_word_hash(const struct plan_word *word)
{
    uint64_t hash = hash_start;
    for (size_t at = 0; at < word->length; at++) {
        hash = add_byte(hash, word->text[at]);
        if (word->quote && word->text[at] == word->quote)
            at++;
    }
    return hash;
}

uint64_t plan_name_hash(const char *name)
{
    uint64_t hash = hash_start;
    while (*name)
        hash = add_byte(hash, *name++);
    return hash;
}

bool plan_mentions(const char *text, const char *schema_name, const char *name, bool qualified)
{
    struct plan_words words = {0};
    if (!text)
        return false;
    plan_words_init(&words, text);
    while (plan_words_next(&words)) {
        if (!plan_word_is(&words.word, name))
            continue;
        bool has_schema = schema_name && *schema_name;
        if (!words.qualifier.length ? !(qualified && has_schema)
                                    : !has_schema || plan_word_is(&words.qualifier, schema_name))
            return true;
    }
    return false;
}

bool plan_mentions_word(const char *text, const char *name)
{
    struct plan_words words = {0};
    if (!text)
        return false;
    plan_words_init(&words, text);
    while (plan_words_next(&words))
        if (plan_word_is(&words.word, name))
            return true;
    return false;
}
