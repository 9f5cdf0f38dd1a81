/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/sqitch_plan.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "model/text_index.h"

#define BLANKS " \t"

enum { STAMP_LENGTH = 20, INFO_BYTES = 1 << 20 }; /* of a change, as far as its id covers it: a line of the plan */

/* A text that is borrowed. */
struct span {
    const char *text;
    size_t length;
};

/* One line of the plan, in parts. */
struct plan_line {
    struct span name;
    struct span dependencies; /* without brackets */
    struct span stamp;
    struct span planner; /* "Name <email>" */
    struct span note;
    bool tag;
};

struct parser {
    struct sqitch_plan *plan;
    struct arena *arena;
    const char *file;
    size_t line;
    struct text_index names; /* change's name → its first change */
    struct strbuf info;
    struct strbuf content;
};

static int plan_error(const struct parser *parser, const char *what, struct error *reterr)
{
    return error_set(reterr, ERROR_INVALID, "%s:%zu: %s", parser->file, parser->line, what);
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static struct span trim(struct span span)
{
    while (span.length > 0 && is_blank(*span.text)) {
        span.text++;
        span.length--;
    }
    while (span.length > 0 && strchr(" \t\r", span.text[span.length - 1]))
        span.length--;
    return span;
}

/* What stands before the first byte of `stops`; it is taken off the rest. */
static struct span take_until(struct span *rest, const char *stops)
{
    struct span taken = {.text = rest->text};
    while (taken.length < rest->length && !strchr(stops, rest->text[taken.length]))
        taken.length++;
    rest->text += taken.length;
    rest->length -= taken.length;
    return taken;
}

static bool same_text(struct span span, const char *text)
{
    return span.length == strlen(text) && memcmp(span.text, text, span.length) == 0;
}

static bool is_stamp(struct span span)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
    if (span.length != STAMP_LENGTH)
        return false;
    for (size_t i = 0; i < STAMP_LENGTH; i++)
        if (pattern[i] == 'd' ? span.text[i] < '0' || span.text[i] > '9' : span.text[i] != pattern[i])
            return false;
    return true;
}

/* %name=value */
static int parse_pragma(struct parser *parser, struct span line, struct error *reterr)
{
    line.text++;
    line.length--;
    struct span name = trim(take_until(&line, "="));
    struct span value = {0};
    if (line.length > 0)
        value = trim((struct span){line.text + 1, line.length - 1});
    const char **slot = same_text(name, "project") ? &parser->plan->project
                        : same_text(name, "uri")   ? &parser->plan->uri
                                                   : NULL;
    if (!slot || value.length == 0)
        return 0;
    *slot = arena_strndup(parser->arena, value.text, value.length);
    return *slot ? 0 : error_no_memory(reterr);
}

/* [+-]name [dependencies] 2026-01-31T09:30:00Z Planner <email> # note, or the same with @name. */
static int split_line(const struct parser *parser, struct span text, struct plan_line *line, struct error *reterr)
{
    struct span rest = text;
    struct span before = take_until(&rest, "#");
    *line = (struct plan_line){0};
    if (rest.length > 0)
        line->note = trim((struct span){rest.text + 1, rest.length - 1});
    rest = trim(before);
    line->tag = rest.length > 0 && *rest.text == '@';
    if (rest.length > 0 && strchr("@+-", *rest.text))
        rest = trim((struct span){rest.text + 1, rest.length - 1});
    line->name = take_until(&rest, BLANKS);
    rest = trim(rest);
    if (rest.length > 0 && *rest.text == '[') {
        rest.text++;
        rest.length--;
        line->dependencies = trim(take_until(&rest, "]"));
        if (rest.length == 0)
            return plan_error(parser, "a bracket is not closed", reterr);
        rest = trim((struct span){rest.text + 1, rest.length - 1});
    }
    line->stamp = take_until(&rest, BLANKS);
    line->planner = trim(rest);
    if (line->name.length == 0)
        return plan_error(parser, "there is no name", reterr);
    if (!is_stamp(line->stamp))
        return plan_error(parser, "there is no time of the form 2026-01-31T09:30:00Z", reterr);
    if (line->planner.length == 0 || !memchr(line->planner.text, '<', line->planner.length) ||
        line->planner.text[line->planner.length - 1] != '>')
        return plan_error(parser, "there is no planner of the form Name <email>", reterr);
    return 0;
}

