/* SPDX-License-Identifier: Apache-2.0
 *
 * What a statement of a script is, told by its first words: one row per kind in sql_words.c. Pure.
 */
#ifndef MIGRATIOND_DIALECT_SQL_WORDS_H
#define MIGRATIOND_DIALECT_SQL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { SQL_WORDS = 8, SQL_WORD_SIZE = 32 };

/* The first words of a statement, upper case, cut at SQL_WORD_SIZE; what is no bare word is "". */
struct sql_words {
    char words[SQL_WORDS][SQL_WORD_SIZE];
    size_t count;
};

enum sql_verdict {
    VERDICT_RUN,
    VERDICT_SETTING,
    VERDICT_SKIP,
    VERDICT_DATA,   /* COPY: what follows the statement may be data */
    VERDICT_REFUSE, /* would reach beyond the database */
};

/* Whether a word (upper case) makes a SET of MySQL's reach beyond the session. */
bool sql_word_is_global(const char *word);

enum sql_verdict sql_words_judge(const struct sql_words *words, bool mysql);

#endif
