/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check_suggest.h"

#include <stdarg.h>
#include <string.h>

#include "base/limits.h"
#include "check/suggest_parts.h"

void suggestions_done(struct suggestions *suggestions)
{
    arena_free(suggestions->arena);
    *suggestions = (struct suggestions){0};
}

struct suggestion *suggest_add(struct suggest_work *work, const struct check_kind *kind)
{
    struct suggestion *suggestion = &work->suggestions->items[work->suggestions->count];
    *suggestion = (struct suggestion){
        .check = {.name = kind->name,
                  .kind = kind,
                  .every_ms = kind->every_ms,
                  .timeout_ms = kind->timeout_ms,
                  .severity = kind->severity},
    };
    work->suggestions->count++;
    return suggestion;
}

int suggest_say(struct suggest_work *work, struct suggestion *suggestion, struct error *reterr, const char *format, ...)
{
    if (suggestion->why_count == SUGGEST_WHYS)
        return error_set(reterr, ERROR_INTERNAL, "a suggestion says more than it has room for");
    va_list arguments;
    va_start(arguments, format);
    const char *why = arena_vprintf(work->suggestions->arena, format, arguments);
    va_end(arguments);
    if (!why)
        return error_no_memory(reterr);
    suggestion->whys[suggestion->why_count++] = why;
    return 0;
}

const char *suggest_spell(struct suggest_work *work, uint32_t schema, uint32_t name, bool ambiguous)
{
    const char *qualifier = schema_text(work->schema, schema);
    const char *plain = schema_text(work->schema, name);
    if (!*qualifier || (strcmp(qualifier, "public") == 0 && !ambiguous))
        return plain;
    return arena_printf(work->suggestions->arena, "%s.%s", qualifier, plain);
}

static bool has_foreign_keys(const struct schema *schema)
{
    for (size_t i = 0; i < schema->constraint_count; i++) {
        if (schema->constraints[i].kind == CONSTRAINT_FOREIGN_KEY)
            return true;
    }
    return false;
}

/* On PostgreSQL a constraint says of itself whether it was validated; elsewhere rows must be looked at. */
static int suggest_foreign_keys(struct suggest_work *work, struct error *reterr)
{
    if (!has_foreign_keys(work->schema))
        return 0;
    struct suggestion *suggestion = suggest_add(work, &check_kind_foreign_keys);
    if (strcmp(schema_text(work->schema, work->schema->engine), "postgres") == 0)
        return suggest_say(work, suggestion, reterr,
                           "Every foreign key is validated. {orphans: 5s} in place of `validated` would look for "
                           "orphaned rows, too.");
    return suggest_say(work, suggestion, reterr,
                       "No foreign key has orphaned rows, which are looked for within `timeout`.");
}

/* SQLite has none that are not valid. */
static int suggest_indexes(struct suggest_work *work, struct error *reterr)
{
    if (schema_table_count(work->schema) == 0 || strcmp(schema_text(work->schema, work->schema->engine), "sqlite") == 0)
        return 0;
    struct suggestion *suggestion = suggest_add(work, &check_kind_indexes);
    return suggest_say(work, suggestion, reterr, "No index was left behind half built or disabled.");
}

static bool has_sequences(const struct schema *schema)
{
    static const unsigned counted = COLUMN_IDENTITY_ALWAYS | COLUMN_IDENTITY_BY_DEFAULT | COLUMN_AUTO_INCREMENT;
    if (schema->object_starts[OBJECT_SEQUENCE] < schema->object_starts[OBJECT_SEQUENCE + 1])
        return true;
    for (size_t i = 0; i < schema->column_count; i++) {
        if (schema->columns[i].flags & counted)
            return true;
    }
    return false;
}

static int suggest_sequences(struct suggest_work *work, struct error *reterr)
{
    if (!has_sequences(work->schema))
        return 0;
    struct suggestion *suggestion = suggest_add(work, &check_kind_sequences);
    suggestion->check.below_permille = SUGGEST_FULL_PERMILLE;
    return suggest_say(work, suggestion, reterr,
                       "No sequence or counting column is about to run out of numbers: when one does, every insert "
                       "fails.");
}

static int suggest_all(struct suggest_work *work, struct error *reterr)
{
    static int (*const parts[])(struct suggest_work * work, struct error * reterr) = {
        suggest_not_empty, suggest_foreign_keys, suggest_enum_values,
        suggest_indexes,   suggest_sequences,    suggest_extensions,
    };
    _Static_assert(ARRAY_LENGTH(parts) <= SUGGESTIONS_MAXIMUM, "a suggestion each");
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        if (parts[i](work, reterr) < 0)
            return -1;
    }
    return 0;
}

int check_suggest(const struct schema *schema, const struct check_world *world, struct suggestions *ret_suggestions,
                  bool *ret_lost, struct error *reterr)
{
    struct suggest_work work = {.schema = schema, .world = world, .suggestions = ret_suggestions};
    *ret_suggestions = (struct suggestions){.arena = arena_new(LIMIT_CONFIG_BYTES * 16)};
    *ret_lost = false;
    if (!ret_suggestions->arena)
        return error_no_memory(reterr);
    if (suggest_all(&work, reterr) < 0) {
        suggestions_done(ret_suggestions);
        return -1;
    }
    *ret_lost = work.lost;
    return 0;
}
