/* SPDX-License-Identifier: Apache-2.0
 *
 * Scratch databases of SQLite: a file in a folder that only we may enter. The folder's name ends in mkdtemp's letters
 * instead of digits; a folder of a killed process, an hour older than a new one, is removed with the files that SQLite
 * makes in it and nothing else.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "engine/scratch_engine.h"
#include "engine/sqlite/sqlite_engine.h"

/* Instructions of SQLite's machine between two looks at the clock, and the longest statement. */
enum { PROGRESS_STEPS = 4000, STATEMENT_BYTES = 16 * 1024 * 1024, LEFTOVER_SECONDS = 3600 };

struct sqlite_scratch {
    struct scratch base;
    sqlite3 *database;
    struct deadline deadline;
    char folder[PATH_MAX];
    char file[PATH_MAX];
};

static const char *const names[] = {"sqlite", NULL};
static const char *const files[] = {"scratch.db", "scratch.db-journal", "scratch.db-wal", "scratch.db-shm"};

static const char *temporary_root(void)
{
    const char *root = secure_getenv("TMPDIR");
    return root && *root == '/' ? root : "/tmp";
}

static int remove_folder(int root, const char *name)
{
    int folder = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_LENGTH(files); i++)
        unlinkat(folder, files[i], 0);
    close(folder);
    return unlinkat(root, name, AT_REMOVEDIR);
}

static bool is_leftover(int root, const char *name, const struct stat *fresh)
{
    struct stat status = {0};
    return strncmp(name, SCRATCH_PREFIX, sizeof SCRATCH_PREFIX - 1) == 0 &&
           fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == fresh->st_uid && status.st_mtim.tv_sec < fresh->st_mtim.tv_sec - LEFTOVER_SECONDS;
}

/* The new folder's time stands for now. */
static void remove_leftovers(const char *folder)
{
    struct stat fresh = {0};
    DIR *directory = opendir(temporary_root());
    if (!directory)
        return;
    if (stat(folder, &fresh) == 0)
        for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
            if (is_leftover(dirfd(directory), entry->d_name, &fresh))
                remove_folder(dirfd(directory), entry->d_name);
    closedir(directory);
}

static int close_scratch(struct scratch *base, struct error *reterr)
{
    struct sqlite_scratch *scratch = (struct sqlite_scratch *)base;
    int status = 0;
    sqlite3_close_v2(scratch->database);
    if (*scratch->folder && remove_folder(AT_FDCWD, scratch->folder) < 0)
        status =
            error_set(reterr, ERROR_IO, "%s was left behind (rm -r removes it): %s", scratch->folder, strerror(errno));
    engine_target_free(base->target);
    mem_free(scratch);
    return status;
}

static int has_time_passed(void *payload)
{
    const struct sqlite_scratch *scratch = payload;
    return deadline_passed(scratch->deadline) || (scratch->base.stop && *scratch->base.stop);
}

/* No other file may be reached: not by ATTACH, not by VACUUM INTO, which attaches, too. */
static int authorise(void *payload, int action, const char *first, const char *second, const char *third,
                     const char *fourth)
{
    (void)payload;
    (void)second;
    (void)third;
    (void)fourth;
    if (action == SQLITE_ATTACH || action == SQLITE_DETACH)
        return SQLITE_DENY;
    if (action == SQLITE_PRAGMA && first && sqlite3_stricmp(first, "temp_store_directory") == 0)
        return SQLITE_DENY;
    return SQLITE_OK;
}

static int fail(const struct sqlite_scratch *scratch, int result, struct error *reterr)
{
    if (result == SQLITE_NOMEM)
        return error_no_memory(reterr);
    if (result == SQLITE_INTERRUPT || deadline_passed(scratch->deadline))
        return error_set(reterr, ERROR_TIMEOUT, "%s: the deadline passed", scratch->base.target->display);
    if (result == SQLITE_AUTH)
        return error_set(reterr, ERROR_INVALID, "%s: reaches beyond the scratch database: take it out",
                         scratch->base.target->display);
    return error_set(reterr, ERROR_INVALID, "%s: %s", scratch->base.target->display, sqlite3_errmsg(scratch->database));
}

static int open_database(struct sqlite_scratch *scratch, struct error *reterr)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOFOLLOW;
    int result = sqlite3_open_v2(scratch->file, &scratch->database, flags, NULL);
    if (result != SQLITE_OK)
        return fail(scratch, result, reterr);
    sqlite3_limit(scratch->database, SQLITE_LIMIT_SQL_LENGTH, STATEMENT_BYTES);
    sqlite3_limit(scratch->database, SQLITE_LIMIT_WORKER_THREADS, 0);
    sqlite3_db_config(scratch->database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
    result = sqlite3_exec(scratch->database, "PRAGMA synchronous=OFF;PRAGMA temp_store=2", NULL, NULL, NULL);
    if (result != SQLITE_OK)
        return fail(scratch, result, reterr);
    sqlite3_set_authorizer(scratch->database, authorise, scratch);
    sqlite3_progress_handler(scratch->database, PROGRESS_STEPS, has_time_passed, scratch);
    return 0;
}

