/* SPDX-License-Identifier: Apache-2.0
 *
 * Migration files of every tool. The input is the files' contents, separated by the byte 0x1e, in the order of `names`;
 * an empty one does not exist. Whatever they hold: a set or an error that says where, and the same digest twice.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "journal/tool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEPARATOR = 0x1e };

static const char *const folders[] = {"committed", "versions", "meta",           "20240101000000_x",
                                      "x",         "shop",     "shop/migrations"};
static const char *const names[] = {
    "alembic.ini",
    "env.py",
    "versions/a.py",
    "versions/b.py",
    "versions/c.py",
    "meta/_journal.json",
    "0000_a.sql",
    "V1__first.sql",
    "x/V1_1__second.SQL",
    "R__again_and_again.sql",
    "B1__base.sql",
    "20240101000000_x/migration.sql",
    "1_a.up.sql",
    "01_a.down.sql",
    "00002_b.sql",
    "3_c.rb",
    "4_d.exs",
    "5_e.go",
    "shop/migrations/0001_a.py",
    "shop/migrations/0002_b.py",
    "shop/apps.py",
    "liquibase.properties",
    "changelog.xml",
    "changelog.yaml",
    "changelog.json",
    "changelog.sql",
    "2024_01_01_000000_a.php",
    "20240101000000_b.php",
    "Version20240101000000.php",
    "yoyo.ini",
    "plain.py",
    "committed/000001.sql",
    "committed/000002-b.sql",
    "1700000000000-C.ts",
    "20240101000000-d.js",
};
static char root[] = "/tmp/migrationd-fuzz-XXXXXX";

static void remove_root(void)
{
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        char *path = mem_printf("%s/%s", root, names[i]);
        if (path)
            unlink(path);
        mem_free(path);
    }
    for (size_t i = ARRAY_LENGTH(folders); i-- > 0;) {
        char *path = mem_printf("%s/%s", root, folders[i]);
        if (path)
            rmdir(path);
        mem_free(path);
    }
    rmdir(root);
}

static void make_root(void)
{
    static bool made;
    if (made)
        return;
    made = true;
    if (!mkdtemp(root))
        abort();
    atexit(remove_root);
    for (size_t i = 0; i < ARRAY_LENGTH(folders); i++) {
        char *path = mem_printf("%s/%s", root, folders[i]);
        if (!path || mkdir(path, 0700) < 0)
            abort();
        mem_free(path);
    }
}

static void write_content(const char *name, const uint8_t *bytes, size_t length)
{
    char *path = mem_printf("%s/%s", root, name);
    if (!path)
        abort();
    unlink(path);
    FILE *file = length > 0 ? fopen(path, "wb") : NULL;
    mem_free(path);
    if (length > 0 && (!file || fwrite(bytes, 1, length, file) != length))
        abort();
    if (file)
        fclose(file);
}

static void read_twice(const struct tool *tool)
{
    cleanup(migration_set) struct migration_set *first = NULL;
    cleanup(migration_set) struct migration_set *second = NULL;
    struct error error = {0};
    int result = migration_files_read(tool, NULL, root, &first, &error);
    if (result < 0 && (error.code == ERROR_OK || error.message[0] == '\0'))
        abort();
    if (migration_files_read(tool, NULL, root, &second, &error) != result)
        abort();
    if (first && !digest_equal(first->digest, second->digest))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_root();
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        const uint8_t *end = size > 0 ? memchr(data, SEPARATOR, size) : NULL;
        size_t length = end ? (size_t)(end - data) : size;
        write_content(names[i], data, length);
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    for (size_t i = 0; tools[i]; i++)
        read_twice(tools[i]);
    read_twice(NULL);
    return 0;
}
