/* SPDX-License-Identifier: Apache-2.0
 *
 * What means the same becomes the same tree. Only spellings that one server prints after a dump and restore, or another
 * version prints for the same stored expression, are made equal; no rule looks at what a name stands for.
 */
#include <string.h>

#include "base/cleanup.h"
#include "dialect/postgres_parser.h"

static const char text_type[] = "text";
static const char varchar_type[] = "character varying";

static struct postgres_node *at(const struct postgres_tree *tree, uint32_t node)
{
    return postgres_node_at(tree, node);
}

/* The operand of a cast; 0 if the node is none. */
static uint32_t cast_operand(const struct postgres_tree *tree, uint32_t node)
{
    return node && at(tree, node)->kind == POSTGRES_CAST ? at(tree, node)->first : 0;
}

/* A string constant that was cast to varchar; 0 if the node is none. */
static uint32_t varchar_constant(const struct postgres_tree *tree, uint32_t node)
{
    uint32_t operand = cast_operand(tree, node);
    bool holds = postgres_node_is_string(tree, operand) &&
                 postgres_node_is_type(tree, at(tree, node)->last, varchar_type, false);
    return holds ? operand : 0;
}

/* The elements of an array, separated by commas; 0 if the node is none or has none. */
static uint32_t array_elements(const struct postgres_tree *tree, uint32_t node)
{
    return node && at(tree, node)->kind == POSTGRES_ARRAY ? at(tree, at(tree, node)->last)->first : 0;
}

static bool are_strings(const struct postgres_tree *tree, uint32_t element)
{
    for (; element; element = postgres_node_next(tree, element))
        if (!postgres_node_is_string(tree, element) && !postgres_node_is(tree, element, ","))
            return false;
    return true;
}

/* 'a'::varchar in what becomes an array of text: 'a'. */
static void strip_varchar_elements(struct postgres_tree *tree, uint32_t array)
{
    uint32_t element = array_elements(tree, array);
    if (element == 0)
        return;
    uint32_t group = at(tree, array)->last;
    postgres_tree_clear(tree, group);
    while (element) {
        uint32_t next = postgres_node_next(tree, element);
        uint32_t constant = varchar_constant(tree, element);
        postgres_tree_append(tree, group, constant ? constant : element);
        element = next;
    }
}

static uint32_t empty_array(struct postgres_tree *tree)
{
    uint32_t array = postgres_tree_node(tree, POSTGRES_ARRAY);
    uint32_t group = postgres_tree_node(tree, POSTGRES_GROUP);
    if (group)
        at(tree, group)->square = true;
    postgres_tree_append(tree, array, postgres_tree_text(tree, POSTGRES_TOKEN_KEYWORD, "array"));
    postgres_tree_append(tree, array, group);
    return array;
}

static uint32_t set_cast(struct postgres_tree *tree, uint32_t cast, uint32_t operand, uint32_t type)
{
    postgres_tree_clear(tree, cast);
    postgres_tree_append(tree, cast, operand);
    postgres_tree_append(tree, cast, type);
    return cast;
}

/* The text that a cast to varchar and then to text makes of a constant is the constant. What a list of varchar
 * constants becomes after a dump and restore follows from that, and from pulling common casts out of arrays. */
static uint32_t rewrite_cast(struct postgres_tree *tree, uint32_t cast)
{
    uint32_t operand = at(tree, cast)->first;
    uint32_t type = at(tree, cast)->last;
    if (cast_operand(tree, operand) && postgres_tree_equal(tree, at(tree, operand)->last, type))
        return operand;
    if (postgres_node_is_type(tree, type, text_type, false) && varchar_constant(tree, operand))
        return set_cast(tree, cast, varchar_constant(tree, operand), type);
    if (postgres_node_is_type(tree, type, text_type, true)) {
        uint32_t array = cast_operand(tree, operand);
        if (array_elements(tree, array) && are_strings(tree, array_elements(tree, array)) &&
            postgres_node_is_type(tree, at(tree, operand)->last, varchar_type, true))
            return set_cast(tree, cast, array, type);
        strip_varchar_elements(tree, operand);
    }
    if (at(tree, type)->array && postgres_node_is_string(tree, operand) && at(tree, operand)->length == 4 &&
        memcmp(at(tree, operand)->text, "'{}'", 4) == 0)
        return set_cast(tree, cast, empty_array(tree), type);
    return cast;
}

