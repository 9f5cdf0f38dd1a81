/* SPDX-License-Identifier: Apache-2.0
 *
 * What the words and symbols of an expression do: operators with their precedence, and what ends an operand. Only the
 * canonical form of expressions uses it. Pure.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_WORDS_H
#define MIGRATIOND_DIALECT_MYSQL_WORDS_H

#include "dialect/mysql_lexer.h"

/* Binding strength, weakest first. Comparisons and predicates are one: servers differ in how they order these. */
enum mysql_precedence {
    MYSQL_BINDS_NOTHING, /* the edge of an expression */
    MYSQL_BINDS_ASSIGN,
    MYSQL_BINDS_OR,
    MYSQL_BINDS_XOR,
    MYSQL_BINDS_AND,
    MYSQL_BINDS_NOT,
    MYSQL_BINDS_COMPARE,
    MYSQL_BINDS_BIT_OR,
    MYSQL_BINDS_BIT_AND,
    MYSQL_BINDS_SHIFT,
    MYSQL_BINDS_ADD,
    MYSQL_BINDS_MULTIPLY,
    MYSQL_BINDS_BIT_XOR,
    MYSQL_BINDS_SIGN,
    MYSQL_BINDS_BANG,
    MYSQL_BINDS_COLLATE,
    MYSQL_BINDS_ARROW,
    MYSQL_BINDS_ALL,
};

/* What a token is where an operator may stand. */
enum mysql_role {
    MYSQL_ROLE_OPERAND,   /* name, literal, function, and every word that is not known */
    MYSQL_ROLE_OPERATOR,  /* binds what stands on both sides */
    MYSQL_ROLE_SEPARATOR, /* ends an expression: a comma, SELECT, FROM, AS, WHEN, … */
    MYSQL_ROLE_LIST,      /* an operator whose parentheses belong to it: IN */
};

struct mysql_word {
    enum mysql_role role;
    enum mysql_precedence binds;
};

/* As an infix: `text` of `length` bytes is a word or a symbol of up to three characters. */
struct mysql_word mysql_word_infix(const char *text, size_t length);

/* How strongly it binds as a prefix ("-", "not", "binary", …); MYSQL_BINDS_NOTHING if it is none. */
enum mysql_precedence mysql_word_prefix(const char *text, size_t length);

/* Whether it is a function although it is an operator or a separator, too, when a parenthesis follows: "left". */
bool mysql_word_is_function(const char *text, size_t length);

/* Its one name if it has several ("localtime": "current_timestamp"), else NULL. */
const char *mysql_word_synonym(const char *text, size_t length);

/* Whether a function is the same without its empty parentheses: "current_date". */
bool mysql_word_is_constant_function(const char *name);

#endif
