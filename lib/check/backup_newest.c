/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <unistd.h>

#include "check/backup_judge.h"
#include "check/backup_memory.h"
#include "check/backup_words.h"

/* A large file is read in turns of so long, with so long between them for other checks. */
enum { TURN_MS = 1000, BETWEEN_TURNS_MS = 100 };

enum { NS_PER_MS = 1000000, NONE = BACKUP_MATCHES };

static const char next_wait[] = "wait until it is written";

/* One look at the files. */
struct look {
    struct check_run *run;
    struct backup_memory *memory;
    struct backup_list list;
};

static int64_t modified_ms(const struct look *look, size_t file)
{
    return look->list.files[file].identity.modified_ns / NS_PER_MS;
}

static int64_t age_ms(const struct look *look, size_t file)
{
    return look->run->world->now_ms - modified_ms(look, file);
}

static bool is_settled(const struct look *look, size_t file)
{
    return age_ms(look, file) >= BACKUP_SETTLE_MS &&
           monotonic_ms() - look->memory->sights[file].since_ms >= BACKUP_SETTLE_MS;
}

static bool is_whole(const struct backup_sight *sight)
{
    return sight->verdict == BACKUP_COMPLETE || sight->verdict == BACKUP_UNMARKED;
}

/* What the result tells of the file that decides. */
static void show(const struct look *look, size_t file)
{
    struct check_result *result = look->run->result;
    const struct backup_match *match = &look->list.files[file];
    result->value = match->path;
    result->backup.file = match->path;
    result->backup.finished_at_ms = modified_ms(look, file);
    result->backup.size = match->identity.size;
    result->backup.complete = look->memory->sights[file].verdict == BACKUP_COMPLETE;
}

static int cannot_list(struct check_run *run, const struct error *error, struct error *reterr)
{
    const char *next = error->code == ERROR_FORBIDDEN   ? "let the user whom this runs as read and enter the folder"
                       : error->code == ERROR_NOT_FOUND ? "make the folder, or mend the check's path"
                       : error->code == ERROR_TRUNCATED ? "keep backups in a folder of their own"
                                                        : "look at the folder by hand";
    return check_cannot_tell(run, error->code, next, reterr, "%s", error->message);
}

/* Nothing that could be a backup, or something newer that is none. */
static int refuse_list(struct look *look, bool *ret_refused, struct error *reterr)
{
    struct check_run *run = look->run;
    const struct backup_list *list = &look->list;
    *ret_refused = true;
    if (list->matched == 0)
        return check_cannot_tell(run, ERROR_NOT_FOUND, "look whether backups are made, and whether they go there",
                                 reterr, "no file matches %s", run->check->backup.file);
    if (list->count == 0 && !list->link.path)
        return check_cannot_tell(run, ERROR_INVALID, "mend the check's path", reterr, "%s is not a regular file",
                                 list->other.path);
    if (list->link.path && (list->count == 0 || list->link.identity.modified_ns >= list->files[0].identity.modified_ns))
        return check_cannot_tell(run, ERROR_INVALID, "let the check's path match the files themselves, and no links",
                                 reterr, "the newest match, %s, is a link, and links are not followed",
                                 list->link.path);
    if (age_ms(look, 0) < -BACKUP_FUTURE_MS)
        return check_cannot_tell(run, ERROR_INVALID, "set the clocks of both machines, then the file's time", reterr,
                                 "%s is from the future: %s ahead of this machine's clock", list->files[0].path,
                                 backup_age_words(-age_ms(look, 0)).text);
    *ret_refused = false;
    return 0;
}

