/* SPDX-License-Identifier: Apache-2.0
 *
 * migrationctl can-run --before-migration: whether the database's state and its newest backup let a migration run.
 */
#include "daemon/ctl_before_migration.h"

#include <string.h>

#include "check/backup_words.h"
#include "gate/state.h"
#include "model/check.h"

enum { PATH_BYTES = 4096, MS = 1000 };

static const char *text_of(const struct json_value *object, const char *key)
{
    return json_text(json_member(object, key));
}

enum ctl_exit ctl_worse_verdict(enum ctl_exit a, enum ctl_exit b)
{
    static const enum ctl_exit order[] = {CTL_USAGE, CTL_BLOCKED, CTL_UNKNOWN, CTL_CLOSED};
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return CTL_OK;
}

/* What is wrong with the answer, after a message; CTL_OK: nothing. */
static enum ctl_exit judge_answer(const struct ctl_answer *answer)
{
    if (answer->status == 200)
        return CTL_OK;
    ctl_print_problem(answer);
    bool usage = answer->status >= 400 && answer->status < 500 && answer->status != 429;
    return usage ? CTL_USAGE : CTL_UNKNOWN;
}

static enum ctl_exit fetch(const struct ctl_options *options, const char *what, struct json_document **ret_document)
{
    cleanup(strbuf) struct strbuf path = STRBUF(PATH_BYTES);
    cleanup(ctl_answer) struct ctl_answer answer = {0};
    strbuf_add_string(&path, "/v1/databases/");
    ctl_encode(&path, options->before_migration);
    strbuf_add_string(&path, what);
    if (!strbuf_ok(&path))
        return (enum ctl_exit)ctl_fail(CTL_USAGE, "the name is too long");
    ctl_request(options, "GET", strbuf_text(&path), options->timeout_ms, &answer);
    enum ctl_exit code = judge_answer(&answer);
    if (code != CTL_OK)
        return code;
    *ret_document = ctl_parse(&answer);
    return *ret_document ? CTL_OK : CTL_UNKNOWN;
}

static const struct json_value *find_backup(const struct json_value *root)
{
    const struct json_value *checks = json_member(root, "checks");
    for (size_t i = 0; i < json_length(checks); i++) {
        const struct json_value *check = json_element(checks, i);
        const char *name = text_of(check, "check");
        if (name && strcmp(name, "backup") == 0)
            return check;
    }
    return NULL;
}

static bool says(const struct json_value *object, const char *key)
{
    bool yes = false;
    return json_get_boolean(json_member(object, key), &yes) && yes;
}

/* The lock of a runner that lives, or NULL: where what is expected is applied already, the state is not `running`. */
static const struct json_value *find_lock(const struct json_value *database)
{
    const struct json_value *lock = json_member(database, "lock");
    return says(lock, "held") && !says(lock, "orphaned") && !says(lock, "suspected") ? lock : NULL;
}

/* A state that this program does not know is no state in which anything should be begun. */
static enum ctl_exit judge_state(const struct json_value *database)
{
    const char *name = text_of(database, "state");
    switch (name ? migration_state_from_name(name) : STATE_UNKNOWN) {
    case STATE_UNVERSIONED:
    case STATE_EMPTY:
    case STATE_PENDING:
    case STATE_AHEAD:
    case STATE_CURRENT:
    case STATE_OBSERVED:
        return find_lock(database) ? CTL_CLOSED : CTL_OK;
    case STATE_RUNNING:
        return CTL_CLOSED;
    case STATE_FAILED:
    case STATE_DIVERGED:
        return CTL_BLOCKED;
    default:
        return CTL_UNKNOWN;
    }
}

/* Unknown by itself: nobody has looked yet, or it is being watched; else somebody must mend what was found, unless it
 * is only that the catalogue of backups cannot be asked. */
static enum ctl_exit judge_unknown(const struct json_value *backup)
{
    static const char *const unseen[] = {"STALE", "UNREACHABLE", "TIMEOUT", "AUTH_FAILED", "TRUNCATED"};
    const char *code = text_of(backup, "code");
    double again = 0;
    if (!code)
        return CTL_UNKNOWN;
    if (json_get_number(json_member(backup, "again_in_seconds"), &again) || strcmp(code, "NEVER_OBSERVED") == 0 ||
        strcmp(code, "RUNNING") == 0)
        return CTL_CLOSED;
    for (size_t i = 0; i < ARRAY_LENGTH(unseen); i++)
        if (strcmp(code, unseen[i]) == 0)
            return CTL_UNKNOWN;
    return CTL_BLOCKED;
}

