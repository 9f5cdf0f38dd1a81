/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/drift_watch.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/refcount.h"

struct drift_watch {
    struct config *config; /* one reference: under it the reference was loaded, and the report before was made */
    const struct config_database *database;

    /* The reference, unless it is another database's. */
    struct schema *reference; /* one reference; NULL when it could not be loaded */
    bool loaded;
    uint64_t stamp;       /* of the files that were loaded */
    struct digest source; /* what else the loading depended on */
    bool ahead;
    char revision[256];
    char reason[512];
    enum error_code error;

    /* The look before. */
    struct drift_status *last; /* one reference; NULL */
    uint64_t runs;
    bool interrupted; /* a migration was running at a look since */
};

struct drift_status *drift_status_ref(struct drift_status *status)
{
    if (status)
        refcount_take(&status->references);
    return status;
}

void drift_status_unref(struct drift_status *status)
{
    if (!status || !refcount_drop(&status->references))
        return;
    if (status->owns_report)
        drift_report_free(status->report);
    drift_status_unref(status->frozen);
    config_unref(status->config);
    mem_free(status);
}

static struct drift_status *status_new(struct config *config, const struct config_database *database)
{
    struct drift_status *status = mem_calloc(1, sizeof *status);
    if (!status)
        return NULL;
    status->references = 1;
    status->config = config_ref(config);
    status->database = database;
    status->verdict = DRIFT_UNKNOWN;
    status->taken_at_ms = TIME_UNKNOWN;
    status->frozen_since_ms = TIME_UNKNOWN;
    return status;
}

struct drift_status *drift_status_freeze(struct drift_status *status, int64_t now_ms)
{
    struct drift_status *frozen = status_new(status->config, status->database);
    if (!frozen)
        return NULL;
    frozen->frozen = drift_status_ref(status);
    frozen->report = status->report;
    frozen->verdict = status->verdict;
    frozen->code = status->code;
    memcpy(frozen->reason, status->reason, sizeof frozen->reason);
    memcpy(frozen->revision, status->revision, sizeof frozen->revision);
    frozen->taken_at_ms = status->taken_at_ms;
    frozen->looked_at_ms = status->looked_at_ms;
    frozen->frozen_since_ms = now_ms;
    frozen->again = true;
    return frozen;
}

/* A frozen report is as old as the migration that runs; what can be believed of that, the migration's state says. */
static bool is_stale(const struct drift_status *status, const struct config_database *database,
                     int64_t monotonic_now_ms)
{
    return status->frozen_since_ms == TIME_UNKNOWN &&
           monotonic_now_ms - status->looked_at_ms > database->interval_ms + database->max_staleness_ms;
}

struct drift_context drift_status_context(const struct drift_status *status, const struct config_database *database,
                                          int64_t monotonic_now_ms)
{
    struct drift_context context = {
        .database = database->name,
        .reference_kind = database->drift.reference_key,
        .reference_ref = database->drift.reference_value,
        .verdict = DRIFT_UNKNOWN,
        .code = database->drift.reference_key ? "NEVER_OBSERVED" : "NO_REFERENCE",
        .reason = database->drift.reference_key ? "the schema was not compared yet"
                                                : "no drift.reference is configured for this database",
        .live_taken_at_ms = TIME_UNKNOWN,
        .frozen_since_ms = TIME_UNKNOWN,
    };
    if (!status)
        return context;
    context.reference_revision = *status->revision ? status->revision : NULL;
    context.verdict = status->verdict;
    context.code = status->code;
    context.reason = *status->reason ? status->reason : NULL;
    context.live_taken_at_ms = status->taken_at_ms;
    context.frozen_since_ms = status->frozen_since_ms;
    context.report = status->report;
    if (is_stale(status, database, monotonic_now_ms)) {
        context.verdict = DRIFT_UNKNOWN;
        context.code = "STALE";
        context.reason = "the schema was not read for longer than interval and max_staleness";
    }
    return context;
}

enum drift_severity drift_status_worst(const struct drift_status *status)
{
    for (unsigned severity = SEVERITIES; status->report && severity-- > 0;)
        if (drift_reaches(status->report, severity))
            return severity;
    return SEVERITY_INFO;
}

struct drift_watch *drift_watch_new(void)
{
    return mem_calloc(1, sizeof(struct drift_watch));
}

