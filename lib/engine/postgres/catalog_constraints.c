/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of constraints.
 */
#include <ctype.h>
#include <string.h>

#include "dialect/postgres_expression.h"
#include "dialect/postgres_names.h"
#include "engine/postgres/catalog_reader.h"

static const struct {
    char letter;
    enum constraint_kind kind;
    const char *label; /* of names that the server chooses */
} kinds[] = {
    {'p', CONSTRAINT_PRIMARY_KEY, "pkey"}, {'u', CONSTRAINT_UNIQUE, "key"},     {'f', CONSTRAINT_FOREIGN_KEY, "fkey"},
    {'c', CONSTRAINT_CHECK, "check"},      {'x', CONSTRAINT_EXCLUSION, "excl"},
};

static const struct {
    char letter;
    enum foreign_key_action action;
} actions[] = {
    {'a', ACTION_NO_ACTION}, {'r', ACTION_RESTRICT},    {'c', ACTION_CASCADE},
    {'n', ACTION_SET_NULL},  {'d', ACTION_SET_DEFAULT},
};

/* The columns whose names make part of the constraint's. */
struct naming {
    uint32_t names[2 * CATALOG_KEYS]; /* texts */
    size_t count;
};

static uint8_t action_of(const struct copy_row *row, size_t field)
{
    for (size_t i = 0; i < ARRAY_LENGTH(actions); i++)
        if (row->fields[field] && row->fields[field][0] == actions[i].letter)
            return (uint8_t)actions[i].action;
    return ACTION_NO_ACTION;
}

/* What is not enforced was not validated either: that is one thing to tell, not two. */
static uint8_t constraint_flags(const struct copy_row *row)
{
    bool is_enforced = copy_true(row, 11);
    bool is_valid = copy_true(row, 10) && !copy_true(row, 21);
    unsigned flags = copy_true(row, 8) ? CONSTRAINT_DEFERRABLE : 0;
    flags |= copy_true(row, 9) ? CONSTRAINT_DEFERRED : 0;
    flags |= is_enforced ? 0 : CONSTRAINT_NOT_ENFORCED;
    flags |= is_valid || !is_enforced ? 0 : CONSTRAINT_NOT_VALID;
    flags |= copy_true(row, 12) ? CONSTRAINT_NULLS_NOT_DISTINCT : 0;
    return (uint8_t)flags;
}

/* A key's columns, and those that its index merely includes. */
static int add_columns(struct catalog_reader *reader, const struct copy_row *row, struct schema_constraint *constraint,
                       struct naming *naming, struct error *reterr)
{
    size_t count = 0;
    if (catalog_name_columns(reader, row, 3, copy_oid(row, 0), naming->names, &naming->count, reterr) < 0)
        return -1;
    constraint->columns = schema_builder_list(reader->builder, naming->names, naming->count);
    size_t keys = (size_t)copy_number(row, 20);
    uint32_t indexed[CATALOG_KEYS] = {0};
    if (row->fields[19] && catalog_name_columns(reader, row, 19, copy_oid(row, 0), indexed, &count, reterr) < 0)
        return -1;
    for (size_t i = keys; i < count; i++) {
        catalog_note(reader, ATTRIBUTE_INCLUDE, indexed[i]);
        naming->names[naming->count++] = indexed[i];
    }
    return 0;
}

static int add_reference(struct catalog_reader *reader, const struct copy_row *row,
                         struct schema_constraint *constraint, struct error *reterr)
{
    uint32_t names[CATALOG_KEYS] = {0};
    size_t count = 0;
    const struct catalog_relation *target = catalog_find_relation(reader, copy_oid(row, 4));
    if (!target)
        return catalog_changed(reader, reterr);
    constraint->referenced_schema = target->schema;
    constraint->referenced_table = target->name;
    constraint->on_update = action_of(row, 6);
    constraint->on_delete = action_of(row, 7);
    if (catalog_name_columns(reader, row, 5, copy_oid(row, 4), names, &count, reterr) < 0)
        return -1;
    constraint->referenced_columns = schema_builder_list(reader->builder, names, count);
    if (catalog_name_columns(reader, row, 17, copy_oid(row, 0), names, &count, reterr) < 0)
        return -1;
    for (size_t i = 0; i < count; i++)
        catalog_note(reader, ATTRIBUTE_DELETE_COLUMNS, names[i]);
    if (row->fields[16] && row->fields[16][0] == 'f')
        catalog_note_word(reader, ATTRIBUTE_MATCH, "full");
    return 0;
}

