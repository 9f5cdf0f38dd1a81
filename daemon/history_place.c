/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history_place.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "daemon/log.h"
#include "gate/state.h"
#include "json/json_writer.h"

enum { GAP_BYTES = 1024 };

#define USUAL_FOLDER "/var/lib/migrationd"
#define FILE_NAME "history.db"

/* systemd's folder, the first if there are several, and nowhere if that is none; else the usual one, if somebody made
 * it for us. */
static char *usual_path(bool *ret_no_memory)
{
    const char *state = getenv("STATE_DIRECTORY");
    char *path = NULL;
    *ret_no_memory = false;
    if (state ? *state != '/' : access(USUAL_FOLDER, W_OK | X_OK) < 0)
        return NULL;
    if (state)
        path = mem_printf("%.*s/" FILE_NAME, (int)strcspn(state, ":"), state);
    else
        path = mem_strdup(USUAL_FOLDER "/" FILE_NAME);
    *ret_no_memory = !path;
    return path;
}

int history_location_choose(struct config *config, struct history_location *ret_location, struct error *reterr)
{
    const struct config_history *history = &config->history;
    bool no_memory = false;
    *ret_location = (struct history_location){.kind = HISTORY_NOWHERE};
    if (history->none) {
        log_event(LOG_LEVEL_NOTICE, "history", NULL, "nothing is kept");
        return 0;
    }
    if (history->target) {
        ret_location->kind = HISTORY_IN_DATABASE;
        ret_location->config = config_ref(config);
        log_event(LOG_LEVEL_NOTICE, "history", NULL, "kept in %s", history->target->display);
        return 0;
    }
    ret_location->path = history->path ? mem_strdup(history->path) : usual_path(&no_memory);
    if (!ret_location->path && (history->path || no_memory))
        return error_no_memory(reterr);
    if (ret_location->path) {
        ret_location->kind = HISTORY_IN_FILE;
        log_event(LOG_LEVEL_NOTICE, "history", NULL, "kept in %s", ret_location->path);
    } else {
        log_event(LOG_LEVEL_NOTICE, "history", NULL,
                  "nothing is kept: neither $STATE_DIRECTORY nor a writable " USUAL_FOLDER
                  ", and no `history` in the configuration");
    }
    return 0;
}

void history_location_done(struct history_location *location)
{
    mem_free(location->path);
    config_unref(location->config);
}

int history_database_open(const struct config_history *history, bool read_only, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr)
{
    cleanup(engine_target) struct engine_target *target = NULL;
    char *password = NULL;
    if (history_password(history, &password, reterr) < 0)
        return -1;
    int outcome = engine_target_copy(history->target, password, &target, reterr);
    password_free(password);
    if (outcome < 0)
        return -1;
    const struct history_place place = {.target = target, .read_only = read_only};
    return history_open(&place, deadline, ret_store, reterr);
}

int history_location_open(const struct history_location *location, struct deadline deadline,
                          struct history_store **ret_store, struct error *reterr)
{
    if (location->kind == HISTORY_IN_DATABASE)
        return history_database_open(&location->config->history, false, deadline, ret_store, reterr);
    const struct history_place place = {.path = location->path};
    return history_open(&place, deadline, ret_store, reterr);
}

struct seeds {
    struct history_record records[LIMIT_HISTORY_SEEDS];
    size_t count;
    bool no_memory;
};

/* Newest first; the texts are kept until all were read. */
static bool keep(void *payload, const struct history_record *record)
{
    struct seeds *seeds = payload;
    char *subject = mem_strdup(record->subject);
    char *body = mem_strdup(record->body);
    if (!subject || !body) {
        mem_free(subject);
        mem_free(body);
        seeds->no_memory = true;
        return false;
    }
    struct history_record *kept = &seeds->records[seeds->count++];
    *kept = *record;
    kept->subject = subject;
    kept->body = body;
    kept->source = "";
    return true;
}

static int seed_kind(struct history_store *store, enum history_kind kind,
                     void (*seed)(void *payload, const struct history_record *record), void *payload,
                     struct deadline deadline, struct error *reterr)
{
    const struct history_query query = {.kinds = 1u << kind, .limit = LIMIT_HISTORY_SEEDS};
    struct seeds *seeds = mem_calloc(1, sizeof *seeds);
    if (!seeds)
        return error_no_memory(reterr);
    int outcome = history_read(store, &query, deadline, keep, seeds, reterr);
    for (size_t i = seeds->count; i > 0; i--) {
        struct history_record *record = &seeds->records[i - 1];
        seed(payload, record);
        mem_free((char *)(uintptr_t)record->subject);
        mem_free((char *)(uintptr_t)record->body);
    }
    if (outcome == 0 && seeds->no_memory)
        outcome = error_no_memory(reterr);
    mem_free(seeds);
    return outcome;
}

int history_location_seed(struct history_store *store, void (*seed)(void *payload, const struct history_record *record),
                          void *payload, struct deadline deadline, struct error *reterr)
{
    /* Where the states cannot be read, no admission may stand alone: it could be of a database that has changed since.
     */
    int outcome = seed_kind(store, HISTORY_STATE, seed, payload, deadline, reterr);
    return outcome < 0 ? outcome : seed_kind(store, HISTORY_ADMISSION, seed, payload, deadline, reterr);
}

/* A state like others, in the arena; NULL when memory is out. */
static const char *write_gap(const char *database, const struct history_gap *gap, struct arena *arena)
{
    cleanup(strbuf) struct strbuf body = STRBUF(GAP_BYTES);
    struct json_writer writer = {0};
    json_writer_init(&writer, &body, 0);
    json_open_object(&writer);
    json_key_string(&writer, "database", database);
    json_key_string(&writer, "state", migration_state_name(STATE_UNKNOWN));
    json_key_string(&writer, "code", state_code_name(CODE_STALE));
    json_key_string(&writer, "reason", "no migrationd that keeps this history was running");
    json_key_time(&writer, "at", gap->from_ms);
    json_key_time(&writer, "until", gap->until_ms);
    json_key_null(&writer, "previous");
    json_close_object(&writer);
    return json_writer_ok(&writer) ? arena_strdup(arena, strbuf_text(&body)) : NULL;
}

/* All of them or none: who was there last is known no more afterwards. */
int history_location_note_gap(struct history_store *store, const struct config *config, const struct history_gap *gap,
                              struct deadline deadline, struct error *reterr)
{
    size_t count = config->database_count;
    cleanup(arena) struct arena *arena = arena_new((count + 1) * (GAP_BYTES + sizeof(struct history_record)) * 2);
    struct history_record *records = arena ? arena_array(arena, count, sizeof *records) : NULL;
    for (size_t i = 0; records && i < count; i++) {
        records[i] = (struct history_record){.kind = HISTORY_STATE,
                                             .subject = config->databases[i].name,
                                             .at_ms = gap->from_ms,
                                             .source = gap->source,
                                             .body = write_gap(config->databases[i].name, gap, arena)};
        if (!records[i].body)
            return error_no_memory(reterr);
    }
    return records ? history_append(store, records, count, gap->until_ms, deadline, reterr) : error_no_memory(reterr);
}
