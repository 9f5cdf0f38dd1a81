/* SPDX-License-Identifier: Apache-2.0 */
#include "drift/plan_postgres_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/limits.h"

const struct schema *postgres_schema(const struct plan_maker *maker, enum plan_side side)
{
    return side == SIDE_CURRENT ? maker->current : maker->target;
}

void postgres_add_trimmed(struct strbuf *out, const char *text)
{
    static const char ends[] = "() ";
    text += strspn(text, ends);
    size_t length = strlen(text);
    while (length > 0 && strchr(ends, text[length - 1]))
        length--;
    strbuf_add(out, text, length);
}

/* What \s matches among ASCII, and what else goes. */
static const char squeezed[] = " \t\n\v\f\r\"()";

void postgres_add_squeezed(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, squeezed);
        strbuf_add(out, text, length);
        text += length;
        text += strspn(text, squeezed);
    }
}

/* Behind a cast that begins at `at` with "::". */
static const char *behind_cast(const char *at)
{
    static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.\"";
    static const char *const tails[] = {" varying", " without time zone", " with time zone", " precision"};
    at += 2;
    at += strspn(at, name_bytes);
    for (size_t i = 0; i < ARRAY_LENGTH(tails); i++)
        if (strncmp(at, tails[i], strlen(tails[i])) == 0) {
            at += strlen(tails[i]);
            break;
        }
    size_t digits = *at == '(' ? strspn(at + 1, "0123456789, ") : 0;
    if (*at == '(' && at[digits + 1] == ')')
        at += digits + 2;
    while (at[0] == '[' && at[1] == ']')
        at += 2;
    return at;
}

const char *postgres_loosened(struct plan_maker *maker, struct strbuf *text)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_PLAN_BYTES);
    if (!strbuf_ok(text))
        maker->failed = true;
    for (const char *at = strbuf_text(text); *at;) {
        if (at[0] == ':' && at[1] == ':') {
            at = behind_cast(at);
            continue;
        }
        if (!strchr(squeezed, *at))
            strbuf_add_char(&out, *at);
        at++;
    }
    strbuf_clear(text);
    return plan_keep(maker, &out);
}

const char *postgres_loose_query(struct plan_maker *maker, const char *query)
{
    return plan_printf(maker,
                       "regexp_replace(%s, '::[A-Za-z0-9_.\"]+( varying| without time zone| with time zone| precision)?"
                       "(\\([0-9, ]*\\))?(\\[\\])*|[\\s\"()]', '', 'g')",
                       query);
}

const char *postgres_hashed(struct plan_maker *maker, struct strbuf *text)
{
    char hex[SHA256_HEX_SIZE] = "";
    if (!strbuf_ok(text))
        maker->failed = true;
    checksum_sha256(strbuf_text(text), text->length, hex);
    strbuf_clear(text);
    return plan_printf(maker, "%s", hex);
}

const char *postgres_hash_query(struct plan_maker *maker, const char *expression)
{
    return plan_printf(maker, "encode(sha256(convert_to(%s, 'UTF8')), 'hex')", expression);
}

/* More options than a view can have. */
enum { VIEW_OPTIONS = 16, OPTION_SIZE = 256 };

static int compare_options(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void take_option(char options[][OPTION_SIZE], size_t *count, const char *name, const char *value)
{
    static const char *const on[] = {"on", "yes", "1"};
    static const char *const off[] = {"off", "no", "0"};
    if (*count == VIEW_OPTIONS)
        return;
    for (size_t i = 0; i < ARRAY_LENGTH(on); i++)
        value = strcmp(value, on[i]) == 0 ? "true" : strcmp(value, off[i]) == 0 ? "false" : value;
    (void)snprintf(options[(*count)++], OPTION_SIZE, "%s%s%s", name, *value ? "=" : "", value);
}

void postgres_add_option_texts(struct strbuf *out, const struct schema *schema, const struct schema_relation *relation)
{
    char options[VIEW_OPTIONS][OPTION_SIZE] = {{0}};
    size_t count = 0;
    size_t list_count = 0;
    const struct schema_attribute *list =
        schema_attribute_list(schema, relation->attributes, ATTRIBUTE_VIEW_OPTIONS, &list_count);
    const char *security = schema_attribute_text(schema, relation->attributes, ATTRIBUTE_SECURITY);
    const char *check = schema_attribute_text(schema, relation->attributes, ATTRIBUTE_CHECK_OPTION);
    for (size_t i = 0; i < list_count; i++) {
        char name[OPTION_SIZE] = "";
        const char *text = schema_text(schema, list[i].text);
        size_t length = strcspn(text, "=");
        memcpy(name, text, length < sizeof name ? length : sizeof name - 1);
        take_option(options, &count, name, text[length] ? text + length + 1 : "");
    }
    if (security)
        take_option(options, &count, "security_invoker", strcmp(security, "invoker") == 0 ? "true" : "false");
    if (check)
        take_option(options, &count, "check_option", check);
    qsort(options, count, sizeof options[0], compare_options);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_string(out, i > 0 ? ", " : "");
        strbuf_add_string(out, options[i]);
    }
}