static size_t without_suffix(const char *text, size_t length, const char *suffix)
{
    size_t cut = strlen(suffix);
    return length >= cut && memcmp(text + length - cut, suffix, cut) == 0 ? length - cut : length;
}

/* A check's expression, or the definition of an exclusion without what flags tell. */
static int add_expression(struct catalog_reader *reader, const struct copy_row *row,
                          struct schema_constraint *constraint, struct error *reterr)
{
    if (!row->fields[14])
        return catalog_changed(reader, reterr);
    if (constraint->kind == CONSTRAINT_CHECK) {
        constraint->expression = catalog_expression(reader, row, 14);
        return 0;
    }
    size_t length = without_suffix(row->fields[14], row->lengths[14], " INITIALLY DEFERRED");
    length = without_suffix(row->fields[14], length, " DEFERRABLE");
    constraint->expression = schema_builder_text_n(reader->builder, row->fields[14], length);
    return 0;
}

/* The name under which the server counts an expression in an exclusion's name: its function's, else "expr". */
static uint32_t expression_name(struct catalog_reader *reader, struct postgres_expression expression)
{
    size_t length = 0;
    while (length < expression.length &&
           (isalnum((unsigned char)expression.text[length]) || expression.text[length] == '_'))
        length++;
    bool is_call = length > 0 && length < expression.length && expression.text[length] == '(' &&
                   expression.text[expression.length - 1] == ')';
    return is_call ? schema_builder_text_n(reader->builder, expression.text, length)
                   : schema_builder_text(reader->builder, "expr");
}

/* The columns and expressions of "EXCLUDE USING gist (a WITH =, …)". */
static void name_exclusion(struct catalog_reader *reader, const struct copy_row *row, struct naming *naming)
{
    int64_t numbers[CATALOG_KEYS] = {0};
    size_t count = copy_numbers(row, 3, numbers, CATALOG_KEYS);
    const char *open = row->fields[14] ? strchr(row->fields[14], '(') : NULL;
    struct postgres_expression list = {open ? open + 1 : NULL, open ? strlen(open + 1) : 0};
    struct postgres_expression item = {0};
    for (size_t i = 0; i < count && postgres_expression_next(&list, &item); i++) {
        const struct catalog_column *column = catalog_find_column(reader, copy_oid(row, 0), numbers[i]);
        const char *with = memmem(item.text, item.length, " WITH ", strlen(" WITH "));
        item = postgres_expression_bare(item.text, with ? (size_t)(with - item.text) : item.length);
        naming->names[naming->count++] = column ? column->name : expression_name(reader, item);
    }
}

/* A check that names one column carries that column's name, any other none. */
static void name_check(const struct catalog_reader *reader, const struct copy_row *row, struct naming *naming)
{
    int64_t numbers[CATALOG_KEYS] = {0};
    size_t count = copy_numbers(row, 3, numbers, CATALOG_KEYS);
    const struct catalog_column *column = count == 1 ? catalog_find_column(reader, copy_oid(row, 0), numbers[0]) : NULL;
    if (column)
        naming->names[naming->count++] = column->name;
}

static bool has_automatic_name(const struct catalog_reader *reader, const struct catalog_relation *relation,
                               const struct schema_constraint *constraint, const struct naming *naming)
{
    const char *columns[2 * CATALOG_KEYS] = {NULL};
    char joined[2 * POSTGRES_NAME_SIZE] = "";
    const char *name = schema_builder_get_text(reader->builder, constraint->name);
    const char *table = schema_builder_get_text(reader->builder, relation->name);
    const char *label = kinds[constraint->kind].label;
    for (size_t i = 0; i < naming->count; i++)
        columns[i] = schema_builder_get_text(reader->builder, naming->names[i]);
    postgres_join_columns(columns, naming->count, joined);
    bool is_keyed = constraint->kind != CONSTRAINT_PRIMARY_KEY && naming->count > 0;
    if (postgres_name_is_automatic(name, table, is_keyed ? joined : NULL, label))
        return true;
    /* Before version 12 a foreign key was named after its first column; upgrades keep names. */
    return constraint->kind == CONSTRAINT_FOREIGN_KEY && postgres_name_is_automatic(name, table, columns[0], label);
}