static int cannot_read(struct look *look, size_t file, const struct error *error, struct error *reterr)
{
    const char *path = look->list.files[file].path;
    if (error->code == ERROR_NO_MEMORY)
        return error_no_memory(reterr);
    if (error->code == ERROR_FORBIDDEN)
        return check_cannot_tell(look->run, ERROR_FORBIDDEN, "let the user whom this runs as read the file", reterr,
                                 "%s may not be read", path);
    if (error->code != ERROR_CHANGED)
        return check_cannot_tell(look->run, error->code, "look at the file by hand", reterr, "%s cannot be read: %s",
                                 path, error->message);
    look->run->result->again_in_ms = BACKUP_AGAIN_MS;
    return check_cannot_tell(look->run, ERROR_CHANGED, next_wait, reterr, "%s changed while it was read", path);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int read_open(struct look *look, size_t file, int descriptor, struct error *reterr)
{
    struct backup_sight *sight = &look->memory->sights[file];
    const struct backup_file opened = {.descriptor = descriptor, .size = sight->identity.size};
    /* The other half is for whoever is slow to answer. */
    int64_t turn_ms = least(TURN_MS, deadline_left_ms(look->run->world->deadline) / 2);
    if (backup_memory_read(look->memory, sight, &opened, deadline_in(turn_ms), reterr) < 0)
        return -1;
    if (backup_is_same(&look->list.files[file], descriptor))
        return 0;
    backup_memory_forget(look->memory, sight);
    return error_set(reterr, ERROR_CHANGED, "it changed while it was read");
}

static int read_on(struct look *look, size_t file, struct error *reterr)
{
    int descriptor = -1;
    if (backup_open(&look->list.files[file], &descriptor, reterr) < 0)
        return -1;
    int status = read_open(look, file, descriptor, reterr);
    close(descriptor);
    return status;
}

/* The newest of those that are known to be whole and in order, from `file` on. */
static size_t find_good(const struct look *look, size_t file)
{
    for (; file < look->list.count; file++) {
        const struct backup_match *match = &look->list.files[file];
        if (is_whole(&look->memory->sights[file]) &&
            backup_would_do(look->run, modified_ms(look, file), match->identity.size))
            return file;
    }
    return NONE;
}

/* `pending` is a newer one, not yet at rest or not yet read; NONE. */
static int pass(struct look *look, size_t file, size_t pending, struct error *reterr)
{
    const struct backup_list *list = &look->list;
    show(look, file);
    bool complete = look->run->result->backup.complete;
    return check_pass(
        look->run, reterr, "%s finished %s ago%s, %s%s%s%s", list->files[file].path,
        backup_age_words(age_ms(look, file)).text, complete ? " and is complete" : "",
        backup_size_words(list->files[file].identity.size).text,
        complete ? "" : " (its format does not tell whether it is complete)",
        pending == NONE ? "" : "; a newer one is not yet judged: ", pending == NONE ? "" : list->files[pending].name);
}

static int wait_for(struct look *look, size_t file, struct error *reterr)
{
    const char *path = look->list.files[file].path;
    look->run->result->again_in_ms = BACKUP_AGAIN_MS;
    if (look->memory->sights[file].grew || age_ms(look, file) < BACKUP_SETTLE_MS)
        return check_cannot_tell(look->run, ERROR_CHANGED, next_wait, reterr, "%s is being written", path);
    return check_cannot_tell(look->run, ERROR_CHANGED, "wait for a second look", reterr,
                             "%s was seen for the first time, and may still be being written", path);
}

/* The file is settled, but not read to its end. */
static int tell_reading(struct look *look, size_t file, struct error *reterr)
{
    const struct backup_file whole = {.size = look->list.files[file].identity.size};
    size_t good = find_good(look, file + 1);
    look->run->result->again_in_ms = BETWEEN_TURNS_MS;
    if (good != NONE)
        return pass(look, good, file, reterr);
    return check_cannot_tell(look->run, ERROR_CHANGED, "wait until it is read", reterr,
                             "%s is being read through to see whether it is complete: %u %% is read",
                             look->list.files[file].path, backup_walk_percent(look->memory->walk, &whole));
}

/* A settled file that will not do. */
static int refuse(struct look *look, size_t file, size_t pending, struct error *reterr)
{
    const struct backup_sight *sight = &look->memory->sights[file];
    const char *path = look->list.files[file].path;
    int status = 0;
    if (pending != NONE)
        return wait_for(look, pending, reterr);
    show(look, file);
    if (!backup_is_in_order(look->run, path, &status, reterr))
        return status;
    return check_refuse(look->run, "make a backup, and look why this one is not whole", reterr, "%s is %s: %s", path,
                        sight->verdict == BACKUP_CUT ? "incomplete" : "damaged", sight->detail);
}

static int judge(struct look *look, size_t file, size_t pending, struct error *reterr)
{
    struct backup_sight *sight = &look->memory->sights[file];
    if (!backup_would_do(look->run, modified_ms(look, file), sight->identity.size))
        return refuse(look, file, pending, reterr);
    struct error error = {0};
    if (sight->verdict == BACKUP_READING && read_on(look, file, &error) < 0)
        return cannot_read(look, file, &error, reterr);
    if (sight->verdict == BACKUP_READING)
        return tell_reading(look, file, reterr);
    if (is_whole(sight))
        return pass(look, file, pending, reterr);
    size_t good =
        sight->verdict == BACKUP_CUT && age_ms(look, file) < BACKUP_PAUSE_MS ? find_good(look, file + 1) : NONE;
    if (good == NONE)
        return refuse(look, file, pending, reterr);
    look->run->result->again_in_ms = BACKUP_AGAIN_MS;
    return pass(look, good, file, reterr);
}

int backup_judge_files(struct check_run *run, struct error *reterr)
{
    struct look look = {.run = run, .memory = backup_memory_get(run->memory)};
    struct error error = {0};
    bool refused = false;
    if (!look.memory)
        return error_no_memory(reterr);
    if (backup_find(run->check->backup.file, run->result->arena, &look.list, &error) < 0)
        return error.code == ERROR_NO_MEMORY ? error_no_memory(reterr) : cannot_list(run, &error, reterr);
    backup_memory_see(look.memory, &look.list);
    int status = refuse_list(&look, &refused, reterr);
    if (refused)
        return status;
    size_t file = 0;
    while (file < look.list.count && !is_settled(&look, file))
        file++;
    size_t pending = file > 0 ? 0 : NONE;
    return file < look.list.count ? judge(&look, file, pending, reterr) : wait_for(&look, 0, reterr);
}
