/* SPDX-License-Identifier: Apache-2.0
 *
 * Formatted SQL: change sets between comments. What Liquibase says with comments is not part of the SQL.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "journal/liquibase_changes.h"

/* A line without its end. */
struct sql_line {
    const char *at;
    size_t length;
};

/* One file being read. */
struct sql_reader {
    const char *file;
    const struct change_sink *sink;
    struct arena *arena;
    const char *path; /* the head's logicalFilePath; NULL */
    struct change_set change_set;
    struct strbuf sql;
    bool open;            /* a change set has begun */
    bool rollback_block;  /* within a comment block that holds a roll-back */
    bool ignoring;        /* between ignoreLines:start and :end */
    size_t ignored_lines; /* still to be passed over, of ignoreLines:n */
};

static bool next_line(const char **at, const char *end, struct sql_line *ret_line)
{
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    ret_line->at = *at;
    ret_line->length = (size_t)((stop ? stop : end) - *at);
    if (ret_line->length > 0 && ret_line->at[ret_line->length - 1] == '\r')
        ret_line->length--;
    *at = stop ? stop + 1 : end;
    return true;
}

static struct sql_line trim(struct sql_line line)
{
    while (line.length > 0 && isspace((unsigned char)*line.at)) {
        line.at++;
        line.length--;
    }
    while (line.length > 0 && isspace((unsigned char)line.at[line.length - 1]))
        line.length--;
    return line;
}

/* What follows the mark (and blanks) at the beginning of the line; false if it does not begin so. */
static bool begins(struct sql_line line, const char *mark, struct sql_line *ret_rest)
{
    size_t length = strlen(mark);
    if (line.length < length || strncasecmp(line.at, mark, length) != 0)
        return false;
    *ret_rest = trim((struct sql_line){line.at + length, line.length - length});
    return true;
}

/* "-- word…" */
static bool is_comment(struct sql_line line, struct sql_line *ret_rest)
{
    return begins(trim(line), "--", ret_rest);
}

static bool is_header(struct sql_line line)
{
    struct sql_line rest = {0};
    return is_comment(line, &rest) && begins(rest, "liquibase", &rest) && begins(rest, "formatted", &rest);
}

/* The value of `name:` on the line, in quotes or up to a blank; NULL if it is not there or memory is out (`failed`). */
static const char *attribute(struct arena *arena, struct sql_line line, const char *name, bool *failed)
{
    size_t size = strlen(name);
    for (size_t i = 1; i + size < line.length; i++) {
        if (!isspace((unsigned char)line.at[i - 1]) || strncasecmp(line.at + i, name, size) != 0 ||
            line.at[i + size] != ':')
            continue;
        const char *value = line.at + i + size + 1;
        const char *end = line.at + line.length;
        bool quoted = value < end && *value == '"';
        const char *stop = value += quoted;
        while (stop < end && (quoted ? *stop != '"' : !isspace((unsigned char)*stop)))
            stop++;
        const char *copy = arena_strndup(arena, value, (size_t)(stop - value));
        *failed = *failed || !copy;
        return copy;
    }
    return NULL;
}

static bool is_on(struct arena *arena, struct sql_line line, const char *name, bool *failed)
{
    const char *value = attribute(arena, line, name, failed);
    return value && strcasecmp(value, "true") == 0;
}

static int end_change_set(struct sql_reader *reader, struct error *reterr)
{
    if (!reader->open)
        return 0;
    reader->open = false;
    if (!strbuf_ok(&reader->sql))
        return error_no_memory(reterr);
    change_set_add_sql(&reader->change_set, strbuf_text(&reader->sql), reader->sql.length);
    return reader->sink->add(reader->sink->payload, &reader->change_set, reterr);
}

/* A word in quotes, or up to the delimiter (a blank for '\0'); `rest` moves behind it. */
static const char *take_word(struct arena *arena, struct sql_line *rest, char delimiter)
{
    bool quoted = rest->length > 0 && *rest->at == '"';
    const char *from = rest->at + quoted;
    const char *end = rest->at + rest->length;
    const char *stop = from;
    while (stop < end && (quoted ? *stop != '"' : delimiter ? *stop != delimiter : !isspace((unsigned char)*stop)))
        stop++;
    struct sql_line word = trim((struct sql_line){from, (size_t)(stop - from)});
    stop += quoted && stop < end;
    while (delimiter && stop < end && (*stop == delimiter || isspace((unsigned char)*stop)))
        stop++;
    *rest = (struct sql_line){stop, (size_t)(end - stop)};
    return arena_strndup(arena, word.at, word.length);
}

