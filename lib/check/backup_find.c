/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/glob.h"
#include "base/limits.h"

static void close_directory(DIR *directory)
{
    closedir(directory);
}

DEFINE_CLEANUP(directory, DIR *, close_directory);

static int system_error(struct error *reterr, const char *what, const char *path, int number)
{
    enum error_code code = number == ENOENT || number == ENOTDIR ? ERROR_NOT_FOUND
                           : number == EACCES || number == EPERM ? ERROR_FORBIDDEN
                           : number == ENOMEM                    ? ERROR_NO_MEMORY
                                                                 : ERROR_IO;
    error_set(reterr, code, "%s %s: %s", what, path, strerror(number));
    if (reterr)
        reterr->native = number;
    return -1;
}

static int64_t nanoseconds(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static struct backup_identity identity_of(const struct stat *status)
{
    return (struct backup_identity){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .modified_ns = nanoseconds(status->st_mtim),
    };
}

bool backup_identity_equal(const struct backup_identity *a, const struct backup_identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns;
}

static bool is_newer(const struct backup_match *a, const struct backup_match *b)
{
    if (a->identity.modified_ns != b->identity.modified_ns || !b->name[0])
        return a->identity.modified_ns > b->identity.modified_ns || !b->name[0];
    return strcmp(a->name, b->name) > 0;
}

/* Where it belongs; the oldest falls off the end. */
static void insert_file(struct backup_list *list, const struct backup_match *match)
{
    size_t at = list->count;
    while (at > 0 && is_newer(match, &list->files[at - 1]))
        at--;
    if (at == BACKUP_MATCHES)
        return;
    size_t moved = (list->count < BACKUP_MATCHES ? list->count++ : BACKUP_MATCHES - 1) - at;
    memmove(list->files + at + 1, list->files + at, moved * sizeof *list->files);
    list->files[at] = *match;
}

static void add_match(struct backup_list *list, const char *name, const struct stat *status)
{
    struct backup_match match = {.identity = identity_of(status)};
    snprintf(match.name, sizeof match.name, "%s", name);
    list->matched++;
    struct backup_match *place = S_ISLNK(status->st_mode) ? &list->link : &list->other;
    if (S_ISREG(status->st_mode))
        insert_file(list, &match);
    else if (is_newer(&match, place))
        *place = match;
}

static int set_path(struct backup_match *match, const char *folder, struct arena *arena, struct error *reterr)
{
    if (!match->name[0])
        return 0;
    bool at_root = strcmp(folder, "/") == 0;
    match->path = arena_printf(arena, "%s/%s", at_root ? "" : folder, match->name);
    return match->path ? 0 : error_no_memory(reterr);
}

static int set_paths(struct backup_list *list, const char *folder, struct arena *arena, struct error *reterr)
{
    for (size_t i = 0; i < list->count; i++)
        if (set_path(&list->files[i], folder, arena, reterr) < 0)
            return -1;
    if (set_path(&list->link, folder, arena, reterr) < 0)
        return -1;
    return set_path(&list->other, folder, arena, reterr);
}

static bool is_hidden_from(const char *pattern, const char *name)
{
    return name[0] == '.' && pattern[0] != '.';
}

static int read_folder(const char *folder, const char *pattern, struct backup_list *list, struct error *reterr)
{
    cleanup(directory) DIR *directory = opendir(folder);
    if (!directory)
        return system_error(reterr, "the folder cannot be read:", folder, errno);
    for (size_t seen = 0;; seen++) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            return errno ? system_error(reterr, "the folder cannot be read:", folder, errno) : 0;
        if (seen >= LIMIT_DIRECTORY_ENTRIES)
            return error_set(reterr, ERROR_TRUNCATED, "the folder %s has more than %u entries", folder,
                             LIMIT_DIRECTORY_ENTRIES);
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            is_hidden_from(pattern, entry->d_name) || !glob_match(pattern, entry->d_name))
            continue;
        struct stat status = {0};
        if (fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno == ENOENT)
                continue;
            return system_error(reterr, "the folder may not be entered:", folder, errno);
        }
        add_match(list, entry->d_name, &status);
    }
}

/* One file, whose folder need not be readable. */
static int read_file(const char *folder, const char *name, struct backup_list *list, struct error *reterr)
{
    int descriptor = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return system_error(reterr, "the folder cannot be read:", folder, errno);
    struct stat status = {0};
    int number = fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ? errno : 0;
    close(descriptor);
    if (number == ENOENT)
        return 0;
    if (number)
        return system_error(reterr, "the folder may not be entered:", folder, number);
    add_match(list, name, &status);
    return 0;
}

int backup_find(const char *pattern, struct arena *arena, struct backup_list *ret_list, struct error *reterr)
{
    *ret_list = (struct backup_list){0};
    const char *slash = strrchr(pattern, '/');
    const char *name = slash ? slash + 1 : pattern;
    size_t length = slash ? (size_t)(slash - pattern) : 0;
    if (!slash || !*name)
        return error_set(reterr, ERROR_INVALID, "%s does not name a file", pattern);
    const char *folder = length > 0 ? arena_strndup(arena, pattern, length) : "/";
    if (!folder)
        return error_no_memory(reterr);
    bool several = strpbrk(name, "*?[\\") != NULL;
    if ((several ? read_folder : read_file)(folder, name, ret_list, reterr) < 0)
        return -1;
    return set_paths(ret_list, folder, arena, reterr);
}

int backup_open(const struct backup_match *match, int *ret_descriptor, struct error *reterr)
{
    int descriptor = open(match->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (descriptor < 0 && (errno == ELOOP || errno == ENOENT))
        return error_set(reterr, ERROR_CHANGED, "%s is no longer the file that was found", match->path);
    if (descriptor < 0)
        return system_error(reterr, "the file cannot be read:", match->path, errno);
    if (!backup_is_same(match, descriptor)) {
        close(descriptor);
        return error_set(reterr, ERROR_CHANGED, "%s is no longer the file that was found", match->path);
    }
    *ret_descriptor = descriptor;
    return 0;
}

bool backup_is_same(const struct backup_match *match, int descriptor)
{
    struct stat open_one = {0};
    struct stat named_one = {0};
    if (fstat(descriptor, &open_one) < 0 || lstat(match->path, &named_one) < 0 || !S_ISREG(open_one.st_mode))
        return false;
    struct backup_identity opened = identity_of(&open_one);
    struct backup_identity named = identity_of(&named_one);
    return backup_identity_equal(&match->identity, &opened) && backup_identity_equal(&match->identity, &named);
}
