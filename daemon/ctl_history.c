/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl history: what the daemon remembers of its databases; with --verify, whether a history was changed, which
 * needs no daemon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/ctl_side.h"
#include "engine/engine.h"
#include "history/history.h"
#include "report/report_history.h"
#include "json/json_writer.h"

#define USUAL_FILE "/var/lib/migrationd/history.db"

/* Answers of the daemon, one per database, and what is to be shown of them. */
struct collection {
    struct json_document **documents;
    size_t count;
    size_t capacity;
    const struct json_value **records;
    size_t record_count;
    size_t record_capacity;
};

static void collection_done(struct collection *collection)
{
    for (size_t i = 0; i < collection->count; i++)
        json_document_free(collection->documents[i]);
    mem_free(collection->documents);
    mem_free(collection->records);
}

DEFINE_CLEANUP_VALUE(collection, struct collection, collection_done);

static bool make_path(const struct ctl_options *options, const char *database, struct strbuf *path)
{
    const struct {
        const char *name;
        const char *value;
    } parameters[] = {{"at", options->at}, {"kind", options->kind}, {"limit", options->limit}};
    const char *separator = "?";
    strbuf_add_string(path, "/v1/databases/");
    ctl_encode(path, database);
    strbuf_add_string(path, "/history");
    for (size_t i = 0; i < ARRAY_LENGTH(parameters); i++) {
        if (!parameters[i].value)
            continue;
        strbuf_printf(path, "%s%s=", separator, parameters[i].name);
        ctl_encode(path, parameters[i].value);
        separator = "&";
    }
    return strbuf_ok(path);
}

static int exit_of(const struct ctl_answer *answer)
{
    return answer->status == 400 || answer->status == 404 ? CTL_USAGE : CTL_UNKNOWN;
}

static int fetch(const struct ctl_options *options, const char *path, struct json_document **ret_document)
{
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    ctl_request(options, "GET", path, options->timeout_ms, &answer);
    if (answer.status != 200) {
        ctl_print_problem(&answer);
        return exit_of(&answer);
    }
    *ret_document = ctl_parse(&answer);
    return *ret_document ? CTL_OK : CTL_UNKNOWN;
}

static bool add_record(struct collection *collection, const struct json_value *record)
{
    if (!mem_grow(&collection->records, &collection->record_capacity, collection->record_count,
                  sizeof *collection->records, SIZE_MAX))
        return false;
    collection->records[collection->record_count++] = record;
    return true;
}

/* What one database has to tell. */
static int collect(const struct ctl_options *options, const char *database, struct collection *collection)
{
    cleanup(strbuf) struct strbuf path = STRBUF(8192);
    cleanup(json_document) struct json_document *document = NULL;
    if (!make_path(options, database, &path))
        return ctl_fail(CTL_USAGE, "the question is too long");
    int code = fetch(options, strbuf_text(&path), &document);
    if (code != CTL_OK)
        return code;
    if (!mem_grow(&collection->documents, &collection->capacity, collection->count, sizeof *collection->documents,
                  SIZE_MAX))
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    const struct json_value *root = json_root(document);
    collection->documents[collection->count++] = take(document);
    const struct json_value *records = json_member(root, "records");
    bool kept = !options->at || add_record(collection, root);
    for (size_t i = 0; kept && !options->at && i < json_length(records); i++)
        kept = add_record(collection, json_element(records, i));
    return kept ? CTL_OK : ctl_fail(CTL_UNKNOWN, "out of memory");
}

static int collect_all(const struct ctl_options *options, struct collection *collection)
{
    cleanup(json_document) struct json_document *list = NULL;
    int code = fetch(options, "/v1/databases", &list);
    const struct json_value *databases = list ? json_member(json_root(list), "databases") : NULL;
    for (size_t i = 0; code == CTL_OK && i < json_length(databases); i++) {
        const char *name = json_text(json_member(json_element(databases, i), "database"));
        if (name)
            code = collect(options, name, collection);
    }
    return code;
}

static int64_t sequence_of(const struct json_value *record)
{
    int64_t sequence = 0;
    json_get_integer(json_member(record, "sequence"), &sequence);
    return sequence;
}

static int compare_newest_first(const void *a, const void *b)
{
    int64_t first = sequence_of(*(const struct json_value *const *)a);
    int64_t second = sequence_of(*(const struct json_value *const *)b);
    return first == second ? 0 : first > second ? -1 : 1;
}