static void forget_reference(struct drift_watch *watch)
{
    schema_unref(take(watch->reference));
    watch->loaded = false;
    watch->ahead = false;
    watch->error = ERROR_OK;
    *watch->revision = '\0';
    *watch->reason = '\0';
}

void drift_watch_free(struct drift_watch *watch)
{
    if (!watch)
        return;
    forget_reference(watch);
    drift_status_unref(watch->last);
    config_unref(watch->config);
    mem_free(watch);
}

/* Another configuration may have another reference and other policies: all begins anew. */
static void follow_config(struct drift_watch *watch, const struct drift_look *look)
{
    if (watch->config == look->config)
        return;
    bool same = watch->config && config_database_equal(watch->database, look->database);
    config_unref(watch->config);
    watch->config = config_ref(look->config);
    watch->database = look->database;
    if (same)
        return;
    forget_reference(watch);
    drift_status_unref(take(watch->last));
}

/* What a loaded reference depends on beside its files: the engine it is read for, the revision that is applied and, for
 * some kinds, the live schema. */
static struct digest source_of(const struct drift_look *look)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_CONFIG_BYTES);
    strbuf_add_string(&text, schema_text(look->live, look->live->engine));
    strbuf_printf(&text, "\n%s\n%d\n%s", schema_text(look->live, look->live->server_version), look->applied_known,
                  look->tool ? look->tool : "");
    for (size_t i = 0; i < look->applied_count; i++)
        strbuf_printf(&text, "\n%s", look->applied[i]);
    if (reference_follows_live(look->database->drift.kind))
        strbuf_add(&text, (const char *)look->live->digest.bytes, sizeof look->live->digest.bytes);
    return digest_of(strbuf_text(&text), text.length);
}

static void load(struct drift_watch *watch, const struct drift_look *look)
{
    const struct config_drift *drift = &look->database->drift;
    cleanup(reference) struct reference reference = {0};
    struct error error = {.code = ERROR_OK};
    struct engine_scope scope = {.schemas = look->database->schemas, .schema_count = look->database->schema_count};
    struct reference_request request = {
        .kind = drift->kind,
        .path = drift->reference_value,
        .live = look->live,
        .applied = look->applied_known ? look->applied : NULL,
        .applied_count = look->applied_known ? look->applied_count : 0,
        .tool = look->tool,
        .scratch = drift->scratch,
        .scope = &scope,
        .deadline = deadline_in(look->database->query_timeout_ms),
    };
    if (reference_load(&request, &reference, &error) < 0) {
        watch->error = error.code;
        snprintf(watch->reason, sizeof watch->reason, "%s", error.message);
        return;
    }
    watch->reference = take(reference.schema);
    watch->ahead = reference.ahead;
    snprintf(watch->revision, sizeof watch->revision, "%s", reference.revision);
    snprintf(watch->reason, sizeof watch->reason, "%s", reference.ahead ? reference.reason : reference.remark);
}

/* Loads again after a change, and after a failure that may pass. */
static void follow_files(struct drift_watch *watch, const struct drift_look *look)
{
    const struct config_drift *drift = &look->database->drift;
    struct error error = {.code = ERROR_OK};
    uint64_t stamp = 0;
    struct digest source = source_of(look);
    if (reference_stamp(drift->kind, drift->reference_value, &stamp, &error) < 0) {
        forget_reference(watch);
        watch->error = error.code;
        snprintf(watch->reason, sizeof watch->reason, "%s", error.message);
        return;
    }
    if (watch->loaded && watch->error == ERROR_OK && watch->stamp == stamp && digest_equal(watch->source, source))
        return;
    forget_reference(watch);
    load(watch, look);
    watch->loaded = true;
    watch->stamp = stamp;
    watch->source = source;
}

/* Another database is a reference only while both stand at the same revision: migrations that one of them still has
 * before it are no drift. */
