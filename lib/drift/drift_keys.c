/* SPDX-License-Identifier: Apache-2.0
 *
 * Constraints and indexes of one pair of relations: matched by name, what is left by structure, and what then is left
 * of unique constraints and unique indexes by their columns. Each pass gives every unmatched key a signature, sorts
 * both sides by it and merges.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/drift_items.h"
#include "drift/drift_rows.h"

struct key {
    uint32_t at; /* index into constraints or indexes */
    bool is_constraint;
    bool matched;
    char *signature; /* of the pass at hand; NULL: takes no part in it */
};

struct keys {
    struct key *all;
    size_t count;
    uint32_t relation;
};

struct matching {
    struct drift_work *work;
    struct keys keys[ENDS];
    struct strbuf signature;
};

static void matching_done(struct matching *matching)
{
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        for (size_t i = 0; i < matching->keys[end].count; i++)
            mem_free(matching->keys[end].all[i].signature);
        mem_free(matching->keys[end].all);
    }
    strbuf_done(&matching->signature);
}

DEFINE_CLEANUP_VALUE(matching, struct matching, matching_done);

enum drift_kind drift_constraint_kind(const struct schema_constraint *constraint)
{
    return (enum drift_kind)(DRIFT_PRIMARY_KEY + constraint->kind);
}

_Static_assert(DRIFT_EXCLUSION - DRIFT_PRIMARY_KEY == CONSTRAINT_EXCLUSION - CONSTRAINT_PRIMARY_KEY,
               "kinds of constraints and of items stand in one order");

static const struct schema *schema_of(const struct matching *matching, enum drift_end end)
{
    return matching->work->sides[end].schema;
}

static enum drift_kind kind_of(const struct matching *matching, enum drift_end end, const struct key *key)
{
    return key->is_constraint ? drift_constraint_kind(&schema_of(matching, end)->constraints[key->at]) : DRIFT_INDEX;
}

static bool is_unique_key(const struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct schema *schema = schema_of(matching, end);
    return key->is_constraint ? schema->constraints[key->at].kind == CONSTRAINT_UNIQUE
                              : schema->indexes[key->at].flags & INDEX_UNIQUE;
}

/* Whether an index is what enforces a constraint of its name: then it is the constraint. */
static bool is_behind_constraint(const struct schema *schema, const struct schema_index *index)
{
    const struct schema_relation *relation = &schema->relations[index->relation];
    for (uint32_t i = 0; i < relation->constraint_count; i++) {
        const struct schema_constraint *constraint = &schema->constraints[relation->first_constraint + i];
        if (constraint->name != 0 && constraint->name == index->name && constraint->kind != CONSTRAINT_FOREIGN_KEY &&
            constraint->kind != CONSTRAINT_CHECK)
            return true;
    }
    return false;
}

static int collect(struct matching *matching, enum drift_end end, uint32_t relation)
{
    const struct schema *schema = schema_of(matching, end);
    const struct schema_relation *found = &schema->relations[relation];
    struct keys *keys = &matching->keys[end];
    keys->relation = relation;
    keys->all = mem_calloc((size_t)found->constraint_count + found->index_count, sizeof *keys->all);
    if (!keys->all)
        return error_no_memory(matching->work->reterr);
    for (uint32_t i = 0; i < found->constraint_count; i++)
        keys->all[keys->count++] = (struct key){.at = found->first_constraint + i, .is_constraint = true};
    for (uint32_t i = 0; i < found->index_count; i++)
        if (!is_behind_constraint(schema, &schema->indexes[found->first_index + i]))
            keys->all[keys->count++] = (struct key){.at = found->first_index + i};
    return 0;
}

/* A signature's parts do not run into each other. */
static void add_part(struct matching *matching, const char *text)
{
    strbuf_add_string(&matching->signature, text);
    strbuf_add_char(&matching->signature, '\x1f');
}

static void add_value(struct matching *matching, enum drift_end end, const struct key *key, const char *attribute)
{
    struct drift_pair pair = drift_pair_of(kind_of(matching, end, key), DRIFT_ALONE, DRIFT_ALONE);
    pair.at[end] = key->at;
    drift_print_value(matching->work, &pair, end, attribute, &matching->signature);
    strbuf_add_char(&matching->signature, '\x1f');
}

static uint32_t name_of(const struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct schema *schema = schema_of(matching, end);
    return key->is_constraint ? schema->constraints[key->at].name : schema->indexes[key->at].name;
}

/* A pass: writes the signature; false if the key takes no part. */
typedef bool sign_function(struct matching *matching, enum drift_end end, const struct key *key);

