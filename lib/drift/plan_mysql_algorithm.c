/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ALGORITHM and LOCK a statement asks for. A server refuses a statement that asks for more than it can do, and
 * what it can do depends on more than a schema tells: on how often a table was changed without being written anew, on
 * settings, on what else the table has. So each row of the table below is what MySQL 9.7, MariaDB 10.11 and 11.8 were
 * seen to accept for tables with none of the row's obstacles, whatever was done to them before; in all other cases
 * nothing is asked for, and the server takes the least that it needs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "drift/plan_mysql.h"

/* What stands in the way of everything, of a column told anew, of what may write the rows anew, and of a column told
 * anew that does. */
enum {
    STRANGE = TRAIT_OTHER_ENGINE | TRAIT_HASHED | TRAIT_VECTOR,
    MODIFY = STRANGE | TRAIT_GENERATED | TRAIT_EXPRESSION | TRAIT_CHECKED,
    ROWS = STRANGE | TRAIT_GENERATED | TRAIT_EXPRESSION | TRAIT_FULLTEXT | TRAIT_SPATIAL | TRAIT_COMPRESSED |
           TRAIT_PARTITIONED | TRAIT_VERSIONED | TRAIT_KEYLESS,
    MODIFY_ROWS = MODIFY | ROWS,
};

#define I ALGORITHM_INSTANT
#define O ALGORITHM_ONLINE
#define N ALGORITHM_INPLACE
#define R ALGORITHM_REBUILD
#define S ALGORITHM_INPLACE_SHARED
#define C ALGORITHM_CHOSEN

static const struct {
    enum mysql_algorithm best[2]; /* by flavour: MySQL, MariaDB */
    unsigned obstacles;
} operations[MYSQL_OPERATIONS] = {
    [OPERATION_ADD_COLUMN] = {{O, O}, ROWS},
    [OPERATION_ADD_VIRTUAL_COLUMN] = {{O, O}, ROWS & ~TRAIT_GENERATED},
    [OPERATION_DROP_COLUMN] = {{O, O}, ROWS},
    [OPERATION_SET_DEFAULT] = {{I, I}, STRANGE | TRAIT_CHECKED},
    [OPERATION_NULLABLE] = {{R, R}, MODIFY_ROWS},
    [OPERATION_WIDEN] = {{N, I}, MODIFY},
    [OPERATION_APPEND_VALUES] = {{I, I}, MODIFY},
    [OPERATION_COLLATION] = {{N, I}, MODIFY},
    [OPERATION_MOVE_COLUMN] = {{R, O}, MODIFY_ROWS},
    [OPERATION_RENAME_COLUMN] = {{O, O}, MODIFY},
    [OPERATION_ADD_INDEX] = {{N, N}, STRANGE},
    [OPERATION_ADD_FULLTEXT] = {{S, S}, ROWS & ~TRAIT_FULLTEXT},
    [OPERATION_ADD_EXPRESSION_INDEX] = {{S, C}, ROWS & ~TRAIT_EXPRESSION},
    [OPERATION_DROP_INDEX] = {{N, N}, STRANGE},
    [OPERATION_RENAME_INDEX] = {{N, I}, STRANGE},
    [OPERATION_HIDE_INDEX] = {{N, I}, STRANGE},
    [OPERATION_REPLACE_PRIMARY_KEY] = {{R, R}, ROWS},
    [OPERATION_DROP_CHECK] = {{I, I}, STRANGE},
    [OPERATION_ENFORCE_LESS] = {{I, I}, STRANGE},
    [OPERATION_DROP_FOREIGN_KEY] = {{N, I}, STRANGE},
    [OPERATION_TABLE_COLLATION] = {{N, I}, STRANGE},
    [OPERATION_COPY] = {{C, C}, 0},
};

#undef I
#undef O
#undef N
#undef R
#undef S
#undef C

/* LOCK=NONE alone leaves the server free to do with less than INPLACE. */
static const struct {
    const char *clause; /* "": none */
    const char *lock;   /* NULL: the clause */
    unsigned hazards;
} algorithms[MYSQL_ALGORITHMS] = {
    [ALGORITHM_INSTANT] = {"ALGORITHM=INSTANT", NULL, 0},
    [ALGORITHM_ONLINE] = {"LOCK=NONE", "LOCK=NONE (ALGORITHM=INSTANT where the table's history allows, else INPLACE)",
                          0},
    [ALGORITHM_INPLACE] = {"ALGORITHM=INPLACE, LOCK=NONE", NULL, 0},
    [ALGORITHM_REBUILD] = {"ALGORITHM=INPLACE, LOCK=NONE", NULL, HAZARD(REWRITES_TABLE)},
    [ALGORITHM_INPLACE_SHARED] = {"ALGORITHM=INPLACE, LOCK=SHARED", NULL, HAZARD(BLOCKS_WRITES)},
    [ALGORITHM_CHOSEN] = {"", "chosen by the server: up to ALGORITHM=COPY, LOCK=SHARED",
                          HAZARD(REWRITES_TABLE) | HAZARD(BLOCKS_WRITES)},
    [ALGORITHM_NONE] = {"", "metadata", 0},
};

const char *mysql_algorithm_clause(enum mysql_algorithm algorithm)
{
    return algorithms[algorithm].clause;
}

const char *mysql_algorithm_lock(enum mysql_algorithm algorithm)
{
    return algorithms[algorithm].lock ? algorithms[algorithm].lock : algorithms[algorithm].clause;
}