static enum ctl_exit judge_backup(const struct json_value *backup)
{
    const char *state = text_of(backup, "state");
    switch (state ? check_state_from_name(state) : CHECK_STATES) {
    case CHECK_PASSED:
        return CTL_OK;
    case CHECK_FAILED:
        return CTL_BLOCKED;
    case CHECK_UNKNOWN:
        return judge_unknown(backup);
    default:
        return CTL_UNKNOWN;
    }
}

enum ctl_exit ctl_before_migration(const struct ctl_options *options, struct ctl_migration *migration)
{
    enum ctl_exit code = fetch(options, "", &migration->state);
    if (code == CTL_OK)
        code = fetch(options, "/checks", &migration->checks);
    if (code != CTL_OK)
        return code;
    migration->database = json_root(migration->state);
    migration->backup = find_backup(json_root(migration->checks));
    migration->by_state = judge_state(migration->database);
    migration->by_backup = judge_backup(migration->backup);
    return ctl_worse_verdict(migration->by_state, migration->by_backup);
}

void ctl_migration_done(struct ctl_migration *migration)
{
    json_document_free(migration->state);
    json_document_free(migration->checks);
}

/* What decides: the worse of both, and the state where both are as bad. */
static bool state_decides(const struct ctl_migration *migration)
{
    return ctl_worse_verdict(migration->by_state, migration->by_backup) == migration->by_state;
}

/* Why no migration should run by the database's state: the lock is the reason where the state alone would be none. */
static void print_state_reason(const struct ctl_migration *migration, struct strbuf *out)
{
    const char *state = text_of(migration->database, "state");
    const char *reason = text_of(migration->database, "reason");
    const struct json_value *lock = find_lock(migration->database);
    const char *holder = text_of(lock, "holder");
    if (lock && migration->by_state == CTL_CLOSED && state && migration_state_from_name(state) != STATE_RUNNING)
        strbuf_printf(out, "%s holds the migration lock", holder ? holder : "somebody");
    else
        strbuf_add_string(out, reason ? reason : "?");
}

/* One sentence that holds where nothing is configured, too; "" where nothing is in the way. */
static void print_reason(const struct ctl_migration *migration, struct strbuf *out)
{
    const char *reason = text_of(migration->backup, "reason");
    if (ctl_worse_verdict(migration->by_state, migration->by_backup) == CTL_OK)
        return;
    if (state_decides(migration))
        print_state_reason(migration, out);
    else if (migration->backup)
        strbuf_add_string(out, reason ? reason : "?");
    else
        strbuf_printf(out, "no backup is configured for %s", text_of(migration->database, "database"));
}

static const char *next_of(const struct ctl_migration *migration)
{
    if (ctl_worse_verdict(migration->by_state, migration->by_backup) == CTL_OK)
        return NULL;
    if (state_decides(migration))
        return text_of(migration->database, "next");
    return migration->backup ? text_of(migration->backup, "next")
                             : "give the database backup: {file: PATTERN} in migrationd's configuration";
}

static const char *verdict_name(enum ctl_exit code)
{
    switch (code) {
    case CTL_OK:
        return "open";
    case CTL_CLOSED:
        return "closed";
    case CTL_BLOCKED:
        return "blocked";
    default:
        return "unknown";
    }
}

static void copy_texts(struct json_writer *writer, const struct json_value *from, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_key_string(writer, keys[i], text_of(from, keys[i]));
}

static void copy_number(struct json_writer *writer, const struct json_value *from, const char *key)
{
    double number = 0;
    if (json_get_number(json_member(from, key), &number))
        json_key_seconds(writer, key, (int64_t)(number * MS));
    else
        json_key_null(writer, key);
}