/* A constant, whatever scalar types it is cast to. */
static bool is_constant(const struct postgres_tree *tree, uint32_t node)
{
    while (cast_operand(tree, node) && !at(tree, at(tree, node)->last)->array)
        node = cast_operand(tree, node);
    const struct postgres_node *leaf = at(tree, node);
    if (leaf->kind == POSTGRES_OPERATION) /* a sign and a number */
        leaf = leaf->last == postgres_node_next(tree, leaf->first) ? at(tree, leaf->last) : leaf;
    return leaf->kind == POSTGRES_LEAF && leaf->token != POSTGRES_TOKEN_NAME && leaf->token != POSTGRES_TOKEN_WORD;
}

/* Whether all elements are cast to one type that is no array. Of a column nobody knows whether it is an array, which
 * a cast to t[] would take apart; a constant among the elements says that none of them is. */
static bool have_one_type(const struct postgres_tree *tree, uint32_t element)
{
    if (!cast_operand(tree, element) || at(tree, at(tree, element)->last)->array)
        return false;
    uint32_t type = at(tree, element)->last;
    bool constant = false;
    for (; element; element = postgres_node_next(tree, element)) {
        if (postgres_node_is(tree, element, ","))
            continue;
        if (!cast_operand(tree, element) || !postgres_tree_equal(tree, at(tree, element)->last, type))
            return false;
        constant = constant || is_constant(tree, element);
    }
    return constant;
}

/* ARRAY[a::t, b::t] is what the server makes of (ARRAY[a, b])::t[]. Heights bound how many casts an element has. */
static uint32_t rewrite_array(struct postgres_tree *tree, uint32_t array)
{
    uint32_t element = array_elements(tree, array);
    if (element == 0 || !have_one_type(tree, element))
        return array;
    uint32_t type = at(tree, element)->last;
    uint32_t group = at(tree, array)->last;
    postgres_tree_clear(tree, group);
    while (element) {
        uint32_t next = postgres_node_next(tree, element);
        uint32_t operand = cast_operand(tree, element);
        postgres_tree_append(tree, group, operand ? operand : element);
        element = next;
    }
    at(tree, type)->array = true;
    uint32_t cast = postgres_tree_node(tree, POSTGRES_CAST);
    return cast ? rewrite_cast(tree, set_cast(tree, cast, rewrite_array(tree, array), type)) : array;
}

enum { ARGUMENTS = 4 };

/* Functions with a syntax of their own, which servers before 14 print as calls. */
static const struct syntax {
    const char *name;
    const char *words[ARGUMENTS - 1]; /* between the arguments */
} syntaxes[] = {
    {"substring", {"from", "for"}},          {"substring", {"from"}},          {"substring", {"similar", "escape"}},
    {"overlay", {"placing", "from", "for"}}, {"overlay", {"placing", "from"}}, {"xmlexists", {"passing"}},
};

/* Functions of texts: where the server prints their own syntax it leaves out casts to text that were not written down,
 * where it prints calls it shows them. */
static const char *const text_functions[] = {"btrim",   "is_normalized", "ltrim", "normalize",
                                             "overlay", "position",      "rtrim", "substring"};

/* Whether the children of a group are arguments with exactly these words between them. */
static bool matches_syntax(const struct postgres_tree *tree, uint32_t group, const struct syntax *syntax)
{
    uint32_t child = at(tree, group)->first;
    for (size_t i = 0; i < ARGUMENTS - 1 && syntax->words[i]; i++) {
        child = postgres_node_next(tree, child);
        if (!postgres_node_is(tree, child, syntax->words[i]))
            return false;
        child = postgres_node_next(tree, child);
    }
    return child && postgres_node_next(tree, child) == 0;
}

static void append_argument(struct postgres_tree *tree, uint32_t group, uint32_t argument)
{
    if (at(tree, group)->first)
        postgres_tree_append(tree, group, postgres_tree_text(tree, POSTGRES_TOKEN_SIGN, ","));
    postgres_tree_append(tree, group, argument);
}

