/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/liquibase_changes.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/limits.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

void change_set_add_sql(struct change_set *change_set, const char *sql, size_t length)
{
    char hex[MD5_HEX_SIZE] = "";
    cleanup(strbuf) struct strbuf bare = STRBUF(LIMIT_MIGRATION_BYTES);
    for (size_t i = 0; i < length; i++) {
        if (!is_blank(sql[i]))
            strbuf_add_char(&bare, sql[i]);
        /* Beyond ASCII, what is hashed depends on encodings and normal forms. */
        if ((unsigned char)sql[i] >= 0x80 || (sql[i] == '$' && i + 1 < length && sql[i + 1] == '{'))
            change_set->checksum_uncertain = true;
    }
    checksum_md5(strbuf_text(&bare), bare.length, hex);
    strbuf_printf(&change_set->checksums, "9:%s:", hex);
    change_set->checksums.failed = change_set->checksums.failed || !strbuf_ok(&bare);
}

const char *change_set_checksum(const struct change_set *change_set, struct arena *arena)
{
    char hex[MD5_HEX_SIZE] = "";
    if (!strbuf_ok(&change_set->checksums))
        return NULL;
    checksum_md5(strbuf_text(&change_set->checksums), change_set->checksums.length, hex);
    return arena_printf(arena, "9:%s", hex);
}

static bool is_true(const char *text)
{
    return text && strcasecmp(text, "true") == 0;
}

/* What stands in a change set and is no change. */
static bool is_no_change(const char *name)
{
    static const char *const others[] = {"comment",          "preConditions",
                                         "rollback",         "validCheckSum",
                                         "property",         "id",
                                         "author",           "runOnChange",
                                         "runAlways",        "context",
                                         "contexts",         "contextFilter",
                                         "labels",           "dbms",
                                         "ignore",           "logicalFilePath",
                                         "failOnError",      "runInTransaction",
                                         "runOrder",         "created",
                                         "onValidationFail", "objectQuotingStrategy",
                                         "runWith",          "runWithSpoolFile"};
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++)
        if (strcmp(others[i], name) == 0)
            return true;
    return false;
}

/* <sql>, with its text as its own or in an attribute; <sqlFile path>. */
static int add_change(struct change_set *change_set, const struct markup_node *change, const struct change_sink *sink,
                      struct error *reterr)
{
    bool file = strcmp(change->name, "sqlFile") == 0;
    bool sql = strcmp(change->name, "sql") == 0;
    change_set->checksum_unknown = change_set->checksum_unknown || !(file || sql);
    change_set->checksum_uncertain = change_set->checksum_uncertain || markup_child(change, "dbms") != NULL;
    if (sql) {
        const char *text = markup_text(change, "sql");
        text = text ? text : change->text ? change->text : "";
        change_set_add_sql(change_set, text, strlen(text));
    }
    const char *path = file ? markup_text(change, "path") : NULL;
    if (!path)
        return 0;
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_MIGRATION_BYTES * 2);
    struct error failure = {0};
    if (sink->read_file(sink->payload, path, is_true(markup_text(change, "relativeToChangelogFile")), &text,
                        &failure) == 0) {
        change_set_add_sql(change_set, strbuf_text(&text), text.length);
        return 0;
    }
    change_set->checksum_unknown = true;
    if (failure.code == ERROR_NOT_FOUND)
        return 0;
    if (reterr)
        *reterr = failure;
    return -1;
}

static int add_changes(struct change_set *change_set, const struct markup_node *node, const struct change_sink *sink,
                       struct error *reterr)
{
    const struct markup_node *changes = markup_child(node, "changes");
    for (const struct markup_node *child = changes ? changes->first : node->first; child; child = child->next) {
        if (child->attribute || is_no_change(child->name))
            continue;
        if (add_change(change_set, child, sink, reterr) < 0)
            return -1;
    }
    if (markup_child(node, "modifySql"))
        change_set->checksum_unknown = true;
    return 0;
}

/* A precondition that is not met may pass a change set over for now, and for ever. */
static bool may_be_passed_over(const struct markup_node *node)
{
    const char *fails = markup_text(markup_child(node, "preConditions"), "onFail");
    return fails && strcasecmp(fails, "CONTINUE") == 0;
}

static int read_change_set(const struct markup_node *node, const char *file, const struct change_sink *sink,
                           struct error *reterr)
{
    const char *context = markup_text(node, "contextFilter");
    struct change_set change_set = {
        .id = markup_text(node, "id"),
        .author = markup_text(node, "author"),
        .path = markup_text(node, "logicalFilePath"),
        .context = context ? context : markup_text(node, "context"),
        .labels = markup_text(node, "labels"),
        .engines = markup_text(node, "dbms"),
        .line = node->line,
        .run_on_change = is_true(markup_text(node, "runOnChange")),
        .run_always = is_true(markup_text(node, "runAlways")),
        .ignored = is_true(markup_text(node, "ignore")),
        .optional = may_be_passed_over(node),
        .any_checksum = markup_child(node, "validCheckSum") != NULL,
        .checksums = STRBUF(LIMIT_MIGRATION_BYTES),
    };
    if (!change_set.id || !change_set.author)
        return error_set(reterr, ERROR_INVALID, "%s:%zu: a change set without id or author", file, node->line);
    int result = add_changes(&change_set, node, sink, reterr);
    if (result == 0)
        result = sink->add(sink->payload, &change_set, reterr);
    strbuf_done(&change_set.checksums);
    return result;
}

int liquibase_read_markup(const struct markup_node *changelog, const char *file, const struct change_sink *sink,
                          struct error *reterr)
{
    for (const struct markup_node *node = changelog->first; node; node = node->next) {
        int result = 0;
        if (strcmp(node->name, "changeSet") == 0)
            result = read_change_set(node, file, sink, reterr);
        else if (strcmp(node->name, "include") == 0 || strcmp(node->name, "includeAll") == 0)
            result = sink->include(sink->payload, node, reterr);
        if (result < 0)
            return -1;
    }
    return 0;
}