static void add_span(struct strbuf *out, struct span span)
{
    strbuf_add(out, span.text, span.length);
}

/* The name and the address with one blank between them, however many there were. */
static void add_planner(struct strbuf *out, struct span planner)
{
    struct span address = planner;
    struct span name = trim(take_until(&address, "<"));
    strbuf_add_string(out, "\nplanner ");
    add_span(out, name);
    strbuf_add_char(out, ' ');
    add_span(out, address);
}

/* As Sqitch prints a dependency: without the mark of a conflict, and without the project if that is its own. */
static void add_dependency(struct strbuf *out, struct span dependency, const char *project)
{
    size_t length = strlen(project);
    if (dependency.length > length && memcmp(dependency.text, project, length) == 0 && dependency.text[length] == ':') {
        dependency.text += length + 1;
        dependency.length -= length + 1;
    }
    add_span(out, dependency);
}

static void add_dependencies(struct strbuf *out, struct span list, bool conflicts, const char *project)
{
    bool first = true;
    while (list.length > 0) {
        struct span dependency = take_until(&list, BLANKS);
        list = trim(list);
        bool conflict = dependency.length > 0 && *dependency.text == '!';
        if (conflict != conflicts)
            continue;
        dependency.text += conflict;
        dependency.length -= conflict;
        if (first)
            strbuf_add_string(out, conflicts ? "\nconflicts" : "\nrequires");
        strbuf_add_string(out, conflicts ? "\n  - " : "\n  + ");
        add_dependency(out, dependency, project);
        first = false;
    }
}

static void add_note(struct strbuf *out, struct span note)
{
    static const struct {
        char written;
        char meant;
    } escapes[] = {{'n', '\n'}, {'r', '\r'}, {'\\', '\\'}};
    for (size_t i = 0; i < note.length; i++) {
        char byte = note.text[i];
        for (size_t j = 0; byte == '\\' && i + 1 < note.length && j < ARRAY_LENGTH(escapes); j++) {
            if (note.text[i + 1] != escapes[j].written)
                continue;
            byte = escapes[j].meant;
            i++;
            break;
        }
        strbuf_add_char(out, byte);
    }
}

/* Scheme and host are written small, and a web address has a path: what Perl's URI calls canonical. */
static void add_uri(struct strbuf *out, const char *uri)
{
    const char *host = strstr(uri, "://");
    size_t end = host ? (size_t)(host + 3 - uri) + strcspn(host + 3, "/?#") : strcspn(uri, ":");
    for (size_t i = 0; uri[i]; i++) {
        bool small = i < end && uri[i] >= 'A' && uri[i] <= 'Z';
        strbuf_add_char(out, small ? (char)(uri[i] - 'A' + 'a') : uri[i]);
    }
    if (host && uri[end] == '\0' && strncasecmp(uri, "http", 4) == 0)
        strbuf_add_char(out, '/');
}

static const char *compute_id(struct parser *parser, const struct plan_line *line)
{
    const struct sqitch_plan *plan = parser->plan;
    struct strbuf *info = &parser->info;
    char id[SHA1_HEX_SIZE] = "";
    strbuf_clear(info);
    strbuf_printf(info, "project %s", plan->project);
    if (plan->uri) {
        strbuf_add_string(info, "\nuri ");
        add_uri(info, plan->uri);
    }
    strbuf_add_string(info, "\nchange ");
    add_span(info, line->name);
    if (plan->count > 0)
        strbuf_printf(info, "\nparent %s", plan->changes[plan->count - 1].id);
    add_planner(info, line->planner);
    strbuf_add_string(info, "\ndate ");
    add_span(info, line->stamp);
    add_dependencies(info, line->dependencies, false, plan->project);
    add_dependencies(info, line->dependencies, true, plan->project);
    if (line->note.length > 0) {
        strbuf_add_string(info, "\n\n");
        add_note(info, line->note);
    }
    strbuf_clear(&parser->content);
    strbuf_printf(&parser->content, "change %zu", info->length);
    strbuf_add_char(&parser->content, '\0');
    strbuf_add(&parser->content, strbuf_text(info), info->length);
    if (!strbuf_ok(info) || !strbuf_ok(&parser->content))
        return NULL;
    checksum_sha1(strbuf_text(&parser->content), parser->content.length, id);
    return arena_strdup(parser->arena, id);
}