/* A table has one primary key, whatever it is called. Unique keys of MySQL are constraints or indexes, as what they
 * say allows, and are one thing all the same. */
static bool sign_by_name(struct matching *matching, enum drift_end end, const struct key *key)
{
    enum drift_kind kind = kind_of(matching, end, key);
    uint32_t name = name_of(matching, end, key);
    if (kind == DRIFT_UNIQUE && matching->work->features.mysql)
        kind = DRIFT_INDEX;
    add_part(matching, drift_kind_name(kind));
    if (kind == DRIFT_PRIMARY_KEY)
        return true;
    add_part(matching, schema_text(schema_of(matching, end), name));
    for (size_t i = 0; matching->work->features.fold_columns && i < matching->signature.length; i++)
        if (matching->signature.bytes[i] >= 'A' && matching->signature.bytes[i] <= 'Z')
            matching->signature.bytes[i] = (char)(matching->signature.bytes[i] - 'A' + 'a');
    return name != 0;
}

static bool sign_by_structure(struct matching *matching, enum drift_end end, const struct key *key)
{
    static const char *const constraint_values[] = {"columns", "expression", "references"};
    static const char *const index_values[] = {"columns", "unique", "method", "predicate", "include"};
    const char *const *values = key->is_constraint ? constraint_values : index_values;
    size_t count = key->is_constraint ? ARRAY_LENGTH(constraint_values) : ARRAY_LENGTH(index_values);
    add_part(matching, drift_kind_name(kind_of(matching, end, key)));
    for (size_t i = 0; i < count; i++)
        add_value(matching, end, key, values[i]);
    return true;
}

/* How many unmatched checks without a name there are. */
static size_t count_unnamed_checks(const struct matching *matching, enum drift_end end)
{
    const struct keys *keys = &matching->keys[end];
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += !keys->all[i].matched && kind_of(matching, end, &keys->all[i]) == DRIFT_CHECK &&
                 name_of(matching, end, &keys->all[i]) == 0;
    return count;
}

/* A constraint's columns by name, whatever else is said of them. */
static void add_columns(struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct schema *schema = schema_of(matching, end);
    struct text_list columns = schema->constraints[key->at].columns;
    for (uint32_t i = 0; i < columns.count; i++)
        add_part(matching, schema_text(schema, schema->lists[columns.first + i]));
    for (size_t i = 0; matching->work->features.fold_columns && i < matching->signature.length; i++)
        if (matching->signature.bytes[i] >= 'A' && matching->signature.bytes[i] <= 'Z')
            matching->signature.bytes[i] = (char)(matching->signature.bytes[i] - 'A' + 'a');
}

/* What has no name is known by its columns; a check, by being the only one. */
static bool sign_unnamed(struct matching *matching, enum drift_end end, const struct key *key)
{
    enum drift_kind kind = kind_of(matching, end, key);
    if (!key->is_constraint || name_of(matching, end, key) != 0)
        return false;
    add_part(matching, drift_kind_name(kind));
    if (kind == DRIFT_CHECK)
        return count_unnamed_checks(matching, end) == 1;
    add_columns(matching, end, key);
    return kind == DRIFT_FOREIGN_KEY || kind == DRIFT_UNIQUE;
}

/* A unique index in the place of a unique constraint keeps the same rows apart, if it has no predicate. */
static bool sign_unique_key(struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct schema *schema = schema_of(matching, end);
    if (!is_unique_key(matching, end, key) || (!key->is_constraint && schema->indexes[key->at].predicate != 0))
        return false;
    add_value(matching, end, key, "columns");
    return true;
}

/* A unique constraint in the place of the primary key. */
static bool sign_table_key(struct matching *matching, enum drift_end end, const struct key *key)
{
    enum drift_kind kind = kind_of(matching, end, key);
    if (kind != DRIFT_PRIMARY_KEY && kind != DRIFT_UNIQUE)
        return false;
    add_value(matching, end, key, "columns");
    return true;
}

static sign_function *const passes[] = {sign_by_name, sign_by_structure, sign_unnamed, sign_unique_key, sign_table_key};

static int compare_signatures(const void *left, const void *right)
{
    const struct key *a = left;
    const struct key *b = right;
    if (!a->signature || !b->signature)
        return (a->signature == NULL) - (b->signature == NULL);
    return strcmp(a->signature, b->signature);
}

