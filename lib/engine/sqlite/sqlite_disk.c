/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sqlite/sqlite_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

/* SQLite's lock bytes (sqlite.org/fileformat2.html, "the lock-byte page"). */
enum { LOCK_PENDING = 0x40000000, LOCK_RESERVED = LOCK_PENDING + 1, LOCK_SHARED = LOCK_PENDING + 2, SHARED_SIZE = 510 };

/* The two copies of the wal-index's header and its checkpoint information, in its first region. */
enum { WAL_INDEX_HEADER_SIZE = 136 };

/* Regions of 32 KiB stand for 4,096 pages each: 8,192 of them are a -wal file of 128 GiB. */
enum { LIMIT_WAL_REGIONS = 8192 };

static const char vfs_name[] = "migrationd";

struct disk_file {
    sqlite3_file base;      /* SQLite's part: the method table */
    struct disk_file *main; /* whose deadline holds; the database's file for its -wal and -journal */
    struct disk_file *wal;  /* of the database's file: its -wal, while SQLite has it open */
    int fd;                 /* -1: reads as an empty file */
    bool shared;            /* holds the shared lock */
    struct deadline deadline;
    void **regions; /* wal-index */
    size_t region_count;
    size_t region_capacity;
};

static struct disk_file *disk_file(sqlite3_file *file)
{
    return (struct disk_file *)file;
}

bool file_mark_same_file(const struct file_mark *a, const struct file_mark *b)
{
    return a->device == b->device && a->inode == b->inode;
}

bool file_mark_equal(const struct file_mark *a, const struct file_mark *b)
{
    return file_mark_same_file(a, b) && a->size == b->size && a->modified_ns == b->modified_ns;
}