/* A name may come again, as a new version of the change, once a tag stands between. */
static int note_rework(struct parser *parser, const struct sqitch_change *change, struct error *reterr)
{
    struct sqitch_plan *plan = parser->plan;
    size_t number = plan->count - 1;
    size_t before = text_index_add(&parser->names, change->name, number);
    if (before == number)
        return 0;
    while (plan->changes[before].replaced_by != SIZE_MAX)
        before = plan->changes[before].replaced_by;
    if (plan->tag_count == 0 || plan->tags[plan->tag_count - 1].change_count <= before)
        return plan_error(parser, "the change's name stands twice without a tag between", reterr);
    plan->changes[before].replaced_by = number;
    return 0;
}

static int add_change(struct parser *parser, const struct plan_line *line, struct error *reterr)
{
    struct sqitch_plan *plan = parser->plan;
    if (plan->count >= LIMIT_MIGRATIONS)
        return error_set(reterr, ERROR_TRUNCATED, "%s: more than %u changes", parser->file, LIMIT_MIGRATIONS);
    if (!mem_grow(&plan->changes, &plan->capacity, plan->count, sizeof *plan->changes, LIMIT_MIGRATIONS))
        return error_no_memory(reterr);
    struct sqitch_change change = {
        .name = arena_strndup(parser->arena, line->name.text, line->name.length),
        .id = compute_id(parser, line),
        .line = parser->line,
        .replaced_by = SIZE_MAX,
    };
    if (!change.name || !change.id)
        return error_no_memory(reterr);
    plan->changes[plan->count++] = change;
    return note_rework(parser, &change, reterr);
}

static int add_tag(struct parser *parser, const struct plan_line *line, struct error *reterr)
{
    struct sqitch_plan *plan = parser->plan;
    if (plan->count == 0)
        return plan_error(parser, "a tag before any change", reterr);
    if (!mem_grow(&plan->tags, &plan->tag_capacity, plan->tag_count, sizeof *plan->tags, LIMIT_MIGRATIONS))
        return error_no_memory(reterr);
    const char *name = arena_strndup(parser->arena, line->name.text, line->name.length);
    if (!name)
        return error_no_memory(reterr);
    plan->tags[plan->tag_count++] = (struct sqitch_tag){.name = name, .change_count = plan->count};
    return 0;
}

static int parse_line(struct parser *parser, struct span text, struct error *reterr)
{
    struct span shown = trim(text);
    struct plan_line line = {0};
    if (shown.length == 0 || *shown.text == '#')
        return 0;
    if (*shown.text == '%' && parser->plan->count == 0) {
        struct span before = take_until(&shown, "#");
        return parse_pragma(parser, trim(before), reterr);
    }
    if (!parser->plan->project)
        return plan_error(parser, "a change before the pragma %project", reterr);
    if (split_line(parser, shown, &line, reterr) < 0)
        return -1;
    return line.tag ? add_tag(parser, &line, reterr) : add_change(parser, &line, reterr);
}

static void parser_done(struct parser *parser)
{
    strbuf_done(&parser->info);
    strbuf_done(&parser->content);
}

DEFINE_CLEANUP_VALUE(parser, struct parser, parser_done);

int sqitch_plan_parse(struct sqitch_plan *plan, const char *text, size_t length, const char *name, struct arena *arena,
                      struct error *reterr)
{
    cleanup(parser) struct parser parser = {
        .plan = plan, .arena = arena, .file = name, .info = STRBUF(INFO_BYTES), .content = STRBUF(INFO_BYTES)};
    if (memchr(text, '\0', length) || !utf8_is_valid(text, length))
        return error_set(reterr, ERROR_INVALID, "%s: is not UTF-8 text", name);
    size_t lines = 1;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    if (!text_index_init(&parser.names, arena, lines))
        return error_no_memory(reterr);
    struct span rest = {text, length};
    while (rest.length > 0) {
        parser.line++;
        struct span line = take_until(&rest, "\n");
        if (rest.length > 0) {
            rest.text++;
            rest.length--;
        }
        if (parse_line(&parser, line, reterr) < 0)
            return -1;
    }
    return plan->project ? 0 : error_set(reterr, ERROR_INVALID, "%s: there is no pragma %%project", name);
}

void sqitch_plan_done(struct sqitch_plan *plan)
{
    mem_free(plan->changes);
    mem_free(plan->tags);
    *plan = (struct sqitch_plan){0};
}