static int make_target(struct sqlite_scratch *scratch, struct error *reterr)
{
    cleanup(engine_target) struct engine_target *target = mem_calloc(1, sizeof *target);
    if (!target)
        return error_no_memory(reterr);
    target->ops = &sqlite_ops;
    target->database = mem_strdup(scratch->file);
    target->url = mem_printf("sqlite:///%s", scratch->file);
    target->display = mem_printf("sqlite %s", scratch->file);
    target->server = mem_printf("sqlite:%s", scratch->file);
    if (!target->database || !target->url || !target->display || !target->server)
        return error_no_memory(reterr);
    scratch->base.target = take(target);
    return 0;
}

static int make_folder(struct sqlite_scratch *scratch, struct error *reterr)
{
    char folder[PATH_MAX] = "";
    int length = snprintf(folder, sizeof folder, "%s/" SCRATCH_PREFIX "XXXXXX", temporary_root());
    if (length < 0 || (size_t)length >= sizeof folder - sizeof "/scratch.db-journal")
        return error_set(reterr, ERROR_IO, "the path of the folder for temporary files is too long");
    if (!mkdtemp(folder))
        return error_set(reterr, ERROR_IO, "%s: %s", folder, strerror(errno));
    snprintf(scratch->folder, sizeof scratch->folder, "%s", folder);
    snprintf(scratch->file, sizeof scratch->file, "%s/%s", folder, files[0]);
    remove_leftovers(folder);
    return 0;
}

static int open_scratch(const struct scratch_request *request, const char *name, struct deadline deadline,
                        struct scratch **ret_scratch, struct error *reterr)
{
    struct sqlite_scratch *scratch = mem_calloc(1, sizeof *scratch);
    if (!scratch)
        return error_no_memory(reterr);
    scratch->base.engine = &sqlite_scratch;
    scratch->base.stop = request->stop;
    scratch->deadline = deadline;
    snprintf(scratch->base.name, sizeof scratch->base.name, "%s", name);
    if (make_folder(scratch, reterr) < 0 || make_target(scratch, reterr) < 0 || open_database(scratch, reterr) < 0)
        return scratch_give_up(&scratch->base, reterr);
    *ret_scratch = &scratch->base;
    return 0;
}

/* Runs the statement at `sql`; `*ret_rest` is what follows it. */
static int run_one(struct sqlite_scratch *scratch, const char *sql, size_t length, const char **ret_rest,
                   struct error *reterr)
{
    sqlite3_stmt *statement = NULL;
    int bytes = length < STATEMENT_BYTES ? (int)length : STATEMENT_BYTES;
    int result = sqlite3_prepare_v2(scratch->database, sql, bytes, &statement, ret_rest);
    while (result == SQLITE_OK || result == SQLITE_ROW) {
        if (!statement)
            return 0;
        result = sqlite3_step(statement);
    }
    int status = result == SQLITE_DONE ? 0 : fail(scratch, result, reterr);
    sqlite3_finalize(statement);
    return status;
}

/* Whether only blanks and comments are left, as sqlite3_prepare_v2 sees it, is its own to say: it then gives no
 * statement and no rest. */
static int run_script(struct scratch *base, const char *sql, size_t length, const char *name, struct deadline deadline,
                      struct error *reterr)
{
    struct sqlite_scratch *scratch = (struct sqlite_scratch *)base;
    const char *next = sql;
    const char *end = sql + length;
    unsigned line = 1;
    scratch->deadline = deadline;
    while (next < end) {
        const char *rest = end;
        while (next < end && (*next == ' ' || (*next >= '\t' && *next <= '\r')))
            line += *next++ == '\n';
        if (next == end)
            break;
        if (*next == '.')
            return error_set(reterr, ERROR_INVALID, "%s:%u: commands of the sqlite3 shell are not carried out here",
                             name, line);
        if (scratch_check_stop(base, reterr) < 0)
            return -1;
        if (run_one(scratch, next, (size_t)(end - next), &rest, reterr) < 0)
            return scratch_fail_at(base, name, line, reterr);
        for (; next < rest; next++)
            line += *next == '\n';
    }
    return 0;
}

const struct scratch_engine sqlite_scratch = {
    .names = names, .open = open_scratch, .run_script = run_script, .close = close_scratch};