static int sign(struct matching *matching, enum drift_end end, sign_function *pass)
{
    struct keys *keys = &matching->keys[end];
    for (size_t i = 0; i < keys->count; i++) {
        struct key *key = &keys->all[i];
        mem_free(take(key->signature));
        strbuf_clear(&matching->signature);
        if (key->matched || !pass(matching, end, key))
            continue;
        if (!strbuf_ok(&matching->signature))
            return error_no_memory(matching->work->reterr);
        key->signature = mem_strdup(strbuf_text(&matching->signature));
        if (!key->signature)
            return error_no_memory(matching->work->reterr);
    }
    qsort(keys->all, keys->count, sizeof *keys->all, compare_signatures);
    return 0;
}

static struct drift_pair pair_of(const struct matching *matching, const struct key *reference, const struct key *live)
{
    enum drift_end end = reference ? REFERENCE : LIVE;
    const struct key *key = reference ? reference : live;
    struct drift_pair pair = drift_pair_of(kind_of(matching, end, key), reference ? reference->at : DRIFT_ALONE,
                                           live ? live->at : DRIFT_ALONE);
    pair.relation[REFERENCE] = matching->keys[REFERENCE].relation;
    pair.relation[LIVE] = matching->keys[LIVE].relation;
    if (reference && live && reference->is_constraint != live->is_constraint) {
        pair.kind = DRIFT_INDEX;
        pair.constraint[REFERENCE] = reference->is_constraint;
        pair.constraint[LIVE] = live->is_constraint;
    } else if (reference && live && kind_of(matching, LIVE, live) == DRIFT_PRIMARY_KEY) {
        pair.kind = DRIFT_PRIMARY_KEY;
    }
    return pair;
}

static bool key_hangs(const struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct drift_side *side = &matching->work->sides[end];
    return key->is_constraint ? drift_constraint_hangs(side, key->at) : drift_index_hangs(side, key->at);
}

/* The columns of a key that both sides have. */
static void print_common_columns(const struct drift_side *side, const struct drift_pair *pair, struct strbuf *out)
{
    const struct schema *schema = side->schema;
    uint32_t at = pair->at[side->end];
    bool is_constraint = pair->kind != DRIFT_INDEX || pair->constraint[side->end];
    uint32_t count = is_constraint ? schema->constraints[at].columns.count : schema->indexes[at].part_count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t text = is_constraint ? schema->lists[schema->constraints[at].columns.first + i]
                                      : schema->parts[schema->indexes[at].first_part + i].text;
        const struct schema_column *column =
            schema_find_column(schema, &schema->relations[pair->relation[side->end]], schema_text(schema, text));
        if (column && (side->column_marks[column - schema->columns] & MARK_ALONE))
            continue;
        strbuf_add_string(out, schema_text(schema, text));
        strbuf_add_char(out, '\x1f');
    }
}

/* MySQL takes a column that is dropped out of the keys that have others: the column is the item. */
static bool shrank_with_column(struct drift_work *work, const struct drift_pair *pair)
{
    struct strbuf columns[ENDS] = {STRBUF(LIMIT_DRIFT_TEXT), STRBUF(LIMIT_DRIFT_TEXT)};
    for (enum drift_end end = REFERENCE; end < ENDS; end++)
        print_common_columns(&work->sides[end], pair, &columns[end]);
    bool same = strbuf_ok(&columns[REFERENCE]) && strbuf_ok(&columns[LIVE]) &&
                strcasecmp(strbuf_text(&columns[REFERENCE]), strbuf_text(&columns[LIVE])) == 0;
    for (enum drift_end end = REFERENCE; end < ENDS; end++) {
        work->printed[end].failed |= !strbuf_ok(&columns[end]);
        strbuf_done(&columns[end]);
    }
    return same;
}

/* Whether the engine made the index by itself, for a foreign key. */
static bool is_implicit(const struct drift_work *work, enum drift_end end, uint32_t index)
{
    const struct schema *schema = work->sides[end].schema;
    const char *maker = schema_attribute_text(schema, schema->indexes[index].attributes, ATTRIBUTE_TOOL_OBJECT);
    return maker && strcmp(maker, "foreign_key") == 0 && !work->policy->no_defaults;
}

/* Names that nobody chose are none. */
static bool is_nameless(const struct drift_work *work, const struct drift_pair *pair)
{
    if (work->sides[LIVE].schema->relations[pair->relation[LIVE]].kind == RELATION_PARTITION)
        return true;
    return pair->kind == DRIFT_INDEX && !pair->constraint[REFERENCE] && !pair->constraint[LIVE] &&
           is_implicit(work, REFERENCE, pair->at[REFERENCE]) && is_implicit(work, LIVE, pair->at[LIVE]);
}

static bool is_own_difference(struct drift_work *work, const struct drift_pair *pair, const char *attribute)
{
    if (strcmp(attribute, "name") == 0 && is_nameless(work, pair))
        return false;
    bool shrinks = work->features.mysql && strcmp(attribute, "columns") == 0;
    return !(shrinks && shrank_with_column(work, pair));
}