static struct file_mark mark_of(const struct stat *status)
{
    return (struct file_mark){
        .device = status->st_dev,
        .inode = status->st_ino,
        .size = status->st_size,
        .modified_ns = (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec,
    };
}

static int set_errno_error(struct error *reterr, int number, const char *path)
{
    enum error_code code = number == ENOENT || number == ENOTDIR                          ? ERROR_NOT_FOUND
                           : number == EACCES || number == EPERM                          ? ERROR_FORBIDDEN
                           : number == ELOOP || number == ENAMETOOLONG || number == ENXIO ? ERROR_INVALID
                           : number == ENOMEM                                             ? ERROR_NO_MEMORY
                                                                                          : ERROR_IO;
    error_set(reterr, code, "%s: %s", path, strerror(number));
    if (reterr)
        reterr->native = number;
    return -1;
}

static int check_regular(const struct stat *status, const char *path, struct error *reterr)
{
    if (S_ISREG(status->st_mode))
        return 0;
    return error_set(reterr, ERROR_INVALID, "%s: is %s, not a database file", path,
                     S_ISDIR(status->st_mode) ? "a directory" : "a special file");
}

/* False where the path would be too long. */
static bool wal_path(const char *path, char ret_path[static PATH_MAX])
{
    return snprintf(ret_path, PATH_MAX, "%s-wal", path) < PATH_MAX;
}

int sqlite_disk_observe(const char *path, struct sqlite_sighting *ret_sighting, struct error *reterr)
{
    struct stat status = {0};
    char wal[PATH_MAX] = "";
    *ret_sighting = (struct sqlite_sighting){0};
    if (stat(path, &status) < 0)
        return set_errno_error(reterr, errno, path);
    if (check_regular(&status, path, reterr) < 0)
        return -1;
    ret_sighting->main = mark_of(&status);
    if (wal_path(path, wal) && stat(wal, &status) == 0 && status.st_size > 0)
        ret_sighting->wal = mark_of(&status);
    return 0;
}

/* O_NONBLOCK: a FIFO in the file's place must not hold us. */
static int open_regular(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

void sqlite_disk_read_wal_header(const char *path, struct wal_header *ret_header)
{
    char wal[PATH_MAX] = "";
    *ret_header = (struct wal_header){0};
    int fd = wal_path(path, wal) ? open_regular(wal) : -1;
    if (fd < 0)
        return;
    if (pread(fd, ret_header->bytes, sizeof(ret_header->bytes), 0) != (ssize_t)sizeof(ret_header->bytes))
        *ret_header = (struct wal_header){0};
    close(fd);
}

static void free_regions(struct disk_file *file)
{
    for (size_t i = 0; i < file->region_count; i++)
        mem_free(file->regions[i]);
    mem_free(file->regions);
    file->regions = NULL;
    file->region_count = 0;
    file->region_capacity = 0;
}

static int disk_close(sqlite3_file *base)
{
    struct disk_file *file = disk_file(base);
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    if (file->main && file->main->wal == file)
        file->main->wal = NULL;
    free_regions(file);
    return SQLITE_OK;
}

/* Reads until `size` bytes are there or the file ends; what is missing is zeroed, as SQLite asks. */
static int disk_read(sqlite3_file *base, void *buffer, int size, sqlite3_int64 offset)
{
    struct disk_file *file = disk_file(base);
    size_t done = 0;
    if (deadline_passed(file->main->deadline))
        return SQLITE_IOERR;
    while (file->fd >= 0 && done < (size_t)size) {
        ssize_t got = pread(file->fd, (char *)buffer + done, (size_t)size - done, (off_t)(offset + (int64_t)done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return SQLITE_IOERR_READ;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    if (done == (size_t)size)
        return SQLITE_OK;
    memset((char *)buffer + done, 0, (size_t)size - done);
    return SQLITE_IOERR_SHORT_READ;
}

static int disk_write(sqlite3_file *base, const void *buffer, int size, sqlite3_int64 offset)
{
    (void)base, (void)buffer, (void)size, (void)offset;
    return SQLITE_READONLY;
}

static int disk_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    (void)base, (void)size;
    return SQLITE_READONLY;
}

static int disk_sync(sqlite3_file *base, int flags)
{
    (void)base, (void)flags;
    return SQLITE_OK;
}

static int disk_file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    struct disk_file *file = disk_file(base);
    struct stat status = {0};
    *ret_size = 0;
    if (file->fd >= 0 && fstat(file->fd, &status) < 0)
        return SQLITE_IOERR_FSTAT;
    *ret_size = status.st_size;
    return SQLITE_OK;
}

static int set_lock(int fd, short type, off_t start, off_t length)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return SQLITE_OK;
    return errno == EACCES || errno == EAGAIN ? SQLITE_BUSY : SQLITE_IOERR_LOCK;
}

/* Bytes 18 and 19 are the versions of the format to write and to read: 2 is WAL. */
static bool is_wal(const struct disk_file *file)
{
    unsigned char versions[2] = {0};
    return pread(file->fd, versions, sizeof(versions), 18) == (ssize_t)sizeof(versions) && versions[1] == 2;
}

/* A writer that waits holds PENDING, so that readers come to an end: who begins to read asks for it first. */
static int disk_lock(sqlite3_file *base, int level)
{
    struct disk_file *file = disk_file(base);
    if (level > SQLITE_LOCK_SHARED)
        return SQLITE_READONLY;
    if (file->shared || is_wal(file))
        return SQLITE_OK;
    int result = set_lock(file->fd, F_RDLCK, LOCK_PENDING, 1);
    if (result != SQLITE_OK)
        return result;
    result = set_lock(file->fd, F_RDLCK, LOCK_SHARED, SHARED_SIZE);
    file->shared = result == SQLITE_OK;
    int release = set_lock(file->fd, F_UNLCK, LOCK_PENDING, 1);
    return result == SQLITE_OK ? release : result;
}

static int disk_unlock(sqlite3_file *base, int level)
{
    struct disk_file *file = disk_file(base);
    if (level >= SQLITE_LOCK_SHARED || !file->shared)
        return SQLITE_OK;
    file->shared = false;
    return set_lock(file->fd, F_UNLCK, LOCK_PENDING, 2 + SHARED_SIZE);
}

static int disk_check_reserved_lock(sqlite3_file *base, int *ret_reserved)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_RESERVED, .l_len = 1};
    *ret_reserved = 0;
    if (fcntl(disk_file(base)->fd, F_OFD_GETLK, &lock) < 0)
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    *ret_reserved = lock.l_type != F_UNLCK;
    return SQLITE_OK;
}