static void apply_syntax(struct postgres_tree *tree, uint32_t group)
{
    uint32_t arguments[ARGUMENTS] = {0};
    size_t count = 0;
    for (uint32_t child = at(tree, group)->first; child && count < ARGUMENTS;) {
        arguments[count++] = child;
        child = postgres_node_next(tree, postgres_node_next(tree, child));
    }
    postgres_tree_clear(tree, group);
    for (size_t i = 0; i < count; i++)
        append_argument(tree, group, arguments[i]);
}

static void set_head(struct postgres_tree *tree, uint32_t call, const char *name)
{
    uint32_t rest = postgres_node_next(tree, at(tree, call)->first);
    postgres_tree_clear(tree, call);
    postgres_tree_append(tree, call, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, name));
    while (rest) {
        uint32_t next = postgres_node_next(tree, rest);
        postgres_tree_append(tree, call, rest);
        rest = next;
    }
}

/* TRIM(BOTH characters FROM text) */
static void rewrite_trim(struct postgres_tree *tree, uint32_t call, uint32_t group)
{
    static const struct {
        const char *word;
        const char *name;
    } sides[] = {{"both", "btrim"}, {"leading", "ltrim"}, {"trailing", "rtrim"}};
    uint32_t child = at(tree, group)->first;
    const char *name = "btrim";
    for (size_t i = 0; i < ARRAY_LENGTH(sides); i++)
        if (postgres_node_is(tree, child, sides[i].word)) {
            name = sides[i].name;
            child = postgres_node_next(tree, child);
            break;
        }
    uint32_t characters = postgres_node_is(tree, child, "from") ? 0 : child;
    if (characters)
        child = postgres_node_next(tree, child);
    uint32_t text = postgres_node_next(tree, child);
    if (!postgres_node_is(tree, child, "from") || text == 0 || postgres_node_next(tree, text))
        return;
    postgres_tree_clear(tree, group);
    append_argument(tree, group, text);
    if (characters)
        append_argument(tree, group, characters);
    set_head(tree, call, name);
}

/* POSITION((part) IN (text)) reads as the operator IN with a list of one. */
static void rewrite_position(struct postgres_tree *tree, uint32_t group)
{
    uint32_t operation = at(tree, group)->first;
    uint32_t part = operation ? at(tree, operation)->first : 0;
    uint32_t list = postgres_node_next(tree, postgres_node_next(tree, part));
    if (!at(tree, group)->whole || at(tree, operation)->kind != POSTGRES_OPERATION ||
        !postgres_node_is(tree, postgres_node_next(tree, part), "in") || !at(tree, list)->whole)
        return;
    postgres_tree_clear(tree, group);
    at(tree, group)->whole = false;
    append_argument(tree, group, at(tree, list)->first);
    append_argument(tree, group, part);
}

/* The form that the second argument names by a word, as a constant; NULL if it does not. */
static const char *normal_form(const struct postgres_tree *tree, uint32_t group)
{
    static const char *const forms[][2] = {{"nfc", "'nfc'"}, {"nfd", "'nfd'"}, {"nfkc", "'nfkc'"}, {"nfkd", "'nfkd'"}};
    uint32_t form = postgres_node_next(tree, postgres_node_next(tree, at(tree, group)->first));
    for (size_t i = 0; i < ARRAY_LENGTH(forms); i++)
        if (postgres_node_is(tree, form, forms[i][0]) && postgres_node_next(tree, form) == 0)
            return forms[i][1];
    return NULL;
}

/* NORMALIZE(x, NFC) */
static void rewrite_normalize(struct postgres_tree *tree, uint32_t group)
{
    const char *form = normal_form(tree, group);
    if (!form)
        return;
    uint32_t text = at(tree, group)->first;
    uint32_t type = postgres_tree_node(tree, POSTGRES_TYPE);
    postgres_tree_append(tree, type, postgres_tree_text(tree, POSTGRES_TOKEN_NAME, text_type));
    uint32_t cast = postgres_tree_node(tree, POSTGRES_CAST);
    uint32_t constant = postgres_tree_text(tree, POSTGRES_TOKEN_STRING, form);
    if (!cast || !constant)
        return;
    postgres_tree_clear(tree, group);
    append_argument(tree, group, text);
    append_argument(tree, group, set_cast(tree, cast, constant, type));
}