/* Equal byte by byte, so that nothing need be printed. */
static bool same_lists(const struct schema *const schemas[static ENDS], struct text_list a, struct text_list b)
{
    if (a.count != b.count)
        return false;
    for (uint32_t i = 0; i < a.count; i++)
        if (strcmp(schema_text(schemas[REFERENCE], schemas[REFERENCE]->lists[a.first + i]),
                   schema_text(schemas[LIVE], schemas[LIVE]->lists[b.first + i])) != 0)
            return false;
    return true;
}

static bool same_text(const struct schema *const schemas[static ENDS], uint32_t a, uint32_t b)
{
    return strcmp(schema_text(schemas[REFERENCE], a), schema_text(schemas[LIVE], b)) == 0;
}

static bool constraints_are_same(const struct schema *const schemas[static ENDS], const struct schema_constraint *a,
                                 const struct schema_constraint *b)
{
    return a->kind == b->kind && a->flags == b->flags && a->on_delete == b->on_delete && a->on_update == b->on_update &&
           same_text(schemas, a->name, b->name) && same_text(schemas, a->expression, b->expression) &&
           same_text(schemas, a->referenced_schema, b->referenced_schema) &&
           same_text(schemas, a->referenced_table, b->referenced_table) &&
           same_lists(schemas, a->columns, b->columns) &&
           same_lists(schemas, a->referenced_columns, b->referenced_columns) &&
           drift_same_run(schemas, a->attributes, b->attributes);
}

static bool indexes_are_same(const struct schema *const schemas[static ENDS], const struct schema_index *a,
                             const struct schema_index *b)
{
    bool same = a->flags == b->flags && a->part_count == b->part_count && same_text(schemas, a->name, b->name) &&
                same_text(schemas, a->method, b->method) && same_text(schemas, a->predicate, b->predicate) &&
                drift_same_run(schemas, a->attributes, b->attributes);
    for (uint32_t i = 0; same && i < a->part_count; i++) {
        const struct schema_index_part *left = &schemas[REFERENCE]->parts[a->first_part + i];
        const struct schema_index_part *right = &schemas[LIVE]->parts[b->first_part + i];
        same = left->flags == right->flags && left->prefix == right->prefix &&
               same_text(schemas, left->text, right->text) && same_text(schemas, left->collation, right->collation) &&
               same_text(schemas, left->operator_class, right->operator_class);
    }
    return same;
}

static int compare_keys(struct matching *matching, const struct key *reference, const struct key *live)
{
    const struct schema *const schemas[ENDS] = {schema_of(matching, REFERENCE), schema_of(matching, LIVE)};
    if (reference->is_constraint && live->is_constraint && !matching->work->features.mysql &&
        constraints_are_same(schemas, &schemas[REFERENCE]->constraints[reference->at],
                             &schemas[LIVE]->constraints[live->at]))
        return 0;
    if (!reference->is_constraint && !live->is_constraint &&
        indexes_are_same(schemas, &schemas[REFERENCE]->indexes[reference->at], &schemas[LIVE]->indexes[live->at]))
        return 0;
    if (key_hangs(matching, REFERENCE, reference) && key_hangs(matching, LIVE, live))
        return 0;
    struct drift_pair pair = pair_of(matching, reference, live);
    return drift_compare_pair(matching->work, &pair, is_own_difference);
}

static int run_pass(struct matching *matching, sign_function *pass)
{
    if (sign(matching, REFERENCE, pass) || sign(matching, LIVE, pass))
        return -1;
    struct keys *keys = matching->keys;
    for (size_t i = 0, j = 0; i < keys[REFERENCE].count && j < keys[LIVE].count;) {
        struct key *reference = &keys[REFERENCE].all[i];
        struct key *live = &keys[LIVE].all[j];
        if (!reference->signature || !live->signature)
            break;
        int order = strcmp(reference->signature, live->signature);
        if (order == 0) {
            reference->matched = true;
            live->matched = true;
            if (compare_keys(matching, reference, live))
                return -1;
        }
        i += order <= 0;
        j += order >= 0;
    }
    return 0;
}

/* Keys that the defaults pass over: the engine's index behind a foreign key, the key over a hidden column of its own.
 */
