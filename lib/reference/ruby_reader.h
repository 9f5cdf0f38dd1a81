/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of Ruby that ActiveRecord writes into a schema.rb: calls with literal arguments, one block inside of
 * another, comments. Nothing is evaluated; whatever else a file holds is an error that names its line. Texts live in
 * the arena given. One thread.
 */
#ifndef MIGRATIOND_REFERENCE_RUBY_READER_H
#define MIGRATIOND_REFERENCE_RUBY_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum ruby_kind {
    RUBY_NIL,
    RUBY_TRUE,
    RUBY_FALSE,
    RUBY_NUMBER, /* text without underscores */
    RUBY_STRING,
    RUBY_SYMBOL,
    RUBY_LAMBDA, /* -> { "text" } */
    RUBY_ARRAY,
    RUBY_HASH,
};

struct ruby_value {
    enum ruby_kind kind;
    const char *text;         /* number, string, symbol, lambda */
    const char *key;          /* of a hash's member */
    bool key_is_string;       /* "a" => 1, not a: 1 */
    struct ruby_value *first; /* of an array or hash */
    struct ruby_value *next;
};

enum ruby_call_kind { RUBY_CALL, RUBY_BLOCK_END, RUBY_FILE_END };

struct ruby_call {
    enum ruby_call_kind kind;
    unsigned line;
    const char *receiver; /* "t", "ActiveRecord::Schema"; "" if there is none */
    const char *index;    /* "7.1" of receiver[7.1]; NULL */
    const char *method;
    struct ruby_value *arguments; /* those without a name */
    struct ruby_value *options;   /* members of a hash: those with one */
    bool opens_block;
};

struct ruby_reader {
    const char *next;
    const char *end;
    const char *name; /* of the file */
    unsigned line;
    unsigned depth;
    struct arena *arena;
    struct error *reterr;
    /* Called for each comment; may be NULL. */
    int (*comment)(void *payload, const char *text, size_t length, unsigned line);
    void *payload;
};

/* The next call, end of a block, or the end of the file. */
int ruby_reader_next(struct ruby_reader *reader, struct ruby_call *ret_call);

/* The option of that name, or NULL. */
const struct ruby_value *ruby_option(const struct ruby_call *call, const char *key);

int ruby_fail(struct ruby_reader *reader, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