static int print(const struct ctl_options *options, struct collection *collection)
{
    cleanup(strbuf) struct strbuf out = STRBUF(LIMIT_RESPONSE_BYTES);
    enum report_style style = options->output == CTL_MARKDOWN ? STYLE_MARKDOWN
                              : ctl_colour()                  ? STYLE_COLOUR
                                                              : STYLE_PLAIN;
    if (options->at) {
        report_history_moment(&out, style, collection->records, collection->record_count);
    } else {
        if (collection->count > 1)
            qsort(collection->records, collection->record_count, sizeof *collection->records, compare_newest_first);
        report_history(&out, style, collection->records, collection->record_count);
    }
    if (!strbuf_ok(&out))
        return ctl_fail(CTL_UNKNOWN, "out of memory");
    fputs(strbuf_text(&out), stdout);
    return CTL_OK;
}

/* The daemon's own answer about one database. */
static int print_json(const struct ctl_options *options)
{
    cleanup(strbuf) struct strbuf path = STRBUF(8192);
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    if (options->argument_count == 0)
        return ctl_fail(CTL_USAGE, "-o json shows one database's history: name it");
    if (!make_path(options, options->arguments[0], &path))
        return ctl_fail(CTL_USAGE, "the question is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    if (answer.status == 200) {
        puts(strbuf_text(&answer.body));
        return CTL_OK;
    }
    ctl_print_problem(&answer);
    return exit_of(&answer);
}

static int say_verdict(const struct ctl_options *options, const struct history_verdict *verdict)
{
    if (options->output == CTL_JSON) {
        cleanup(strbuf) struct strbuf out = STRBUF(4096);
        struct json_writer writer = {0};
        json_writer_init(&writer, &out, 0);
        json_open_object(&writer);
        json_key_boolean(&writer, "holds", !verdict->broken);
        json_key_integer(&writer, "records", verdict->records);
        json_key_integer(&writer, "first_sequence", verdict->first_sequence);
        json_key_integer(&writer, "last_sequence", verdict->last_sequence);
        json_key(&writer, "broken_at");
        if (verdict->broken)
            json_add_integer(&writer, verdict->broken_at);
        else
            json_add_null(&writer);
        json_key_string(&writer, "problem", verdict->broken ? verdict->problem : NULL);
        json_close_object(&writer);
        puts(strbuf_text(&out));
    } else if (verdict->broken) {
        printf("broken: %s\n", verdict->problem);
    } else if (verdict->records == 0) {
        puts("the chain holds: there are no records");
    } else {
        printf("the chain holds: %" PRId64 " records, from %" PRId64 " to %" PRId64 "\n", verdict->records,
               verdict->first_sequence, verdict->last_sequence);
    }
    return verdict->broken ? CTL_CLOSED : CTL_OK;
}

static int walk(const struct history_place *place, struct deadline deadline, struct history_verdict *ret_verdict,
                struct error *reterr)
{
    cleanup(history_store) struct history_store *store = NULL;
    if (history_open(place, deadline, &store, reterr) < 0)
        return -1;
    return history_verify(store, deadline, ret_verdict, reterr);
}

/* A daemon that starts while a quiet file is read is no reason to give up. */
static int verify(const struct ctl_options *options)
{
    const char *where = options->argument_count > 0 ? options->arguments[0] : USUAL_FILE;
    bool is_url = strstr(where, "://");
    struct error error = {.code = ERROR_OK};
    struct history_verdict verdict = {0};
    struct deadline deadline = deadline_in(options->timeout_ms);
    cleanup(engine_target) struct engine_target *target = NULL;
    if (is_url && engine_target_parse(where, &target, &error) < 0)
        return ctl_fail(CTL_TROUBLE, "%s", error.message);
    const struct history_place place = {.path = is_url ? NULL : where, .target = target, .read_only = true};
    int outcome = walk(&place, deadline, &verdict, &error);
    if (outcome < 0 && error.code == ERROR_CHANGED)
        outcome = walk(&place, deadline, &verdict, &error);
    return outcome < 0 ? ctl_fail(CTL_TROUBLE, "%s", error.message) : say_verdict(options, &verdict);
}

int ctl_history(const struct ctl_options *options)
{
    cleanup(collection) struct collection collection = {0};
    if (options->verify && (options->at || options->kind || options->limit))
        return ctl_fail(CTL_USAGE, "--verify walks over all records: it goes with none of --at, --kind and --limit");
    if (options->verify && options->output == CTL_MARKDOWN)
        return ctl_fail(CTL_USAGE, "the output of history --verify is text or json, not markdown (see --help)");
    if (options->verify)
        return verify(options);
    if (options->output == CTL_JSON)
        return print_json(options);
    int code = options->argument_count > 0 ? collect(options, options->arguments[0], &collection)
                                           : collect_all(options, &collection);
    return code == CTL_OK ? print(options, &collection) : code;
}
