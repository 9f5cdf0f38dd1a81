/* SPDX-License-Identifier: Apache-2.0
 *
 * A schema.rb while it is read. Internal to the rails_*.c files.
 */
#ifndef MIGRATIOND_REFERENCE_RAILS_READER_H
#define MIGRATIOND_REFERENCE_RAILS_READER_H

#include "base/strbuf.h"
#include "reference/declared.h"
#include "reference/ruby_reader.h"

enum rails_engine { RAILS_POSTGRES, RAILS_MYSQL, RAILS_SQLITE };

struct rails_reader {
    struct ruby_reader ruby;
    struct declared *declared;
    const struct schema *live; /* NULL */
    enum rails_engine engine;
    unsigned release;             /* major * 100 + minor: of the ActiveRecord that the file is for */
    bool zoned;                   /* datetime columns have a time zone */
    struct declared_table *table; /* of the block that is open; NULL */
    const char *version;
};

/* A copy in the declared schema's arena. NULL, with the error set, when memory is out. */
const char *rails_copy(struct rails_reader *reader, const char *text);

/* "schema.table" taken apart; the schema is "public" on PostgreSQL and "" elsewhere if there is none. */
int rails_split_name(struct rails_reader *reader, const char *text, const char **ret_schema, const char **ret_name);

/* t.TYPE "name", …: adds the column, or columns, that the call declares. */
int rails_read_column(struct rails_reader *reader, const struct ruby_call *call);

/* One column of the type that Rails calls so (NULL: its type is set later). NULL, with the error set, if that fails. */
struct declared_column *rails_add_column(struct rails_reader *reader, const struct ruby_call *call, const char *type,
                                         const char *name);

/* The type's SQL into `column`. */
int rails_set_type(struct rails_reader *reader, const struct ruby_call *call, const char *type,
                   struct declared_column *column);

/* A default's SQL. NULL: none. */
int rails_default_sql(struct rails_reader *reader, const struct ruby_call *call, const struct ruby_value *value,
                      const char *type, const char **ret_sql);

/* t.index, t.check_constraint, t.unique_constraint, t.exclusion_constraint, and their forms outside of a block, whose
 * first argument is the table. False in `*ret_known`: the call is none of them. */
int rails_read_key(struct rails_reader *reader, const struct ruby_call *call, bool *ret_known);

/* add_foreign_key */
int rails_read_foreign_key(struct rails_reader *reader, const struct ruby_call *call);

/* "people" to "person", as ActiveSupport's English rules have it. NULL: no memory. */
const char *rails_singularize(struct arena *arena, const char *word);

/* Whether the call has only options that are in `known` (NULL-terminated). */
int rails_check_options(struct rails_reader *reader, const struct ruby_call *call, const char *const *known);

bool rails_is_true(const struct ruby_value *value);

/* Text of a string or symbol; NULL for anything else, and for NULL. */
const char *rails_text(const struct ruby_value *value);

/* -1 if there is none. */
int64_t rails_integer(const struct ruby_value *value);

/* "prefix" and the first ten digits of the text's SHA-256. NULL: no memory. */
const char *rails_hashed_name(struct rails_reader *reader, const char *prefix, const char *text);

#endif