static bool is_left_out(const struct matching *matching, enum drift_end end, const struct key *key)
{
    const struct drift_side *side = &matching->work->sides[end];
    const struct schema *schema = side->schema;
    if (matching->work->policy->no_defaults)
        return false;
    if (!key->is_constraint)
        return is_implicit(matching->work, end, key->at);
    const struct schema_constraint *constraint = &schema->constraints[key->at];
    if (constraint->kind != CONSTRAINT_PRIMARY_KEY || constraint->columns.count != 1)
        return false;
    const struct schema_column *column =
        schema_find_column(schema, &schema->relations[constraint->relation],
                           schema_text(schema, schema->lists[constraint->columns.first]));
    return column && drift_is_generated_key(side, (uint32_t)(column - schema->columns));
}

/* Whether a parent of `relation` on side `end` has a key of that structure. */
static bool parent_has(struct matching *matching, enum drift_end end, uint32_t relation, bool is_constraint,
                       const char *structure)
{
    const struct drift_side *side = &matching->work->sides[end];
    size_t cursor = 0;
    for (uint32_t parent = drift_next_parent(side, relation, &cursor); parent != DRIFT_ALONE;
         parent = drift_next_parent(side, relation, &cursor)) {
        const struct schema_relation *found = &side->schema->relations[parent];
        uint32_t first = is_constraint ? found->first_constraint : found->first_index;
        uint32_t count = is_constraint ? found->constraint_count : found->index_count;
        for (uint32_t i = 0; i < count; i++) {
            struct key key = {.at = first + i, .is_constraint = is_constraint};
            strbuf_clear(&matching->signature);
            sign_by_structure(matching, end, &key);
            if (strcmp(strbuf_text(&matching->signature), structure) == 0)
                return true;
        }
    }
    return false;
}

/* Whether a parent has the like of it: then the difference is the parent's, or comes with being its child on one side
 * only. Constraints and indexes of partitions follow the parent's; of tables that merely inherit, only the checks do.
 */
static int is_inherited(struct matching *matching, enum drift_end end, const struct key *key, bool *ret_inherited)
{
    const struct schema *schema = schema_of(matching, end);
    enum drift_end other = end == REFERENCE ? LIVE : REFERENCE;
    const struct schema_relation *relation = &schema->relations[matching->keys[end].relation];
    const struct schema_relation *partner = &schema_of(matching, other)->relations[matching->keys[other].relation];
    bool is_partition = relation->kind == RELATION_PARTITION || partner->kind == RELATION_PARTITION;
    *ret_inherited = false;
    if (!is_partition && kind_of(matching, end, key) != DRIFT_CHECK)
        return 0;
    strbuf_clear(&matching->signature);
    sign_by_structure(matching, end, key);
    cleanup(free) char *structure = mem_strdup(strbuf_text(&matching->signature));
    if (!structure)
        return error_no_memory(matching->work->reterr);
    *ret_inherited = parent_has(matching, end, matching->keys[end].relation, key->is_constraint, structure) ||
                     (schema_has_attribute(schema, relation->attributes, ATTRIBUTE_PARENTS) !=
                          schema_has_attribute(schema_of(matching, other), partner->attributes, ATTRIBUTE_PARENTS) &&
                      parent_has(matching, other, matching->keys[other].relation, key->is_constraint, structure));
    return strbuf_ok(&matching->signature) ? 0 : error_no_memory(matching->work->reterr);
}

static int add_alone_keys(struct matching *matching, enum drift_end end)
{
    struct keys *keys = &matching->keys[end];
    for (size_t i = 0; i < keys->count; i++) {
        const struct key *key = &keys->all[i];
        bool inherited = false;
        if (key->matched || key_hangs(matching, end, key))
            continue;
        enum drift_end other = end == REFERENCE ? LIVE : REFERENCE;
        if (kind_of(matching, end, key) == DRIFT_CHECK &&
            drift_check_is_columns(matching->work, end, key->at, matching->keys[other].relation))
            continue;
        if (is_left_out(matching, end, key)) {
            matching->work->report->left_out++;
            continue;
        }
        if (is_inherited(matching, end, key, &inherited))
            return -1;
        struct drift_pair pair = end == REFERENCE ? pair_of(matching, key, NULL) : pair_of(matching, NULL, key);
        if (!inherited && drift_add_alone(matching->work, &pair, end))
            return -1;
    }
    return 0;
}

int drift_compare_keys(struct drift_work *work, uint32_t reference, uint32_t live)
{
    cleanup(matching) struct matching matching = {.work = work, .signature = STRBUF(LIMIT_DRIFT_TEXT)};
    if (collect(&matching, REFERENCE, reference) || collect(&matching, LIVE, live))
        return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(passes); i++)
        if (run_pass(&matching, passes[i]))
            return -1;
    if (add_alone_keys(&matching, REFERENCE))
        return -1;
    return add_alone_keys(&matching, LIVE);
}