/* Of substring only the first argument: the second may be a number. */
static void strip_text_casts(struct postgres_tree *tree, uint32_t group, bool first_only)
{
    uint32_t child = at(tree, group)->first;
    bool first = true;
    postgres_tree_clear(tree, group);
    while (child) {
        uint32_t next = postgres_node_next(tree, child);
        uint32_t operand = first || !first_only ? cast_operand(tree, child) : 0;
        bool strip = operand && !postgres_node_is_string(tree, operand) &&
                     postgres_node_is_type(tree, at(tree, child)->last, text_type, false);
        postgres_tree_append(tree, group, strip ? operand : child);
        child = next;
        first = false;
    }
}

/* XMLSERIALIZE(CONTENT … AS type NO INDENT): said since 16, and what it was before. */
static void rewrite_serialize(struct postgres_tree *tree, uint32_t group)
{
    uint32_t kind = at(tree, group)->first;
    uint32_t as = postgres_node_next(tree, postgres_node_next(tree, kind));
    if (!postgres_node_is(tree, as, "as") ||
        !(postgres_node_is(tree, kind, "content") || postgres_node_is(tree, kind, "document")))
        return;
    for (uint32_t before = postgres_node_next(tree, as); before && postgres_node_is_name(tree, before);
         before = postgres_node_next(tree, before)) {
        uint32_t no = postgres_node_next(tree, before);
        uint32_t indent = postgres_node_next(tree, no);
        if (!postgres_node_is(tree, no, "no") || !postgres_node_is(tree, indent, "indent") ||
            postgres_node_next(tree, indent))
            continue;
        at(tree, before)->next = 0;
        at(tree, group)->last = before;
        return;
    }
}

/* Functions whose names are words of the grammar, which the server therefore quotes. */
static const char *quoted_function(const struct postgres_tree *tree, uint32_t head)
{
    static const char *const names[] = {"left",     "normalize", "overlaps",  "overlay",
                                        "position", "right",     "substring", "xmlexists"};
    const struct postgres_node *leaf = at(tree, head);
    if (leaf->kind != POSTGRES_LEAF)
        return NULL;
    bool quoted = leaf->length > 2 && leaf->text[0] == '"';
    struct postgres_token token = {POSTGRES_TOKEN_WORD, leaf->text + quoted, leaf->length - 2 * (size_t)quoted};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (postgres_token_is(&token, names[i]))
            return names[i];
    return NULL;
}

/* pg_catalog.f: every function without a schema is of pg_catalog where the search path is empty. */
static uint32_t unqualified_head(const struct postgres_tree *tree, uint32_t head)
{
    const struct postgres_node *name = at(tree, head);
    bool system = name->kind == POSTGRES_NAME && postgres_node_is(tree, name->first, "pg_catalog") &&
                  postgres_node_next(tree, postgres_node_next(tree, name->first)) == name->last;
    return system ? name->last : 0;
}

static bool is_text_function(const struct postgres_tree *tree, uint32_t head)
{
    for (size_t i = 0; i < ARRAY_LENGTH(text_functions); i++)
        if (postgres_node_is(tree, head, text_functions[i]))
            return true;
    return false;
}

static void prepare_head(struct postgres_tree *tree, uint32_t call)
{
    uint32_t bare = unqualified_head(tree, at(tree, call)->first);
    if (bare) {
        uint32_t rest = postgres_node_next(tree, at(tree, call)->first);
        at(tree, call)->first = bare;
        at(tree, bare)->next = rest;
    }
    /* "normalize"(x, nfc) is a call with a column of that name. */
    uint32_t head = at(tree, call)->first;
    const char *name = quoted_function(tree, head);
    bool column = name && strcmp(name, "normalize") == 0 && at(tree, head)->text[0] == '"' &&
                  normal_form(tree, postgres_node_next(tree, head));
    if (name && !column)
        set_head(tree, call, name);
}

