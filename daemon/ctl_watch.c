/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl status --watch: the table, then a line for each change. What the databases were is remembered here, so
 * that a picture that comes after a loss prints what is different and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "daemon/ctl_stream.h"
#include "json/json_writer.h"

enum { WATCHED_DATABASES = 1000000, REVISION_SIZE = 256 };

struct known {
    char *database;
    char *standing; /* state, code and revision; NULL: memory was short, so the next one is news */
    bool pictured;  /* stands in the picture that is being read */
};

struct watch {
    const struct ctl_options *options;
    struct known *known;
    size_t count;
    size_t capacity;
    bool begun; /* the table is printed */
    bool colour;
    int width; /* of the longest name */
    int code;
};

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

/* Several heads joined by ",", as far as they fit. */
static const char *revision_of(const struct json_value *object, char *buffer, size_t size)
{
    const struct json_value *heads = json_member(object, "heads");
    size_t used = 0;
    buffer[0] = '\0';
    for (size_t i = 0; i < json_length(heads) && used < size; i++)
        used += (size_t)snprintf(buffer + used, size - used, "%s%s", i > 0 ? "," : "",
                                 or_dash(json_text(json_element(heads, i))));
    return buffer;
}

static char *standing_of(const struct json_value *object)
{
    char revision[REVISION_SIZE] = "";
    return mem_printf("%s %s %s", or_dash(text_of(object, "state")), or_dash(text_of(object, "code")),
                      revision_of(object, revision, sizeof revision));
}

/* Of the database that `object` is about; made if need be. NULL when memory is out. */
static struct known *find_known(struct watch *watch, const char *database)
{
    for (size_t i = 0; i < watch->count; i++) {
        if (strcmp(watch->known[i].database, database) == 0)
            return &watch->known[i];
    }
    char *name = mem_strdup(database);
    if (!name || !mem_grow(&watch->known, &watch->capacity, watch->count, sizeof *watch->known, WATCHED_DATABASES)) {
        mem_free(name);
        return NULL;
    }
    watch->known[watch->count] = (struct known){.database = name};
    return &watch->known[watch->count++];
}

/* Returns whether it stands otherwise than before. */
static bool remember(struct watch *watch, const struct json_value *object)
{
    const char *database = or_dash(text_of(object, "database"));
    struct known *known = find_known(watch, database);
    int length = (int)strnlen(database, 64);
    watch->width = length > watch->width ? length : watch->width;
    if (!known)
        return true;
    char *standing = standing_of(object);
    bool changed = !standing || !known->standing || strcmp(standing, known->standing) != 0;
    mem_free(known->standing);
    known->standing = standing;
    known->pictured = true;
    return changed;
}

static void forget(struct watch *watch, size_t index)
{
    mem_free(watch->known[index].database);
    mem_free(watch->known[index].standing);
    watch->known[index] = watch->known[--watch->count];
}

/* To the second: what is after it is of no use to people. */
static void put_start(const struct watch *watch, const char *at, const char *database)
{
    char time[32] = "";
    snprintf(time, sizeof time, "%.19sZ", at ? at : "0000-00-00T00:00:00");
    ctl_put_text(stdout, time, "?");
    fputs("  ", stdout);
    ctl_put_text(stdout, or_dash(database), "?");
    printf("%*s", watch->width - (int)strnlen(or_dash(database), 64) + 2, "");
}

static const char *colour_of(const char *gate)
{
    static const struct {
        const char *gate;
        const char *start;
    } colours[] = {{"open", "\033[32m"}, {"closed", "\033[33m"}, {"blocked", "\033[31m"}, {"unknown", "\033[35m"}};
    for (size_t i = 0; gate && i < ARRAY_LENGTH(colours); i++) {
        if (strcmp(colours[i].gate, gate) == 0)
            return colours[i].start;
    }
    return "";
}

/* "WORD CODE", in the colour of what it means for a gate. */
static void put_words(const struct watch *watch, const char *gate, const char *word, const char *code)
{
    fputs(watch->colour ? colour_of(gate) : "", stdout);
    ctl_put_text(stdout, or_dash(word), "?");
    if (code) {
        putchar(' ');
        ctl_put_text(stdout, code, "?");
    }
    fputs(watch->colour ? "\033[0m" : "", stdout);
}

static void put_reason(const char *reason)
{
    if (!reason)
        return;
    fputs("  ", stdout);
    ctl_put_text(stdout, reason, "?");
}

static void print_state(const struct watch *watch, const struct json_value *object)
{
    put_start(watch, text_of(object, "at"), text_of(object, "database"));
    put_words(watch, text_of(object, "gate"), text_of(object, "state"), text_of(object, "code"));
    put_reason(text_of(object, "reason"));
    putchar('\n');
}

static int64_t count_of(const struct json_value *counts, const char *change)
{
    int64_t count = 0;
    json_get_integer(json_member(counts, change), &count);
    return count;
}

static void print_drift(const struct watch *watch, const struct json_value *object)
{
    const struct json_value *counts = json_member(object, "counts");
    const char *worst = text_of(object, "worst");
    put_start(watch, text_of(object, "at"), text_of(object, "database"));
    fputs("drift ", stdout);
    put_words(watch, worst ? "closed" : NULL, text_of(object, "drift"), text_of(object, "code"));
    put_reason(text_of(object, "reason"));
    if (worst) {
        int64_t count = count_of(counts, "missing") + count_of(counts, "unexpected") + count_of(counts, "changed");
        printf("  %lld difference%s, the worst ", (long long)count, count == 1 ? "" : "s");
        ctl_put_text(stdout, worst, "?");
    }
    putchar('\n');
}

