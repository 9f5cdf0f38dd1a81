/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"

#define LIMIT_FILE_LIST_BYTES (256u * 1024u * 1024u) /* paths of LIMIT_DIRECTORY_ENTRIES files */

/* A walk in progress. */
struct walk {
    struct file_list *list;
    const char *root;
    size_t visited;
    unsigned depth;
    bool with_status;
    struct {
        dev_t device;
        ino_t inode;
    } path[LIMIT_DIRECTORY_DEPTH + 1]; /* directories entered: one that comes again is a loop */
    unsigned level;
};

static void cleanup_descriptor(const int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
}

static void cleanup_directory(DIR **directory)
{
    if (*directory)
        closedir(*directory);
}

static int io_error(struct error *reterr, const char *path)
{
    int native = errno;
    error_set(reterr, native == ENOMEM ? ERROR_NO_MEMORY : ERROR_IO, "%s: %s", path, strerror(native));
    if (reterr)
        reterr->native = native;
    return -1;
}

static bool is_left_out(const char *name)
{
    return name[0] == '.' || strcmp(name, "__pycache__") == 0 || strcmp(name, "node_modules") == 0;
}

static int add_file(struct walk *walk, const char *path, const struct stat *status, struct error *reterr)
{
    struct file_list *list = walk->list;
    if (!utf8_is_valid(path, strlen(path)))
        return error_set(reterr, ERROR_INVALID, "%s: a file's name is not UTF-8", path);
    if (!mem_grow(&list->files, &list->capacity, list->count, sizeof *list->files, LIMIT_DIRECTORY_ENTRIES))
        return error_no_memory(reterr);
    list->files[list->count++] = (struct listed_file){
        .path = path,
        .size = (uint64_t)status->st_size,
        .inode = (uint64_t)status->st_ino,
        .modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
    };
    return 0;
}

static int walk_directory(struct walk *walk, int parent, const char *name, const char *prefix, struct error *reterr);

/* What can be told of an entry without asking the file system once more: most of ten thousand files. */
static bool is_plain(const struct walk *walk, const struct dirent *entry)
{
    if (entry->d_type == DT_DIR)
        return is_left_out(entry->d_name) || walk->level >= walk->depth;
    return entry->d_type == DT_REG && !walk->with_status;
}

static int visit(struct walk *walk, int directory, const struct dirent *entry, const char *prefix, struct error *reterr)
{
    const char *name = entry->d_name;
    if (++walk->visited > LIMIT_DIRECTORY_ENTRIES)
        return error_set(reterr, ERROR_TRUNCATED, "%s holds more than %u files", walk->root, LIMIT_DIRECTORY_ENTRIES);
    const char *path = arena_printf(walk->list->arena, "%s%s%s", prefix, *prefix ? "/" : "", name);
    if (!path)
        return error_no_memory(reterr);
    struct stat status = {0};
    if (is_plain(walk, entry))
        return entry->d_type == DT_REG ? add_file(walk, path, &status, reterr) : 0;
    if (fstatat(directory, name, &status, 0) < 0) {
        if (errno != ENOENT && errno != ELOOP)
            return io_error(reterr, path);
        return add_file(walk, path, &status, reterr);
    }
    if (S_ISREG(status.st_mode))
        return add_file(walk, path, &status, reterr);
    if (!S_ISDIR(status.st_mode) || is_left_out(name) || walk->level >= walk->depth)
        return 0;
    return walk_directory(walk, directory, name, path, reterr);
}

static bool enter(struct walk *walk, const struct stat *status)
{
    for (unsigned i = 0; i < walk->level; i++)
        if (walk->path[i].device == status->st_dev && walk->path[i].inode == status->st_ino)
            return false;
    walk->path[walk->level].device = status->st_dev;
    walk->path[walk->level].inode = status->st_ino;
    walk->level++;
    return true;
}

/* Calls itself through visit() at most `depth` times. */
static int walk_directory(struct walk *walk, int parent, const char *name, const char *prefix, struct error *reterr)
{
    const char *shown = *prefix ? prefix : walk->root;
    int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0)
        return io_error(reterr, shown);
    cleanup(directory) DIR *directory = fdopendir(descriptor);
    struct stat status = {0};
    if (!directory || fstat(descriptor, &status) < 0) {
        io_error(reterr, shown);
        if (!directory)
            close(descriptor);
        return -1;
    }
    if (!enter(walk, &status))
        return 0;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (visit(walk, descriptor, entry, prefix, reterr) < 0)
            return -1;
    }
    walk->level--;
    return errno ? io_error(reterr, shown) : 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct listed_file *)a)->path, ((const struct listed_file *)b)->path);
}

static int read_list(struct file_list *list, const char *root, unsigned depth, bool with_status, struct error *reterr)
{
    *list = (struct file_list){.arena = arena_new(LIMIT_FILE_LIST_BYTES)};
    if (!list->arena)
        return error_no_memory(reterr);
    struct walk walk = {.list = list, .root = root, .with_status = with_status};
    walk.depth = depth < LIMIT_DIRECTORY_DEPTH ? depth : LIMIT_DIRECTORY_DEPTH;
    if (walk_directory(&walk, AT_FDCWD, root, "", reterr) < 0)
        return -1;
    if (list->count > 1)
        qsort(list->files, list->count, sizeof *list->files, by_path);
    return 0;
}

int file_list_read(struct file_list *list, const char *root, unsigned depth, struct error *reterr)
{
    return read_list(list, root, depth, false, reterr);
}

int file_list_read_status(struct file_list *list, const char *root, unsigned depth, struct error *reterr)
{
    return read_list(list, root, depth, true, reterr);
}

void file_list_done(struct file_list *list)
{
    arena_free(list->arena);
    mem_free(list->files);
    *list = (struct file_list){0};
}

static int read_all(int descriptor, const char *path, struct strbuf *text, struct error *reterr)
{
    for (;;) {
        char *place = strbuf_reserve(text, FILE_CHUNK_BYTES);
        if (!place)
            return error_no_memory(reterr);
        ssize_t got = read(descriptor, place, FILE_CHUNK_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(reterr, path);
        if (got == 0)
            return 0;
        strbuf_commit(text, (size_t)got);
        if (text->length > LIMIT_MIGRATION_BYTES)
            return error_set(reterr, ERROR_TRUNCATED, "%s is larger than %u bytes", path, LIMIT_MIGRATION_BYTES);
    }
}

int file_read(const char *root, const char *path, struct strbuf *text, struct error *reterr)
{
    cleanup(free) char *full = mem_printf("%s/%s", root, path);
    if (!full)
        return error_no_memory(reterr);
    /* Without O_NONBLOCK, opening a named pipe would wait for a writer. */
    cleanup(descriptor) int descriptor = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status = {0};
    if (descriptor < 0 || fstat(descriptor, &status) < 0)
        return io_error(reterr, path);
    if (!S_ISREG(status.st_mode))
        return error_set(reterr, ERROR_INVALID, "%s is not a regular file", path);
    return read_all(descriptor, path, text, reterr);
}

static bool mode_is(const char *root, const char *path, mode_t wanted)
{
    char full[PATH_MAX] = "";
    struct stat status = {0};
    int length = snprintf(full, sizeof full, "%s/%s", root, path);
    return length > 0 && (size_t)length < sizeof full && stat(full, &status) == 0 &&
           (status.st_mode & S_IFMT) == wanted;
}

bool file_exists(const char *root, const char *path)
{
    return mode_is(root, path, S_IFREG);
}

bool directory_exists(const char *root, const char *path)
{
    return mode_is(root, path, S_IFDIR);
}