static int disk_file_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int disk_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int disk_device_characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static int disk_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **ret_memory)
{
    (void)extend;
    struct disk_file *file = disk_file(base);
    *ret_memory = NULL;
    while (file->region_count <= (size_t)region) {
        if (!mem_grow(&file->regions, &file->region_capacity, file->region_count, sizeof(*file->regions),
                      LIMIT_WAL_REGIONS))
            return SQLITE_NOMEM;
        void *memory = mem_calloc(1, (size_t)size);
        if (!memory)
            return SQLITE_NOMEM;
        file->regions[file->region_count++] = memory;
    }
    *ret_memory = file->regions[region];
    return SQLITE_OK;
}

/* Nobody else uses this wal-index. */
static int disk_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    (void)base, (void)offset, (void)count, (void)flags;
    return SQLITE_OK;
}

static void disk_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int disk_shm_unmap(sqlite3_file *base, int remove)
{
    (void)remove;
    free_regions(disk_file(base));
    return SQLITE_OK;
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2,
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_file_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_check_reserved_lock,
    .xFileControl = disk_file_control,
    .xSectorSize = disk_sector_size,
    .xDeviceCharacteristics = disk_device_characteristics,
    .xShmMap = disk_shm_map,
    .xShmLock = disk_shm_lock,
    .xShmBarrier = disk_shm_barrier,
    .xShmUnmap = disk_shm_unmap,
};

/* Temporary files are refused: temp_store keeps them in memory. An absent -wal reads as an empty one. */
static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
    (void)vfs;
    struct disk_file *file = disk_file(base);
    *file = (struct disk_file){.fd = -1, .main = file};
    if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)))
        return SQLITE_CANTOPEN;
    struct stat status = {0};
    file->fd = open_regular(name);
    int number = file->fd < 0 ? errno : 0;
    if (file->fd >= 0 && (fstat(file->fd, &status) < 0 || !S_ISREG(status.st_mode)))
        number = EINVAL;
    if (number && !(flags & SQLITE_OPEN_WAL && number == ENOENT)) {
        disk_close(base);
        return SQLITE_CANTOPEN;
    }
    if (flags & SQLITE_OPEN_MAIN_DB)
        file->deadline = (struct deadline){.at_ms = INT64_MAX};
    else
        file->main = disk_file(sqlite3_database_file_object(name));
    if (flags & SQLITE_OPEN_WAL)
        file->main->wal = file;
    base->pMethods = &disk_methods;
    if (ret_flags)
        *ret_flags = (flags & ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    return SQLITE_OK;
}

/* SQLite asks for this when a stale -wal file stands beside an empty database: its owner may deal with it. */
static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_directory)
{
    (void)vfs, (void)name, (void)sync_directory;
    return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_result)
{
    (void)vfs;
    struct stat status = {0};
    if (flags == SQLITE_ACCESS_EXISTS)
        *ret_result = stat(name, &status) == 0 && (!S_ISREG(status.st_mode) || status.st_size > 0);
    else
        *ret_result = flags == SQLITE_ACCESS_READ && access(name, R_OK) == 0;
    return SQLITE_OK;
}

static int disk_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *ret_name)
{
    (void)vfs;
    size_t length = strlen(name);
    if (length >= (size_t)size)
        return SQLITE_CANTOPEN;
    memcpy(ret_name, name, length + 1);
    return SQLITE_OK;
}

/* SQLite knows a VFS only by its name in a list of its own, so there is one per process; nothing in it ever changes but
 * SQLite's link to the next. Everything that is not about files is the default VFS's. */
static sqlite3_vfs disk_vfs;
static int disk_vfs_result = SQLITE_ERROR;
static pthread_once_t disk_vfs_once = PTHREAD_ONCE_INIT;