/* A gate that opened although a database cannot be seen. */
static void print_fail_open(const struct watch *watch, const struct json_value *object)
{
    put_start(watch, text_of(object, "at"), text_of(object, "gate"));
    put_words(watch, "unknown", "gate open", text_of(object, "code"));
    put_reason(text_of(object, "reason"));
    putchar('\n');
}

static void print_check(const struct watch *watch, const struct json_value *object)
{
    static const struct {
        const char *state;
        const char *gate;
    } meanings[] = {{"passed", "open"}, {"failed", "blocked"}, {"unknown", "unknown"}};
    const char *state = text_of(object, "state");
    const char *gate = NULL;
    for (size_t i = 0; state && i < ARRAY_LENGTH(meanings); i++) {
        if (strcmp(meanings[i].state, state) == 0)
            gate = meanings[i].gate;
    }
    put_start(watch, text_of(object, "at"), text_of(object, "address"));
    put_words(watch, gate, state, text_of(object, "code"));
    put_reason(text_of(object, "reason"));
    putchar('\n');
}

static bool print_table(struct watch *watch, const struct json_value *databases)
{
    cleanup(ctl_table) struct ctl_table table = {
        .titles = {"DATABASE", "STATE", "CODE", "GATE", "TOOL", "REVISION", "AGE", "REASON"}, .columns = 8};
    for (size_t i = 0; i < json_length(databases); i++) {
        const struct json_value *line = json_element(databases, i);
        char revision[REVISION_SIZE] = "";
        char age[32] = "";
        double seconds = 0;
        if (json_get_number(json_member(line, "age_seconds"), &seconds))
            snprintf(age, sizeof age, "%.1fs", seconds);
        ctl_table_row(&table,
                      (const char *[]){text_of(line, "database"), text_of(line, "state"), text_of(line, "code"),
                                       text_of(line, "gate"), text_of(line, "tool"),
                                       revision_of(line, revision, sizeof revision), age, text_of(line, "reason")});
        remember(watch, line);
    }
    watch->begun = true;
    return ctl_table_print(&table);
}

/* What is different from what was printed before. */
static void print_differences(struct watch *watch, const struct json_value *databases)
{
    for (size_t i = 0; i < watch->count; i++)
        watch->known[i].pictured = false;
    for (size_t i = 0; i < json_length(databases); i++) {
        const struct json_value *line = json_element(databases, i);
        if (remember(watch, line))
            print_state(watch, line);
    }
    for (size_t i = watch->count; i-- > 0;) {
        if (watch->known[i].pictured)
            continue;
        ctl_put_text(stdout, watch->known[i].database, "?");
        puts(" is not watched any more");
        forget(watch, i);
    }
}

static void print_event(struct watch *watch, const char *name, const struct json_value *object)
{
    if (strcmp(name, "snapshot") == 0 && !watch->begun) {
        print_table(watch, json_member(object, "databases"));
    } else if (strcmp(name, "snapshot") == 0) {
        print_differences(watch, json_member(object, "databases"));
    } else if (strcmp(name, "state") == 0) {
        /* A picture may have shown already what is told only now. */
        if (remember(watch, object))
            print_state(watch, object);
    } else if (strcmp(name, "drift") == 0) {
        print_drift(watch, object);
    } else if (strcmp(name, "fail_open") == 0) {
        print_fail_open(watch, object);
    } else if (strcmp(name, "check") == 0) {
        print_check(watch, object);
    }
}

/* Nobody reads a closed pipe; a full disk is another matter. */
static bool flush(struct watch *watch)
{
    if (fflush(stdout) == 0)
        return true;
    if (errno != EPIPE)
        watch->code = ctl_fail(CTL_UNKNOWN, "standard output: %s", strerror(errno));
    return false;
}

/* One object in one line, whatever the daemon's looks like: between its tokens a line break is as good as a blank. */
static void print_json(const struct sse_event *event)
{
    cleanup(strbuf) struct strbuf name = STRBUF(1024);
    struct json_writer writer = {0};
    json_writer_init(&writer, &name, 0);
    json_add_string(&writer, event->name);
    printf("{\"event\":%s,\"data\":", strbuf_text(&name));
    for (const char *byte = event->data; *byte; byte++)
        putchar(*byte == '\n' ? ' ' : *byte);
    puts("}");
}

static bool hear(void *payload, const struct sse_event *event)
{
    struct watch *watch = payload;
    cleanup(json_document) struct json_document *document = NULL;
    struct error error = {.code = ERROR_OK};
    if (json_parse(event->data, strlen(event->data), LIMIT_RESPONSE_BYTES, event->name, &document, &error) < 0) {
        watch->code = ctl_fail(CTL_UNKNOWN, "the daemon's event is no JSON: %s", error.message);
        return false;
    }
    if (watch->options->output == CTL_JSON)
        print_json(event);
    else
        print_event(watch, event->name, json_root(document));
    return flush(watch);
}

int ctl_watch(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf path = STRBUF(4096);
    struct watch watch = {.options = options, .colour = ctl_colour(), .code = CTL_OK};
    strbuf_add_string(&path, "/v1/events?kind=state,drift,check,fail_open");
    if (options->argument_count > 0) {
        strbuf_add_string(&path, "&database=");
        ctl_encode(&path, options->arguments[0]);
    }
    if (!strbuf_ok(&path))
        return ctl_fail(CTL_USAGE, "the name is too long");
    int code = ctl_stream(options, strbuf_text(&path), hear, &watch);
    while (watch.count > 0)
        forget(&watch, watch.count - 1);
    mem_free(watch.known);
    return watch.code != CTL_OK ? watch.code : code;
}
