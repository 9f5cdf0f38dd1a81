/* SPDX-License-Identifier: Apache-2.0
 *
 * The names in SQL text of any engine, one after the other, each with what qualifies it. Literals, dollar-quoted text
 * and comments are passed over. Borrows the text; allocates nothing; any bytes are accepted.
 */
#ifndef MIGRATIOND_DRIFT_PLAN_WORDS_H
#define MIGRATIOND_DRIFT_PLAN_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name as written, without its outer quotes; a doubled quote within stays doubled. */
struct plan_word {
    const char *text;
    size_t length;
    char quote; /* 0: none */
};

struct plan_words {
    const char *at;
    struct plan_word word;      /* the one that was found */
    struct plan_word qualifier; /* what stands before its dot; length 0: nothing */
};

void plan_words_init(struct plan_words *words, const char *text);

/* False at the end. */
bool plan_words_next(struct plan_words *words);

/* Whether it stands for `name`; ASCII letters are equal in any case. */
bool plan_word_is(const struct plan_word *word, const char *name);

/* Equal for words and names that plan_word_is takes for equal. */
uint64_t plan_word_hash(const struct plan_word *word);
uint64_t plan_name_hash(const char *name);

#endif