static uint32_t rewrite_call(struct postgres_tree *tree, uint32_t call)
{
    prepare_head(tree, call);
    uint32_t head = at(tree, call)->first;
    uint32_t group = postgres_node_next(tree, head);
    if (at(tree, head)->kind != POSTGRES_LEAF)
        return call;
    bool now = postgres_node_is(tree, head, "now") || postgres_node_is(tree, head, "transaction_timestamp");
    if (now && at(tree, group)->first == 0 && postgres_node_next(tree, group) == 0)
        return postgres_tree_text(tree, POSTGRES_TOKEN_KEYWORD, "current_timestamp");
    if (postgres_node_is(tree, head, "trim"))
        rewrite_trim(tree, call, group);
    else if (postgres_node_is(tree, head, "position"))
        rewrite_position(tree, group);
    else if (postgres_node_is(tree, head, "normalize"))
        rewrite_normalize(tree, group);
    else if (postgres_node_is(tree, head, "xmlserialize"))
        rewrite_serialize(tree, group);
    for (size_t i = 0; i < ARRAY_LENGTH(syntaxes); i++)
        if (postgres_node_is(tree, head, syntaxes[i].name) && matches_syntax(tree, group, &syntaxes[i])) {
            apply_syntax(tree, group);
            break;
        }
    if (is_text_function(tree, at(tree, call)->first))
        strip_text_casts(tree, group, postgres_node_is(tree, at(tree, call)->first, "substring"));
    return call;
}

static uint32_t new_call(struct postgres_tree *tree, const char *name, const uint32_t *arguments, size_t count)
{
    uint32_t call = postgres_tree_node(tree, POSTGRES_CALL);
    uint32_t group = postgres_tree_node(tree, POSTGRES_GROUP);
    uint32_t head = postgres_tree_text(tree, POSTGRES_TOKEN_NAME, name);
    if (!call || !group || !head)
        return 0;
    for (size_t i = 0; i < count; i++)
        append_argument(tree, group, arguments[i]);
    postgres_tree_append(tree, call, head);
    postgres_tree_append(tree, call, group);
    return rewrite_call(tree, call);
}

/* (a, b) OVERLAPS (c, d) */
static uint32_t rewrite_overlaps(struct postgres_tree *tree, uint32_t left, uint32_t right)
{
    uint32_t arguments[ARGUMENTS] = {0};
    size_t count = 0;
    const uint32_t sides[] = {left, right};
    for (size_t i = 0; i < ARRAY_LENGTH(sides); i++) {
        uint32_t side = sides[i];
        if (at(tree, side)->kind == POSTGRES_CALL && postgres_node_is(tree, at(tree, side)->first, "row"))
            side = at(tree, side)->last;
        uint32_t first = at(tree, side)->kind == POSTGRES_GROUP ? at(tree, side)->first : 0;
        uint32_t comma = postgres_node_next(tree, first);
        uint32_t second = postgres_node_next(tree, comma);
        if (!postgres_node_is(tree, comma, ",") || second == 0 || postgres_node_next(tree, second))
            return 0;
        arguments[count++] = first;
        arguments[count++] = second;
    }
    return new_call(tree, "overlaps", arguments, count);
}

/* x IS [form] NORMALIZED */
static uint32_t rewrite_normalized(struct postgres_tree *tree, uint32_t operand, uint32_t form)
{
    bool plain = postgres_node_is(tree, form, "normalized");
    if (!plain && !postgres_node_is(tree, postgres_node_next(tree, form), "normalized"))
        return 0;
    const uint32_t arguments[] = {operand, form};
    uint32_t call = new_call(tree, "is_normalized", arguments, plain ? 1 : 2);
    if (call && !plain)
        rewrite_normalize(tree, at(tree, call)->last);
    return call;
}

/* OPERATOR(pg_catalog.+) */
static void rewrite_operator(struct postgres_tree *tree, uint32_t operation, uint32_t left, uint32_t word)
{
    uint32_t group = postgres_node_next(tree, word);
    uint32_t schema = at(tree, group)->first;
    uint32_t sign = postgres_node_next(tree, postgres_node_next(tree, schema));
    uint32_t right = postgres_node_next(tree, group);
    if (!postgres_node_is(tree, schema, "pg_catalog") || sign == 0 ||
        at(tree, sign)->token != POSTGRES_TOKEN_OPERATOR || postgres_node_next(tree, sign))
        return;
    postgres_tree_clear(tree, operation);
    postgres_tree_append(tree, operation, left);
    postgres_tree_append(tree, operation, sign);
    postgres_tree_append(tree, operation, right);
}

