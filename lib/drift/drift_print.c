/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/drift_print.h"

#include <ctype.h>
#include <string.h>

#include "drift/drift_fold.h"

static const char *text_of(const struct drift_printer *printer, uint32_t text)
{
    return schema_text(printer->side->schema, text);
}

void drift_print_text(struct drift_printer *printer, enum text_form form, uint32_t text, uint32_t type)
{
    if (text == 0)
        return;
    if (!printer->canonical) {
        strbuf_add_string(printer->out, text_of(printer, text));
        return;
    }
    struct strbuf *folded = &printer->work->spare;
    struct strbuf *folded_type = &printer->work->spare_type;
    strbuf_clear(folded);
    strbuf_clear(folded_type);
    drift_fold_text(printer->work, form, text_of(printer, text), folded);
    drift_fold_text(printer->work, TEXT_TYPE, text_of(printer, type), folded_type);
    if (strbuf_ok(folded) && strbuf_ok(folded_type))
        printer->side->schema->dialect->canonical(form, strbuf_text(folded), strbuf_text(folded_type), printer->out);
    else
        printer->out->failed = true;
}

/* A name that looks like several is quoted, lest two lists print alike. */
void drift_print_name(struct drift_printer *printer, uint32_t name)
{
    const char *text = text_of(printer, name);
    if (strpbrk(text, ",()")) {
        printer->side->schema->dialect->quote_name(text, printer->out);
        return;
    }
    if (!printer->canonical || !printer->work->features.fold_columns) {
        strbuf_add_string(printer->out, text);
        return;
    }
    for (; *text; text++)
        strbuf_add_char(printer->out, (char)tolower((unsigned char)*text));
}

void drift_print_names(struct drift_printer *printer, struct text_list names)
{
    for (uint32_t i = 0; i < names.count; i++) {
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        drift_print_name(printer, printer->side->schema->lists[names.first + i]);
    }
}

void drift_print_quoted(struct drift_printer *printer, uint32_t text)
{
    strbuf_add_char(printer->out, '\'');
    for (const char *at = text_of(printer, text); *at; at++) {
        if (*at == '\'')
            strbuf_add_char(printer->out, '\'');
        strbuf_add_char(printer->out, *at);
    }
    strbuf_add_char(printer->out, '\'');
}

/* Attributes that are reported under another name where they belong to a thing of that kind; NULL: a row's own
 * printing says them. */
static const struct {
    enum drift_kind kind;
    enum attribute_key key;
    const char *item;
} other_items[] = {
    {DRIFT_COLUMN, ATTRIBUTE_START, "identity"}, {DRIFT_COLUMN, ATTRIBUTE_INCREMENT, "identity"},
    {DRIFT_COLUMN, ATTRIBUTE_MIN, "identity"},   {DRIFT_COLUMN, ATTRIBUTE_MAX, "identity"},
    {DRIFT_COLUMN, ATTRIBUTE_CACHE, "identity"}, {DRIFT_COLUMN, ATTRIBUTE_CYCLE, "identity"},
    {DRIFT_DOMAIN, ATTRIBUTE_COLLATION, "type"}, {DRIFT_DOMAIN, ATTRIBUTE_NOT_NULL, NULL},
    {DRIFT_TABLE, ATTRIBUTE_PARENTS, NULL},      {DRIFT_PARTITION, ATTRIBUTE_PARENTS, NULL},
    {DRIFT_ROUTINE, ATTRIBUTE_VARIANT, NULL},    {DRIFT_EXTENSION, ATTRIBUTE_VERSION, "version"},
};

bool drift_is_undeclared(const struct drift_work *work, enum attribute_key key)
{
    return schema_is_undeclared(work->sides[REFERENCE].schema, key) ||
           schema_is_undeclared(work->sides[LIVE].schema, key);
}

const char *drift_attribute_item(const struct drift_work *work, enum drift_kind kind, enum attribute_key key)
{
    if (drift_is_undeclared(work, key))
        return NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(other_items); i++)
        if (other_items[i].kind == kind && other_items[i].key == key)
            return other_items[i].item;
    return attribute_form(key) == TEXT_INFO ? NULL : attribute_item_name(key);
}

/* "not null" of "not_null". */
static void print_words(struct strbuf *out, const char *key)
{
    for (; *key; key++)
        strbuf_add_char(out, *key == '_' ? ' ' : *key);
}

/* The least and greatest numbers of the types that sequences have; MariaDB's stop one short of the type's. */
static const struct {
    const char *type;
    const char *least;
    const char *greatest;
} bounds[] = {
    {"smallint", "-32768", "32767"},
    {"integer", "-2147483648", "2147483647"},
    {"bigint", "-9223372036854775808", "9223372036854775807"},
    {"", "-9223372036854775808", "9223372036854775807"},
    {"", "-9223372036854775807", "9223372036854775806"},
    {"bigint", "-9223372036854775807", "9223372036854775806"},
};

/* Whether a MIN or MAX is what the type gives by itself: then it says nothing that the type does not say. */
static bool is_own_bound(const struct drift_printer *printer, enum attribute_key key, const char *value)
{
    const char *type = text_of(printer, printer->type);
    if (strcmp(value, key == ATTRIBUTE_MIN ? "1" : "-1") == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LENGTH(bounds); i++)
        if (strcmp(bounds[i].type, type) == 0 &&
            strcmp(key == ATTRIBUTE_MIN ? bounds[i].least : bounds[i].greatest, value) == 0)
            return true;
    return false;
}

static void print_element(struct drift_printer *printer, enum attribute_key key, uint32_t text)
{
    enum text_form form = attribute_form(key);
    if (key == ATTRIBUTE_VALUES)
        drift_print_quoted(printer, text);
    else
        drift_print_text(printer, form, text, form == TEXT_DEFAULT ? printer->type : 0);
}

/* One attribute, with all its elements if it is a list. `bare`: the item is named after it, so that the value says
 * enough without the key. */
static void print_attribute(struct drift_printer *printer, const struct schema_attribute *first, size_t count,
                            bool bare)
{
    enum attribute_key key = (enum attribute_key)first->key;
    bool is_bound = key == ATTRIBUTE_MIN || key == ATTRIBUTE_MAX;
    if (printer->canonical && is_bound && is_own_bound(printer, key, text_of(printer, first->text)))
        return;
    if (printer->out->length > 0)
        strbuf_add_char(printer->out, ' ');
    if (attribute_form(key) == TEXT_FLAG) {
        print_words(printer->out, bare ? "true" : attribute_key_name(key));
        return;
    }
    if (!bare) {
        print_words(printer->out, attribute_key_name(key));
        strbuf_add_char(printer->out, ' ');
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            strbuf_add_string(printer->out, ", ");
        print_element(printer, key, first[i].text);
    }
}

/* Whether an item of that name needs no word of which attribute it is. */
static bool says_enough(enum attribute_key key, const char *item)
{
    return strcmp(attribute_key_name(key), item) == 0 || key == ATTRIBUTE_DOMAIN_CHECKS ||
           key == ATTRIBUTE_COLUMN_CHECK;
}

void drift_print_run(struct drift_printer *printer, enum drift_kind kind, uint32_t run, const char *item)
{
    const struct schema_attribute *at = &printer->side->schema->attributes[run];
    while (at->key != ATTRIBUTE_END) {
        enum attribute_key key = (enum attribute_key)at->key;
        size_t count = 1;
        while (at[count].key == at->key)
            count++;
        const char *name = drift_attribute_item(printer->work, kind, key);
        if (name && strcmp(name, item) == 0)
            print_attribute(printer, at, count, says_enough(key, item));
        at += count;
    }
}