/* Nullability is told by columns; what is left to tell of a constraint for it is that it does not hold everywhere. */
static void amend_not_null(struct catalog_reader *reader, const struct copy_row *row)
{
    int64_t number = 0;
    (void)copy_numbers(row, 3, &number, 1);
    const struct catalog_column *known = catalog_find_column(reader, copy_oid(row, 0), number);
    if (!known || known->place == CATALOG_NONE)
        return;
    size_t count = 0;
    struct schema_column *column = &schema_builder_columns(reader->builder, &count)[known->place];
    bool is_valid = copy_true(row, 10);
    const char *state = is_valid ? "no inherit" : copy_true(row, 15) ? "not valid, no inherit" : "not valid";
    column->attributes = schema_builder_add_attribute(reader->builder, column->attributes, ATTRIBUTE_NOT_NULL_STATE,
                                                      schema_builder_text(reader->builder, state));
}

static int fill_constraint(struct catalog_reader *reader, const struct copy_row *row,
                           struct schema_constraint *constraint, struct naming *naming, struct error *reterr)
{
    catalog_note_flag(reader, ATTRIBUTE_NO_INHERIT, constraint->kind == CONSTRAINT_CHECK && copy_true(row, 15));
    catalog_note_flag(reader, ATTRIBUTE_PERIOD, copy_true(row, 18));
    if (constraint->kind == CONSTRAINT_CHECK)
        name_check(reader, row, naming);
    else if (constraint->kind == CONSTRAINT_EXCLUSION)
        name_exclusion(reader, row, naming);
    else if (add_columns(reader, row, constraint, naming, reterr) < 0)
        return -1;
    if (constraint->kind == CONSTRAINT_FOREIGN_KEY)
        return add_reference(reader, row, constraint, reterr);
    bool has_expression = constraint->kind == CONSTRAINT_CHECK || constraint->kind == CONSTRAINT_EXCLUSION;
    return has_expression ? add_expression(reader, row, constraint, reterr) : 0;
}

/* relation, name, kind, columns, target, target's columns, on update, on delete, deferrable, deferred, validated,
 * enforced, nulls not distinct, index, expression, no inherit, match, columns to be set, period, index's columns if
 * some are included, number of its keys, index is invalid */
int catalog_take_constraint(struct catalog_reader *reader, const struct copy_row *row, struct error *reterr)
{
    const struct catalog_relation *relation = catalog_find_modelled(reader, copy_oid(row, 0));
    char letter = row->fields[2] ? row->fields[2][0] : '\0';
    size_t kind = 0;
    while (kind < ARRAY_LENGTH(kinds) && kinds[kind].letter != letter)
        kind++;
    if (letter == 'n')
        amend_not_null(reader, row);
    if (!relation || kind == ARRAY_LENGTH(kinds))
        return 0;
    struct naming naming = {.count = 0};
    struct schema_constraint constraint = {
        .relation = relation->handle,
        .name = catalog_text(reader, row, 1),
        .kind = (uint8_t)kinds[kind].kind,
        .flags = constraint_flags(row),
    };
    if (fill_constraint(reader, row, &constraint, &naming, reterr) < 0)
        return -1;
    constraint.attributes = catalog_take_run(reader);
    if (has_automatic_name(reader, relation, &constraint, &naming))
        constraint.flags |= CONSTRAINT_AUTOMATIC_NAME;
    if (constraint.kind != CONSTRAINT_FOREIGN_KEY && copy_oid(row, 13) &&
        !number_map_set(&reader->backing, copy_oid(row, 13), 1))
        return error_no_memory(reterr);
    schema_builder_constraint(reader->builder, &constraint);
    return 0;
}
