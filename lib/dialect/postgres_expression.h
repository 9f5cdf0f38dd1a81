/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be taken off or apart in text that PostgreSQL itself printed from a stored expression, without changing what
 * it means. Tokens are respected: quotes, quoted names, brackets. Pure, no allocation.
 */
#ifndef MIGRATIOND_DIALECT_POSTGRES_EXPRESSION_H
#define MIGRATIOND_DIALECT_POSTGRES_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

struct postgres_expression {
    const char *text; /* borrowed */
    size_t length;
};

/* Without blanks around it and without pairs of parentheses around all of it: minor releases differ in how many they
 * print. */
struct postgres_expression postgres_expression_bare(const char *text, size_t length);

/* Whether it is NULL or NULL cast to a type: a column without a default, as far as anybody can tell. */
bool postgres_expression_is_null(struct postgres_expression expression);

/* Takes the next item off a comma-separated list (the expressions of an index); false when nothing is left. */
bool postgres_expression_next(struct postgres_expression *list, struct postgres_expression *ret_item);

/* A view's query without the blank before and the semicolon behind it. */
struct postgres_expression postgres_view_query(const char *text, size_t length);

/* The parts of a trigger's definition that only its text tells: the condition of WHEN (empty if there is none) and the
 * call behind EXECUTE FUNCTION. False if the text is no trigger's. */
bool postgres_trigger_parts(const char *text, size_t length, struct postgres_expression *ret_condition,
                            struct postgres_expression *ret_call);

#endif