unsigned mysql_algorithm_hazards(enum mysql_algorithm algorithm)
{
    return algorithms[algorithm].hazards;
}

enum mysql_algorithm mysql_algorithm_for(const struct plan_maker *maker, enum plan_side side, size_t relation,
                                         enum mysql_operation operation)
{
    if (mysql_traits(maker, side, relation) & operations[operation].obstacles)
        return ALGORITHM_CHOSEN;
    return operations[operation].best[mysql_plan_of(maker)->flavour];
}

bool mysql_is_indexed(const struct schema *schema, size_t relation, const char *column)
{
    const struct schema_relation *table = &schema->relations[relation];
    for (size_t i = 0; i < table->index_count; i++)
        if (mysql_index_uses(schema, &schema->indexes[table->first_index + i], column))
            return true;
    for (size_t i = 0; i < table->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[table->first_constraint + i];
        if (constraint->kind != CONSTRAINT_CHECK && mysql_list_has(schema, constraint->columns, column))
            return true;
    }
    return false;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* "varchar(20)": the number; 0 if it is no varchar. */
static unsigned long varchar_length(const char *type)
{
    static const char head[] = "varchar(";
    return strncmp(type, head, sizeof head - 1) == 0 ? strtoul(type + sizeof head - 1, NULL, 10) : 0;
}

/* Longer, with as many bytes before each value that tell its length. */
static bool is_longer_varchar(const struct mysql_column *from, const struct mysql_column *to)
{
    unsigned long before = varchar_length(from->type) * mysql_character_bytes(from->charset);
    unsigned long after = varchar_length(to->type) * mysql_character_bytes(to->charset);
    return before > 0 && before <= after && (after < 256 || before > 255);
}

/* "enum('a','b')" and "enum('a','b','c')", with no more values than a byte (or what a set has then) can tell. */
static bool appends_values(const char *from, const char *to)
{
    bool values = strncmp(from, "enum(", 5) == 0 || strncmp(from, "set(", 4) == 0;
    size_t length = strlen(from);
    if (!values || strncmp(from, to, length - 1) != 0 || to[length - 1] != ',')
        return false;
    size_t commas = 0;
    for (const char *at = to; *at; at++)
        commas += *at == ',';
    return *from == 'e' ? commas < 200 : commas < 8;
}

/* A unique key over the column may become too long for what it was. */
static enum mysql_operation type_operation(const struct plan_maker *maker, const struct mysql_column *from,
                                           const struct mysql_column *to, bool indexed)
{
    bool mariadb = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    if (is_longer_varchar(from, to))
        return mariadb && indexed && mysql_column_bytes(to) > MYSQL_SHORT_KEY_BYTES ? OPERATION_COPY : OPERATION_WIDEN;
    return appends_values(from->type, to->type) ? OPERATION_APPEND_VALUES : OPERATION_COPY;
}

/* Rows that have NULL would get the default: a server does that in place only where it is one value for all. */
static bool fills_by_rule(const struct mysql_column *column)
{
    const char *text = column->default_expression;
    bool bits = text && strchr("bBxX", *text) && text[1] == '\'';
    return strncmp(column->type, "timestamp", 9) == 0 || (text && !strchr("'-0123456789", *text) && !bits);
}

/* On either side: the plan may make the index first. */
static bool is_ever_indexed(const struct plan_maker *maker, size_t relation, const struct mysql_column *column)
{
    int64_t other = mysql_counterpart(maker, SIDE_CURRENT, relation);
    return mysql_is_indexed(maker->current, relation, column->name) ||
           (other >= 0 && mysql_is_indexed(maker->target, (size_t)other, column->name));
}

enum mysql_algorithm mysql_algorithm_for_column(struct plan_maker *maker, size_t relation,
                                                const struct mysql_column *from, const struct mysql_column *to)
{
    bool mariadb = mysql_plan_of(maker)->flavour == MYSQL_FLAVOUR_MARIADB;
    unsigned changed = from->flags ^ to->flags;
    bool indexed = is_ever_indexed(maker, relation, from);
    bool recoded = !same_text(from->charset, to->charset);
    bool collated = !same_text(from->collation, to->collation);
    bool checked = to->check && !same_text(from->check, to->check);
    enum mysql_operation done[6] = {OPERATION_SET_DEFAULT};
    size_t count = 1;
    if (strcmp(from->type, to->type) != 0)
        done[count++] = type_operation(maker, from, to, indexed);
    if (strcmp(from->name, to->name) != 0)
        done[count++] = OPERATION_RENAME_COLUMN;
    if (changed & COLUMN_NULLABLE)
        done[count++] = from->flags & COLUMN_NULLABLE && fills_by_rule(to) ? OPERATION_COPY : OPERATION_NULLABLE;
    if (recoded || collated)
        done[count++] = recoded || indexed ? OPERATION_COPY : OPERATION_COLLATION;
    if (from->generated || to->generated || (changed & COLUMN_AUTO_INCREMENT) || (mariadb && checked) ||
        !same_text(from->srid, to->srid))
        done[count++] = OPERATION_COPY;
    enum mysql_algorithm worst = ALGORITHM_INSTANT;
    for (size_t i = 0; i < count; i++) {
        enum mysql_algorithm algorithm = mysql_algorithm_for(maker, SIDE_CURRENT, relation, done[i]);
        worst = algorithm > worst ? algorithm : worst;
    }
    return worst;
}