static void follow_database(struct drift_watch *watch, const struct drift_look *look)
{
    forget_reference(watch);
    if (!look->reference) {
        watch->error = ERROR_NOT_FOUND;
        snprintf(watch->reason, sizeof watch->reason, "the schema of %s was not read yet",
                 look->database->drift.reference_value);
        return;
    }
    watch->reference = schema_ref(look->reference);
    if (!look->reference_revision || !look->applied_known || look->applied_count == 0)
        return;
    snprintf(watch->revision, sizeof watch->revision, "%s", look->reference_revision);
    cleanup(strbuf) struct strbuf heads = STRBUF(LIMIT_CONFIG_BYTES);
    for (size_t i = 0; i < look->applied_count; i++)
        strbuf_printf(&heads, "%s%s", i > 0 ? "," : "", look->applied[i]);
    if (strcmp(strbuf_text(&heads), look->reference_revision) == 0)
        return;
    watch->ahead = true;
    snprintf(watch->reason, sizeof watch->reason, "%s is at %s%s, this database at %s",
             look->database->drift.reference_value, *look->reference_revision ? "revision " : "",
             *look->reference_revision ? look->reference_revision : "no revision yet", strbuf_text(&heads));
}

static const char *code_of(const struct drift_watch *watch)
{
    if (watch->ahead)
        return "REFERENCE_AHEAD";
    return watch->reference ? NULL : "REFERENCE_UNREADABLE";
}

/* Compares; without memory for it nothing is returned. */
static int compare(const struct drift_watch *watch, const struct drift_look *look, struct drift_status *status)
{
    struct error error = {.code = ERROR_OK};
    bool undisturbed = !watch->interrupted && watch->runs == look->runs;
    const struct drift_report *previous = watch->last ? watch->last->report : NULL;
    if (drift_compare(watch->reference, look->live, &look->database->drift.policy, look->now_ms, &status->report,
                      &error) < 0) {
        status->code = error.code == ERROR_UNSUPPORTED ? "REFERENCE_UNFIT" : "NOT_COMPARED";
        snprintf(status->reason, sizeof status->reason, "%s", error.message);
        return error.code == ERROR_NO_MEMORY ? -1 : 0;
    }
    status->owns_report = true;
    drift_confirm(status->report, previous, undisturbed, look->now_ms);
    status->verdict = drift_verdict(status->report);
    status->again = status->report->counts.suspected > 0;
    if (status->verdict == DRIFT_UNKNOWN) {
        status->code = status->again ? "UNCONFIRMED" : "NOT_COVERED";
        snprintf(status->reason, sizeof status->reason, "%s",
                 status->again ? "differences were seen once; the next look confirms them"
                               : "not everything could be seen; see not_compared");
    }
    return 0;
}

static struct drift_status *look_now(struct drift_watch *watch, const struct drift_look *look)
{
    cleanup(drift_status) struct drift_status *status = status_new(look->config, look->database);
    if (!status)
        return NULL;
    if (strcmp(look->database->drift.reference_key, "database") == 0)
        follow_database(watch, look);
    else
        follow_files(watch, look);
    status->taken_at_ms = look->taken_at_ms;
    status->looked_at_ms = look->looked_at_ms;
    memcpy(status->revision, watch->revision, sizeof status->revision);
    status->code = code_of(watch);
    memcpy(status->reason, watch->reason, sizeof status->reason);
    if (!status->code && compare(watch, look, status) < 0)
        return NULL;
    return take(status);
}

/* There is nothing to compare yet: before the first journal look it is not known at which revision the reference must
 * be, and before the end of a migration that ran from the beginning there is nothing that could be frozen. */
static struct drift_status *wait_longer(const struct drift_look *look)
{
    struct drift_status *status = status_new(look->config, look->database);
    if (!status)
        return NULL;
    status->code = look->running ? "RUNNING" : "NEVER_OBSERVED";
    status->looked_at_ms = look->looked_at_ms;
    status->again = true;
    snprintf(status->reason, sizeof status->reason, "%s",
             look->running ? "a migration is running" : "the journal was not read yet");
    return status;
}

struct drift_status *drift_watch_look(struct drift_watch *watch, const struct drift_look *look)
{
    follow_config(watch, look);
    if (look->running) {
        watch->interrupted = true;
        if (!look->shown || look->shown->database != look->database)
            return wait_longer(look);
        return look->shown->frozen_since_ms != TIME_UNKNOWN ? drift_status_ref(look->shown)
                                                            : drift_status_freeze(look->shown, look->now_ms);
    }
    if (!look->applied_known)
        return wait_longer(look);
    struct drift_status *status = look_now(watch, look);
    if (!status)
        return NULL;
    watch->runs = look->runs;
    watch->interrupted = false;
    drift_status_unref(watch->last);
    watch->last = drift_status_ref(status);
    return status;
}
