/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/postgres_default.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

/* Longest name of a type, and how many casts one constant may go through. */
enum { TYPE_SIZE = 256, CASTS = 4 };

/* What a constant is once its casts are taken off. */
struct constant {
    uint32_t leaf;         /* string, number or word; 0: something else */
    bool negative;         /* a - stands before it */
    bool array;            /* an array; `leaf` is 0 */
    uint32_t inner;        /* what stands inside all casts */
    uint32_t casts[CASTS]; /* from the outermost */
    size_t cast_count;
};

/* Which type the column has. */
struct column_type {
    const char *text;
    size_t name_length; /* up to its modifier */
    bool array;
};

static struct column_type column_type_of(const char *text)
{
    size_t length = strlen(text);
    bool array = length > 2 && strcmp(text + length - 2, "[]") == 0;
    return (struct column_type){text, array ? length - 2 : strcspn(text, "("), array};
}

static bool type_is(const struct column_type *type, const char *name)
{
    return !type->array && strlen(name) == type->name_length && memcmp(type->text, name, type->name_length) == 0;
}

static bool type_is_any(const struct column_type *type, const char *const *names)
{
    for (; *names; names++)
        if (type_is(type, *names))
            return true;
    return false;
}

static bool cast_is_any(const struct postgres_tree *tree, uint32_t cast, const char *const *names)
{
    for (; *names; names++)
        if (postgres_node_is_type(tree, cast, *names, false))
            return true;
    return false;
}

/* +5, -5: the number, and whether it is negative. */
static uint32_t signed_number(const struct postgres_tree *tree, uint32_t node, bool *ret_negative)
{
    const struct postgres_node *operation = postgres_node_at(tree, node);
    uint32_t sign = operation->first;
    uint32_t number = operation->last;
    bool holds = operation->kind == POSTGRES_OPERATION && postgres_node_at(tree, sign)->next == number &&
                 postgres_node_at(tree, number)->token == POSTGRES_TOKEN_NUMBER &&
                 (postgres_node_is(tree, sign, "-") || postgres_node_is(tree, sign, "+"));
    *ret_negative = holds && postgres_node_is(tree, sign, "-");
    return holds ? number : 0;
}

static bool read_constant(const struct postgres_tree *tree, uint32_t node, struct constant *constant)
{
    while (postgres_node_at(tree, node)->kind == POSTGRES_CAST) {
        if (constant->cast_count == CASTS)
            return false;
        constant->casts[constant->cast_count++] = postgres_node_at(tree, node)->last;
        node = postgres_node_at(tree, node)->first;
    }
    constant->inner = node;
    switch ((enum postgres_node_kind)postgres_node_at(tree, node)->kind) {
    case POSTGRES_LEAF:
        constant->leaf = node;
        return true;
    case POSTGRES_ARRAY:
        constant->array = true;
        return true;
    case POSTGRES_OPERATION:
        constant->leaf = signed_number(tree, node, &constant->negative);
        return constant->leaf != 0;
    default:
        return false;
    }
}

static bool all_casts_any(const struct postgres_tree *tree, const struct constant *constant, const char *const *names)
{
    for (size_t i = 0; i < constant->cast_count; i++)
        if (!cast_is_any(tree, constant->casts[i], names))
            return false;
    return true;
}

/* What stands between the quotes of a plain string constant. */
static bool string_content(const struct postgres_tree *tree, uint32_t leaf, const char **ret_text, size_t *ret_length)
{
    const struct postgres_node *node = postgres_node_at(tree, leaf);
    if (!postgres_node_is_string(tree, leaf) || node->text[0] != '\'')
        return false;
    *ret_text = node->text + 1;
    *ret_length = node->length - 2;
    return true;
}

static bool is_whole_number(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((text[i] < '0' || text[i] > '9') && !(i == 0 && (text[i] == '-' || text[i] == '+')))
            return false;
    return true;
}

/* Whether the casts leave the number as it is. Whole numbers go through every type that holds their digits, fractions
 * through numeric, and through floating point where that is the column's. */
static bool casts_keep(const struct postgres_tree *tree, const struct constant *constant,
                       const struct column_type *type, const char *text, size_t length)
{
    static const char *const exact[] = {"numeric", NULL};
    static const char *const whole[] = {"smallint", "integer", "bigint", NULL};
    static const char *const doubles[] = {"double precision", NULL};
    static const char *const reals[] = {"real", NULL};
    bool is_whole = is_whole_number(text, length);
    for (size_t i = 0; i < constant->cast_count; i++) {
        uint32_t cast = constant->casts[i];
        bool keeps = cast_is_any(tree, cast, exact) || (is_whole && cast_is_any(tree, cast, whole)) ||
                     (length <= 15 && cast_is_any(tree, cast, doubles) && (is_whole || type_is(type, doubles[0]))) ||
                     (length <= 6 && cast_is_any(tree, cast, reals) && (is_whole || type_is(type, reals[0])));
        if (!keeps)
            return false;
    }
    return true;
}

/* Digits behind the point that the column keeps; -1: all. */
static int scale_of(const struct column_type *type)
{
    static const char *const whole[] = {"smallint", "integer", "bigint", NULL};
    if (type_is_any(type, whole))
        return 0;
    const char *comma = type_is(type, "numeric") ? strchr(type->text, ',') : NULL;
    if (!comma)
        return -1;
    long scale = strtol(comma + 1, NULL, 10);
    return scale >= 0 && scale <= 1000 ? (int)scale : -1;
}

static const char *const number_types[] = {"smallint", "integer",          "bigint", "numeric",
                                           "real",     "double precision", NULL};

