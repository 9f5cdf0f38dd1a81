/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of backups for unit tests, made anew for each test, and a check that looks at it.
 */
#ifndef MIGRATIOND_TESTS_UNIT_CHECK_BACKUP_FIXTURE_H
#define MIGRATIOND_TESTS_UNIT_CHECK_BACKUP_FIXTURE_H

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/alloc.h"
#include "check/backup_memory.h"
#include "check/check.h"
#include "check/check_kinds.h"
#include "support/oom.h"

static char folder[] = "/tmp/migrationd-test-backup-XXXXXX";
static char pattern[sizeof folder + 32];

/* What the check is made of; tests change it. */
static struct check check;
static struct check_memory *memory;

static inline int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    snprintf(pattern, sizeof pattern, "%s/orders-*", folder);
    memory = NULL;
    check = (struct check){
        .name = "backup",
        .kind = &check_kind_backup,
        .timeout_ms = 5000,
        .backup = {.file = pattern, .max_age_ms = 24 * 3600 * 1000, .min_size = 1},
    };
    return 0;
}

static inline int remove_folder(void **state)
{
    (void)state;
    check_memory_free(memory);
    return nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline const char *in_folder(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline int64_t now_ms(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void set_age(const char *name, int64_t age_ms)
{
    int64_t at = now_ms() - age_ms;
    const struct timespec times[2] = {{.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000},
                                      {.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000}};
    assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void write_bytes(const char *name, const void *bytes, size_t length, int64_t age_ms)
{
    FILE *file = fopen(in_folder(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    set_age(name, age_ms);
}

static inline void write_text(const char *name, const char *text, int64_t age_ms)
{
    write_bytes(name, text, strlen(text), age_ms);
}

/* One member; the caller frees (mem_free). */
static inline unsigned char *gzip_bytes(const void *bytes, size_t length, size_t *ret_length)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&stream, length);
    unsigned char *packed = mem_alloc(room);
    assert_non_null(packed);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (unsigned)length;
    stream.next_out = packed;
    stream.avail_out = (unsigned)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *ret_length = stream.total_out;
    deflateEnd(&stream);
    return packed;
}

static inline void write_gzip(const char *name, const void *bytes, size_t length, size_t cut, int64_t age_ms)
{
    size_t packed_length = 0;
    cleanup(free) unsigned char *packed = gzip_bytes(bytes, length, &packed_length);
    write_bytes(name, packed, packed_length - cut, age_ms);
}

static inline int run_check(struct engine_connection *connection, const struct server_facts *server,
                            struct deadline deadline, struct check_result **ret_result)
{
    struct error error = {0};
    const struct check_world world = {
        .connection = connection, .server = server, .deadline = deadline, .now_ms = now_ms()};
    return check_run(&check, &world, &memory, ret_result, &error);
}

static inline struct check_result *look_until(struct deadline deadline)
{
    struct check_result *result = NULL;
    assert_int_equal(run_check(NULL, NULL, deadline, &result), 0);
    return result;
}

static inline struct check_result *look(void)
{
    return look_until(deadline_in(check.timeout_ms));
}

/* As if a second had passed since the last look. */
static inline void let_a_second_pass(void)
{
    struct backup_memory *backup = (struct backup_memory *)memory;
    for (size_t i = 0; i < backup->count; i++)
        backup->sights[i].since_ms -= 1000;
}

/* Two looks, far enough apart. */
static inline struct check_result *settle(void)
{
    check_result_unref(look());
    let_a_second_pass();
    return look();
}

static inline void assert_says(const struct check_result *result, enum check_state state, const char *words)
{
    if (result->state != state || !strstr(result->reason, words))
        fail_msg("%s: %s (%s); expected %s: %s", check_state_name(result->state), result->reason,
                 error_code_name(result->error), check_state_name(state), words);
    assert_int_equal(result->state == CHECK_UNKNOWN, result->error != ERROR_OK);
}

#endif
