/* SPDX-License-Identifier: Apache-2.0 */
#include "support/golden.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"

enum {
    CASE_BYTES = 256 * 1024 * 1024, /* the largest golden inputs are kilobytes: more means a runaway */
    SHOWN_LINES = 40,               /* of a difference; the rest is counted */
    CONTEXT_LINES = 2,
};

struct golden_case {
    struct arena *arena;
    const char *name;
    const char *folder;
    bool accept;
    bool failed;
};

/* Allocation and file trouble in a test is the test's failure. */
__attribute__((returns_nonnull)) static void *must(void *pointer, const char *what)
{
    if (!pointer) {
        fail_msg("%s: %s", what, strerror(errno));
        abort(); /* never: fail_msg has left by longjmp */
    }
    return pointer;
}

const char *golden_name(const struct golden_case *golden)
{
    return golden->name;
}

const char *golden_path(struct golden_case *golden, const char *file)
{
    return must(arena_printf(golden->arena, "%s/%s", golden->folder, file), file);
}

bool golden_has(struct golden_case *golden, const char *file)
{
    return access(golden_path(golden, file), F_OK) == 0;
}

const char *golden_read(struct golden_case *golden, const char *file, size_t *ret_length)
{
    const char *path = golden_path(golden, file);
    FILE *stream = must(fopen(path, "rb"), path);
    struct stat status = {0};
    assert_int_equal(fstat(fileno(stream), &status), 0);
    size_t length = (size_t)status.st_size;
    char *text = must(arena_alloc(golden->arena, length + 1), path);
    size_t got = fread(text, 1, length, stream);
    fclose(stream);
    assert_int_equal(got, length);
    if (ret_length)
        *ret_length = length;
    return text;
}

static void accept_output(struct golden_case *golden, const char *expected, const char *actual, size_t length)
{
    const char *path = golden_path(golden, expected);
    FILE *stream = must(fopen(path, "wb"), path);
    size_t written = fwrite(actual, 1, length, stream);
    if (length > 0 && actual[length - 1] != '\n')
        fputc('\n', stream);
    if (fclose(stream) || written != length)
        fail_msg("%s: cannot be written", path);
}

/* One line of text and what follows it. */
struct line {
    const char *text;
    size_t length;
};

static struct line next_line(const char **cursor)
{
    struct line line = {.text = *cursor, .length = strcspn(*cursor, "\n")};
    *cursor += line.length + (line.text[line.length] == '\n');
    return line;
}

static bool same_line(struct line a, struct line b)
{
    return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static void show_line(char mark, struct line line)
{
    fprintf(stderr, "%c %.*s\n", mark, (int)line.length, line.text);
}

/* How many lines of `text` come before the first one that equals `wanted`; SIZE_MAX if none does. */
static size_t distance_to(const char *text, struct line wanted)
{
    for (size_t count = 0; *text; count++)
        if (same_line(next_line(&text), wanted))
            return count;
    return SIZE_MAX;
}

/* Greedy: at a difference the side whose current line reappears sooner on the other side has lines in between. Not the
 * shortest difference, but a readable one without a table of all pairs. */
static void show_difference(const char *expected, const char *actual)
{
    size_t shown = 0;
    struct line before[CONTEXT_LINES] = {0};
    while ((*expected || *actual) && shown < SHOWN_LINES) {
        const char *expected_line = expected;
        const char *actual_line = actual;
        struct line left = next_line(&expected);
        struct line right = next_line(&actual);
        if (*expected_line && *actual_line && same_line(left, right)) {
            memmove(before, before + 1, sizeof(before) - sizeof(before[0]));
            before[CONTEXT_LINES - 1] = left;
            continue;
        }
        for (size_t i = 0; i < CONTEXT_LINES; i++)
            if (before[i].text)
                show_line(' ', before[i]);
        memset(before, 0, sizeof(before));
        size_t added = *expected_line ? distance_to(actual, left) : 0;
        size_t removed = *actual_line ? distance_to(expected, right) : 0;
        if (!*expected_line || (*actual_line && added < removed)) {
            show_line('+', right);
            expected = expected_line;
        } else {
            show_line('-', left);
            if (!*actual_line || removed < SIZE_MAX)
                actual = actual_line;
            else
                show_line('+', right);
        }
        shown++;
    }
    if (*expected || *actual)
        fprintf(stderr, "  (cut here)\n");
}

static size_t length_without_newline(const char *text, size_t length)
{
    return length > 0 && text[length - 1] == '\n' ? length - 1 : length;
}

/* Paths of the case become "CASE/…": where the repository lies is nobody's expectation. */
static const char *without_folder(struct golden_case *golden, const char *text)
{
    size_t length = strlen(golden->folder);
    const char *found = strstr(text, golden->folder);
    while (found) {
        text = must(arena_printf(golden->arena, "%.*sCASE%s", (int)(found - text), text, found + length), text);
        found = strstr(text, golden->folder);
    }
    return text;
}

void golden_expect(struct golden_case *golden, const char *expected, const char *output)
{
    const char *actual = without_folder(golden, output);
    size_t actual_length = strlen(actual);
    if (golden->accept) {
        accept_output(golden, expected, actual, actual_length);
        return;
    }
    size_t length = 0;
    const char *wanted = golden_has(golden, expected) ? golden_read(golden, expected, &length) : "";
    size_t shared = length_without_newline(wanted, length);
    if (shared == length_without_newline(actual, actual_length) && memcmp(wanted, actual, shared) == 0 &&
        golden_has(golden, expected))
        return;
    golden->failed = true;
    fprintf(stderr, "--- %s\n+++ what the code made\n", golden_path(golden, expected));
    show_difference(wanted, actual);
}

static int is_case(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool run_case(const char *folder, const char *name, void (*function)(struct golden_case *, void *),
                     void *userdata)
{
    cleanup(arena) struct arena *arena = must(arena_new(CASE_BYTES), name);
    const char *accept = getenv("MIGRATIOND_ACCEPT");
    struct golden_case golden = {
        .arena = arena,
        .name = name,
        .folder = must(arena_printf(arena, "%s/%s", folder, name), name),
        .accept = accept && strcmp(accept, "1") == 0,
    };
    struct stat status = {0};
    if (stat(golden.folder, &status) || !S_ISDIR(status.st_mode))
        return true;
    function(&golden, userdata);
    if (golden.failed)
        fprintf(stderr, "golden case %s differs\n", golden.folder);
    return !golden.failed;
}

void golden_run(const char *suite, void (*function)(struct golden_case *golden, void *userdata), void *userdata)
{
    cleanup(free) char *folder = must(mem_printf("%s/golden/%s", MIGRATIOND_TEST_FOLDER, suite), suite);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_case, alphasort);
    if (count <= 0)
        fail_msg("%s: no golden cases", folder);
    int differing = 0;
    for (int i = 0; i < count; i++) {
        differing += run_case(folder, entries[i]->d_name, function, userdata) ? 0 : 1;
        free(entries[i]); /* scandir's, not ours */
    }
    free(entries);
    if (differing)
        fail_msg("%d of %d golden cases of %s differ", differing, count, suite);
}