static bool print_number(const struct postgres_tree *tree, const struct constant *constant,
                         const struct column_type *type, struct strbuf *out)
{
    const struct postgres_node *leaf = postgres_node_at(tree, constant->leaf);
    const char *text = leaf->text;
    size_t length = leaf->length;
    if (!type_is_any(type, number_types))
        return false;
    if (leaf->token != POSTGRES_TOKEN_NUMBER && !string_content(tree, constant->leaf, &text, &length))
        return false;
    return casts_keep(tree, constant, type, text, length) &&
           postgres_number_canonical(text, length, constant->negative, scale_of(type), out);
}

static bool print_text(const struct postgres_tree *tree, const struct constant *constant,
                       const struct column_type *type, struct strbuf *out)
{
    static const char *const texts[] = {"text", "character varying", "character", "bpchar", NULL};
    static const char *const padded[] = {"character", "bpchar", NULL};
    static const char *const casts[] = {"text", "character varying", NULL};
    static const char *const padded_casts[] = {"text", "character varying", "bpchar", NULL};
    if (!type_is_any(type, texts) || !postgres_node_is_string(tree, constant->leaf) ||
        !all_casts_any(tree, constant, type_is_any(type, padded) ? padded_casts : casts))
        return false;
    postgres_tree_print(tree, constant->leaf, out);
    return true;
}

static bool print_boolean(const struct postgres_tree *tree, const struct constant *constant,
                          const struct column_type *type, struct strbuf *out)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"t", true},  {"true", true},   {"y", true},  {"yes", true}, {"on", true},   {"1", true},
                 {"f", false}, {"false", false}, {"n", false}, {"no", false}, {"off", false}, {"0", false}};
    static const char *const casts[] = {"boolean", NULL};
    const char *text = NULL;
    size_t length = 0;
    if (!type_is(type, "boolean") || !all_casts_any(tree, constant, casts) ||
        !string_content(tree, constant->leaf, &text, &length))
        return false;
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++)
        if (strlen(words[i].text) == length && strncasecmp(words[i].text, text, length) == 0) {
            strbuf_add_string(out, words[i].value ? "TRUE" : "FALSE");
            return true;
        }
    return false;
}

static bool print_jsonb(const struct postgres_tree *tree, const struct constant *constant,
                        const struct column_type *type, struct strbuf *out)
{
    static const char *const casts[] = {"jsonb", NULL};
    const char *text = NULL;
    size_t length = 0;
    if (!type_is(type, "jsonb") || !all_casts_any(tree, constant, casts) ||
        !string_content(tree, constant->leaf, &text, &length))
        return false;
    cleanup(strbuf) struct strbuf value = STRBUF(out->maximum);
    if (!postgres_jsonb_canonical(text, length, &value) || !strbuf_ok(&value)) {
        out->failed |= !strbuf_ok(&value);
        return false;
    }
    strbuf_add(out, strbuf_text(&value), value.length);
    return true;
}

static bool print_empty_array(const struct postgres_tree *tree, const struct constant *constant,
                              const struct column_type *type, struct strbuf *out)
{
    const struct postgres_node *inner = postgres_node_at(tree, constant->inner);
    const char *text = NULL;
    size_t length = 0;
    bool empty = constant->array ? postgres_node_at(tree, inner->last)->first == 0
                                 : string_content(tree, constant->leaf, &text, &length) && length == 2 &&
                                       memcmp(text, "{}", 2) == 0;
    for (size_t i = 0; i < constant->cast_count; i++)
        empty = empty && postgres_node_at(tree, constant->casts[i])->array;
    if (empty && type->array)
        strbuf_add_string(out, "ARRAY[]");
    return empty && type->array;
}

/* A string or array that is cast to the column's own type and to nothing else. */
static bool print_own_type(const struct postgres_tree *tree, const struct constant *constant,
                           const struct column_type *type, struct strbuf *out)
{
    if (constant->cast_count != 1 || type_is_any(type, number_types) ||
        !(constant->array || postgres_node_is_string(tree, constant->leaf)))
        return false;
    cleanup(strbuf) struct strbuf cast = STRBUF(TYPE_SIZE);
    postgres_tree_print(tree, constant->casts[0], &cast);
    struct column_type cast_type = column_type_of(strbuf_text(&cast));
    /* A modifier of the column may stand within its name (timestamp(6) with time zone) and changes nothing here, one
     * of the cast may. */
    char bare[TYPE_SIZE] = "";
    const char *open = strchr(type->text, '(');
    const char *close = open ? strchr(open, ')') : NULL;
    size_t before = open ? (size_t)(open - type->text) : strlen(type->text);
    const char *behind = close ? close + 1 : "";
    if (!strbuf_ok(&cast) || before + strlen(behind) >= sizeof bare || strchr(cast_type.text, '('))
        return false;
    memcpy(bare, type->text, before);
    memcpy(bare + before, behind, strlen(behind) + 1);
    if (strcmp(bare, cast_type.text) != 0)
        return false;
    postgres_tree_print(tree, constant->inner, out);
    return true;
}

void postgres_default_print(const struct postgres_tree *tree, const char *type, struct strbuf *out)
{
    static bool (*const printers[])(const struct postgres_tree *, const struct constant *, const struct column_type *,
                                    struct strbuf *) = {print_number, print_text,        print_boolean,
                                                        print_jsonb,  print_empty_array, print_own_type};
    const struct postgres_node *root = postgres_node_at(tree, tree->root);
    struct constant constant = {0};
    if (root->whole && read_constant(tree, root->first, &constant)) {
        if (constant.leaf && postgres_node_is(tree, constant.leaf, "null"))
            return;
        struct column_type column = column_type_of(type);
        for (size_t i = 0; i < ARRAY_LENGTH(printers) && !out->failed; i++)
            if (printers[i](tree, &constant, &column, out))
                return;
    }
    postgres_tree_print(tree, tree->root, out);
}