/* a AND (b AND c), (a AND b) AND c: a AND b AND c. */
static void flatten_logic(struct postgres_tree *tree, uint32_t operation, const char *word)
{
    uint32_t child = at(tree, operation)->first;
    postgres_tree_clear(tree, operation);
    while (child) {
        uint32_t next = postgres_node_next(tree, child);
        bool same = at(tree, child)->kind == POSTGRES_OPERATION &&
                    postgres_node_is(tree, postgres_node_next(tree, at(tree, child)->first), word);
        if (same)
            postgres_tree_splice(tree, operation, child);
        else
            postgres_tree_append(tree, operation, child);
        child = next;
    }
}

static uint32_t rewrite_operation(struct postgres_tree *tree, uint32_t operation)
{
    uint32_t left = at(tree, operation)->first;
    uint32_t word = postgres_node_next(tree, left);
    uint32_t third = postgres_node_next(tree, word);
    if (word == 0 || at(tree, word)->kind != POSTGRES_LEAF)
        return operation;
    uint32_t made = 0;
    if (postgres_node_is(tree, word, "and")) {
        flatten_logic(tree, operation, "and");
    } else if (postgres_node_is(tree, word, "or")) {
        flatten_logic(tree, operation, "or");
    } else if (postgres_node_is(tree, word, "at")) {
        const uint32_t arguments[] = {at(tree, operation)->last, left};
        bool local = postgres_node_is(tree, third, "local");
        made = new_call(tree, "timezone", local ? arguments + 1 : arguments, local ? 1 : 2);
    } else if (postgres_node_is(tree, word, "is")) {
        made = rewrite_normalized(tree, left, third);
    } else if (postgres_node_is(tree, word, "overlaps")) {
        made = rewrite_overlaps(tree, left, third);
    } else if (postgres_node_is(tree, word, "operator")) {
        rewrite_operator(tree, operation, left, word);
    } else if (at(tree, word)->token == POSTGRES_TOKEN_OPERATOR && postgres_node_is(tree, word, "!=")) {
        at(tree, word)->text = "<>";
    }
    return made ? made : operation;
}

/* The canonical number of digits behind numeric(8) is said. */
static void rewrite_type(struct postgres_tree *tree, uint32_t type)
{
    uint32_t name = at(tree, type)->first;
    uint32_t group = postgres_node_next(tree, name);
    if (!postgres_node_is(tree, name, "numeric") || group == 0 || at(tree, group)->kind != POSTGRES_GROUP ||
        !at(tree, group)->whole)
        return;
    at(tree, group)->whole = false;
    append_argument(tree, group, postgres_tree_text(tree, POSTGRES_TOKEN_NUMBER, "0"));
}

static uint32_t rewrite_node(struct postgres_tree *tree, uint32_t node)
{
    switch ((enum postgres_node_kind)at(tree, node)->kind) {
    case POSTGRES_CAST:
        return rewrite_cast(tree, node);
    case POSTGRES_ARRAY:
        return rewrite_array(tree, node);
    case POSTGRES_CALL:
        return rewrite_call(tree, node);
    case POSTGRES_OPERATION:
        return rewrite_operation(tree, node);
    case POSTGRES_TYPE:
        rewrite_type(tree, node);
        return node;
    default:
        return node;
    }
}

/* From the operands up. What stands in brackets was rewritten when they were closed. Heights are bounded, so the
 * recursion is. */
uint32_t postgres_tree_rewrite(struct postgres_tree *tree, uint32_t node)
{
    const struct postgres_node *here = at(tree, node);
    if (here->done || here->kind == POSTGRES_LEAF || here->kind == POSTGRES_NAME || here->kind == POSTGRES_GROUP ||
        here->kind == POSTGRES_CASE || tree->no_memory || tree->flat)
        return node;
    uint32_t child = here->first;
    postgres_tree_clear(tree, node);
    while (child) {
        uint32_t next = postgres_node_next(tree, child);
        postgres_tree_append(tree, node, postgres_tree_rewrite(tree, child));
        child = next;
    }
    uint32_t made = rewrite_node(tree, node);
    if (made)
        at(tree, made)->done = true;
    return made;
}