static void register_vfs(void)
{
    disk_vfs_result = sqlite3_initialize();
    const sqlite3_vfs *standard = disk_vfs_result == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
    if (!standard)
        return;
    disk_vfs = *standard;
    disk_vfs.iVersion = 2;
    disk_vfs.szOsFile = (int)sizeof(struct disk_file);
    disk_vfs.mxPathname = PATH_MAX;
    disk_vfs.pNext = NULL;
    disk_vfs.zName = vfs_name;
    disk_vfs.xOpen = disk_open;
    disk_vfs.xDelete = disk_delete;
    disk_vfs.xAccess = disk_access;
    disk_vfs.xFullPathname = disk_full_pathname;
    disk_vfs.xDlOpen = NULL;
    disk_vfs_result = sqlite3_vfs_register(&disk_vfs, 0);
}

static struct disk_file *main_file(struct sqlite3 *database)
{
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK)
        return NULL;
    return file && file->pMethods == &disk_methods ? disk_file(file) : NULL;
}

/* Why SQLite could not open it, found by trying what it tried. */
static int explain_open(const char *path, int result, struct error *reterr)
{
    struct sqlite_sighting sighting = {0};
    if (result == SQLITE_NOMEM)
        return error_no_memory(reterr);
    if (sqlite_disk_observe(path, &sighting, reterr) < 0)
        return -1;
    if (access(path, R_OK) < 0)
        return set_errno_error(reterr, errno, path);
    return error_set(reterr, ERROR_IO, "%s: %s", path, sqlite3_errstr(result));
}

int sqlite_disk_open(const char *path, struct deadline deadline, struct sqlite3 **ret_database, struct error *reterr)
{
    char name[PATH_MAX] = "";
    pthread_once(&disk_vfs_once, register_vfs);
    if (disk_vfs_result != SQLITE_OK)
        return error_set(reterr, ERROR_INTERNAL, "SQLite: %s", sqlite3_errstr(disk_vfs_result));
    /* "./" keeps names that begin with "file:" from being taken for URIs, which some builds of SQLite do. */
    if (snprintf(name, sizeof(name), "%s%s", path[0] == '/' ? "" : "./", path) >= (int)sizeof(name) - 8)
        return set_errno_error(reterr, ENAMETOOLONG, path);
    sqlite3 *database = NULL;
    int result =
        sqlite3_open_v2(name, &database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs_name);
    if (result != SQLITE_OK || !main_file(database)) {
        sqlite3_close(database);
        return explain_open(path, result, reterr);
    }
    sqlite_disk_set_deadline(database, deadline);
    *ret_database = database;
    return 0;
}

int sqlite_disk_read_header(struct sqlite3 *database, struct sqlite_header *ret_header, struct error *reterr)
{
    static const char magic[16] = "SQLite format 3";
    unsigned char bytes[100] = {0};
    struct disk_file *file = main_file(database);
    *ret_header = (struct sqlite_header){0};
    if (!file)
        return error_set(reterr, ERROR_INTERNAL, "SQLite: the handle has no file");
    ssize_t length = pread(file->fd, bytes, sizeof(bytes), 0);
    if (length < 0)
        return error_set(reterr, ERROR_IO, "%s", strerror(errno));
    ret_header->empty = length == 0;
    if (length == 0)
        return 0;
    if (length < (ssize_t)sizeof(bytes) || memcmp(bytes, magic, sizeof(magic)) != 0)
        return error_set(reterr, ERROR_INVALID, "is not an SQLite database, or is encrypted");
    ret_header->wal = bytes[19] == 2;
    ret_header->change_counter =
        (uint32_t)bytes[24] << 24 | (uint32_t)bytes[25] << 16 | (uint32_t)bytes[26] << 8 | (uint32_t)bytes[27];
    return 0;
}

void sqlite_disk_set_deadline(struct sqlite3 *database, struct deadline deadline)
{
    struct disk_file *file = main_file(database);
    if (file)
        file->deadline = deadline;
}

void sqlite_disk_refresh_wal(struct sqlite3 *database, const char *path)
{
    char name[PATH_MAX] = "";
    struct disk_file *file = main_file(database);
    if (file && file->wal) {
        if (file->wal->fd >= 0)
            close(file->wal->fd);
        file->wal->fd = wal_path(path, name) ? open_regular(name) : -1;
    }
    if (file && file->region_count > 0)
        memset(file->regions[0], 0, WAL_INDEX_HEADER_SIZE);
}