static void write_evidence(struct json_writer *writer, const struct json_value *evidence)
{
    static const char *const texts[] = {"file", "finished_at"};
    bool complete = false;
    if (!evidence) {
        json_key_null(writer, "backup");
        return;
    }
    json_key_object(writer, "backup");
    copy_texts(writer, evidence, texts, ARRAY_LENGTH(texts));
    copy_number(writer, evidence, "age_seconds");
    copy_number(writer, evidence, "size_bytes");
    if (json_get_boolean(json_member(evidence, "complete"), &complete))
        json_key_boolean(writer, "complete", complete);
    json_close_object(writer);
}

void ctl_migration_write(const struct ctl_migration *migration, struct json_writer *writer)
{
    static const char *const of_state[] = {"database", "state", "code", "reason", "next"};
    static const char *const of_backup[] = {"address",  "state",      "code",   "value",
                                            "expected", "checked_at", "reason", "next"};
    cleanup(strbuf) struct strbuf reason = STRBUF(PATH_BYTES);
    print_reason(migration, &reason);
    json_open_object(writer);
    json_key_string(writer, "database", text_of(migration->database, "database"));
    json_key_string(writer, "state", verdict_name(ctl_worse_verdict(migration->by_state, migration->by_backup)));
    json_key_string(writer, "reason", reason.length > 0 ? strbuf_text(&reason) : NULL);
    json_key_string(writer, "next", next_of(migration));
    json_key_object(writer, "migrations");
    copy_texts(writer, migration->database, of_state + 1, ARRAY_LENGTH(of_state) - 1);
    json_close_object(writer);
    if (migration->backup) {
        json_key_object(writer, "check");
        copy_texts(writer, migration->backup, of_backup, ARRAY_LENGTH(of_backup));
        write_evidence(writer, json_member(migration->backup, "backup"));
        json_close_object(writer);
    } else {
        json_key_null(writer, "check");
    }
    json_close_object(writer);
}

static const char *headline(enum ctl_exit code)
{
    switch (code) {
    case CTL_OK:
        return "a migration may run";
    case CTL_CLOSED:
        return "no migration should run now, and waiting can help";
    case CTL_BLOCKED:
        return "no migration should run: somebody must act";
    default:
        return "whether a migration should run is unknown";
    }
}

static bool print_state(const struct ctl_migration *migration)
{
    const struct json_value *database = migration->database;
    cleanup(strbuf) struct strbuf reason = STRBUF(PATH_BYTES);
    print_state_reason(migration, &reason);
    cleanup(ctl_table) struct ctl_table table = {.titles = {"DATABASE", "STATE", "CODE", "TOOL", "REASON", "NEXT"},
                                                 .columns = 6};
    ctl_table_row(&table,
                  (const char *[]){text_of(database, "database"), text_of(database, "state"), text_of(database, "code"),
                                   text_of(database, "tool"), strbuf_text(&reason), text_of(database, "next")});
    return ctl_table_print(&table);
}

static bool print_backup(const struct json_value *check)
{
    const struct json_value *backup = json_member(check, "backup");
    struct backup_words age = {.text = ""};
    struct backup_words size = {.text = ""};
    double seconds = 0;
    int64_t bytes = 0;
    if (json_get_number(json_member(backup, "age_seconds"), &seconds))
        age = backup_age_words((int64_t)(seconds * MS));
    if (json_get_integer(json_member(backup, "size_bytes"), &bytes))
        size = backup_size_words(bytes);
    cleanup(ctl_table) struct ctl_table table = {
        .titles = {"CHECK", "STATE", "CODE", "FILE", "AGE", "SIZE", "REASON", "NEXT"}, .columns = 8};
    ctl_table_row(&table,
                  (const char *[]){text_of(check, "address"), text_of(check, "state"), text_of(check, "code"),
                                   text_of(backup, "file"), *age.text ? age.text : NULL, *size.text ? size.text : NULL,
                                   text_of(check, "reason"), text_of(check, "next")});
    return ctl_table_print(&table);
}

bool ctl_migration_print(const struct ctl_migration *migration)
{
    const char *name = text_of(migration->database, "database");
    printf("%s: %s\n\n", name ? name : "?", headline(ctl_worse_verdict(migration->by_state, migration->by_backup)));
    if (!print_state(migration))
        return false;
    putchar('\n');
    if (migration->backup)
        return print_backup(migration->backup);
    printf("no backup is configured for %s: give it backup: {file: PATTERN} in migrationd's configuration\n",
           name ? name : "?");
    return true;
}