/* "-- changeset author:id attribute:value …" */
static int begin_change_set(struct sql_reader *reader, struct sql_line rest, size_t line, struct error *reterr)
{
    if (end_change_set(reader, reterr) < 0)
        return -1;
    if (!memchr(rest.at, ':', rest.length))
        return error_set(reterr, ERROR_INVALID, "%s:%zu: a changeset needs author:id", reader->file, line);
    bool failed = false;
    struct arena *arena = reader->arena;
    const char *author = take_word(arena, &rest, ':');
    const char *id = take_word(arena, &rest, '\0');
    const char *context = attribute(arena, rest, "contextFilter", &failed);
    const char *path = attribute(arena, rest, "logicalFilePath", &failed);
    struct change_set change_set = {
        .id = id,
        .author = author,
        .path = path ? path : reader->path,
        .context = context ? context : attribute(arena, rest, "context", &failed),
        .labels = attribute(arena, rest, "labels", &failed),
        .engines = attribute(arena, rest, "dbms", &failed),
        .line = line,
        .run_on_change = is_on(arena, rest, "runOnChange", &failed),
        .run_always = is_on(arena, rest, "runAlways", &failed),
        .ignored = is_on(arena, rest, "ignore", &failed),
        .checksums = reader->change_set.checksums,
    };
    if (failed || !author || !id)
        return error_no_memory(reterr);
    strbuf_clear(&change_set.checksums);
    strbuf_clear(&reader->sql);
    reader->change_set = change_set;
    reader->open = true;
    return 0;
}

/* A comment by which Liquibase is told something; false: it is SQL's own. */
static bool read_directive(struct sql_reader *reader, struct sql_line rest)
{
    struct sql_line value = {0};
    if (begins(rest, "ignoreLines:", &value)) {
        reader->ignoring = begins(value, "start", &rest);
        for (size_t i = 0; i < value.length && isdigit((unsigned char)value.at[i]) && reader->ignored_lines < 1000000;
             i++)
            reader->ignored_lines = reader->ignored_lines * 10 + (size_t)(value.at[i] - '0');
        return true;
    }
    if (begins(rest, "preconditions", &value)) {
        bool failed = false;
        const char *fails = attribute(reader->arena, rest, "onFail", &failed);
        reader->change_set.optional = fails && strcasecmp(fails, "CONTINUE") == 0;
        return true;
    }
    if (begins(rest, "validCheckSum", &value)) {
        reader->change_set.any_checksum = true;
        return true;
    }
    return begins(rest, "rollback", &value) || begins(rest, "comment", &value) || begins(rest, "property", &value) ||
           begins(rest, "precondition-", &value);
}

/* Lines that are passed over, whatever they hold. */
static bool is_passed_over(struct sql_reader *reader, struct sql_line line)
{
    struct sql_line rest = {0};
    if (reader->ignoring) {
        if (is_comment(line, &rest) && begins(rest, "ignoreLines:end", &rest))
            reader->ignoring = false;
        return true;
    }
    if (reader->ignored_lines > 0) {
        reader->ignored_lines--;
        return true;
    }
    if (begins(trim(line), "/*", &rest) && begins(rest, "liquibase", &rest) && begins(rest, "rollback", &rest))
        reader->rollback_block = true;
    if (!reader->rollback_block)
        return false;
    reader->rollback_block = !memmem(line.at, line.length, "*/", 2);
    return true;
}

static int read_line(struct sql_reader *reader, struct sql_line line, size_t number, struct error *reterr)
{
    struct sql_line rest = {0};
    if (is_passed_over(reader, line))
        return 0;
    bool comment = is_comment(line, &rest);
    struct sql_line name = {0};
    if (comment && begins(rest, "changeset", &name) && name.at > rest.at + 9)
        return begin_change_set(reader, name, number, reterr);
    if (comment && (is_header(line) || read_directive(reader, rest)))
        return 0;
    strbuf_add(&reader->sql, line.at, line.length);
    strbuf_add_char(&reader->sql, '\n');
    return 0;
}

bool liquibase_is_formatted_sql(const char *text, size_t length)
{
    const char *at = text;
    struct sql_line line = {0};
    if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        at += 3;
    while (next_line(&at, text + length, &line))
        if (trim(line).length > 0)
            return is_header(line);
    return false;
}

int liquibase_read_sql(const char *text, size_t length, const char *file, const struct change_sink *sink,
                       struct arena *arena, struct error *reterr)
{
    struct sql_reader reader = {.file = file, .sink = sink, .arena = arena, .sql = STRBUF(LIMIT_MIGRATION_BYTES * 2)};
    reader.change_set.checksums = (struct strbuf)STRBUF(LIMIT_MIGRATION_BYTES);
    const char *at = text;
    struct sql_line line = {0};
    bool failed = false;
    int result = 0;
    for (size_t number = 1; result == 0 && next_line(&at, text + length, &line); number++) {
        if (!reader.path && is_header(line))
            reader.path = attribute(arena, line, "logicalFilePath", &failed);
        result = failed ? error_no_memory(reterr) : read_line(&reader, line, number, reterr);
    }
    if (result == 0)
        result = end_change_set(&reader, reterr);
    strbuf_done(&reader.sql);
    strbuf_done(&reader.change_set.checksums);
    return result;
}
