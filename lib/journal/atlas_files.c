/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/atlas_files.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/sha256_stream.h"
#include "journal/file_list.h"
#include "journal/flat_folder.h"

#define SUM_FILE "atlas.sum"
#define SUM_PREFIX "h1:"
#define UP ".up.sql"

/* A line without its end; `*text` is moved behind it. False: there is none left. */
static bool next_line(const char **text, const char *end, const char **ret_line, size_t *ret_length)
{
    if (*text >= end)
        return false;
    const char *stop = memchr(*text, '\n', (size_t)(end - *text));
    *ret_line = *text;
    *ret_length = (size_t)((stop ? stop : end) - *text);
    *text = stop ? stop + 1 : end;
    return true;
}

/* Whether a line is "<anything printable>atlas:NAME" with, if asked for, that argument. */
static bool is_directive(const char *line, size_t length, const char *name, const char *argument)
{
    static const char mark[] = "atlas:";
    const char *found = NULL;
    size_t printable = 0;
    while (printable < length && line[printable] >= ' ' && line[printable] <= '~')
        printable++;
    for (size_t i = 0; i <= printable && i + sizeof mark - 1 <= length; i++)
        if (memcmp(line + i, mark, sizeof mark - 1) == 0)
            found = line + i + sizeof mark - 1;
    size_t size = strlen(name);
    if (!found || (size_t)(line + length - found) < size || memcmp(found, name, size) != 0)
        return false;
    const char *rest = found + size;
    size_t left = (size_t)(line + length - rest);
    if (!argument)
        return left == 0 || *rest == ' ' || *rest == '\r';
    size_t blanks = 0;
    while (blanks < left && rest[blanks] == ' ')
        blanks++;
    return blanks > 0 && left - blanks == strlen(argument) && memcmp(rest + blanks, argument, left - blanks) == 0;
}

/* Whether the comments that a file begins with, and that an empty line sets apart, make it a checkpoint. */
static bool is_checkpoint(const char *text, size_t length)
{
    const char *at = text;
    const char *end = text + length;
    const char *line = NULL;
    size_t size = 0;
    bool found = false;
    while (at < end && (*at == '#' || (end - at >= 2 && at[0] == '-' && at[1] == '-'))) {
        if (!next_line(&at, end, &line, &size))
            break;
        found = found || is_directive(line, size, "checkpoint", NULL);
    }
    const char *content = at;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return found && (content == end || (at < end && *at == '\n'));
}

static bool ignores_sum(const char *text, size_t length)
{
    const char *line = NULL;
    size_t size = 0;
    return next_line(&text, text + length, &line, &size) && is_directive(line, size, "sum", "ignore");
}

/* The folder as it is now, on its way to a set and to the text of its atlas.sum. */
struct reading {
    const char *root;
    const char *prefix; /* "migrations/", "" */
    struct migration_set *set;
    struct migration_list list;
    struct sha256_stream *files; /* names and contents so far */
    struct sha256_stream *lines; /* names and hashes so far */
    struct strbuf expected;      /* lines of atlas.sum behind the first */
    struct strbuf text;
};

static void reading_done(struct reading *reading)
{
    migration_list_done(&reading->list);
    sha256_stream_free(reading->files);
    sha256_stream_free(reading->lines);
    strbuf_done(&reading->expected);
    strbuf_done(&reading->text);
}

DEFINE_CLEANUP_VALUE(reading, struct reading, reading_done);

static bool set_checksum(struct reading *reading, const char *name, struct migration *migration)
{
    char hash[SHA256_BASE64_SIZE] = "";
    sha256_stream_add(reading->files, name, strlen(name));
    if (ignores_sum(strbuf_text(&reading->text), reading->text.length))
        return true;
    sha256_stream_add(reading->files, strbuf_text(&reading->text), reading->text.length);
    sha256_stream_base64(reading->files, hash);
    sha256_stream_add(reading->lines, name, strlen(name));
    sha256_stream_add(reading->lines, hash, strlen(hash));
    strbuf_printf(&reading->expected, "%s " SUM_PREFIX "%s\n", name, hash);
    migration->checksum = arena_strdup(reading->set->arena, hash);
    return migration->checksum != NULL;
}

static int add_file(struct reading *reading, const char *name, struct error *reterr)
{
    struct migration *migration = migration_list_add(&reading->list, reterr);
    if (!migration)
        return -1;
    strbuf_clear(&reading->text);
    if (file_read(reading->root, name, &reading->text, reterr) < 0)
        return -1;
    size_t stem = strlen(name) - strlen(".sql");
    size_t version = strcspn(name, "_");
    migration->file = arena_printf(reading->set->arena, "%s%s", reading->prefix, name);
    migration->revision = arena_strndup(reading->set->arena, name, version < stem ? version : stem);
    migration->baseline = is_checkpoint(strbuf_text(&reading->text), reading->text.length);
    if (!migration->file || !migration->revision || !set_checksum(reading, name, migration))
        return error_no_memory(reterr);
    const struct migration *before = reading->list.count > 1 ? migration - 1 : NULL;
    if (before && strcmp(before->revision, migration->revision) == 0 &&
        !migration_set_remark(reading->set, REMARK_DUPLICATE, "%s and %s have the version %s: Atlas runs one of them",
                              before->file, migration->file, migration->revision))
        return error_no_memory(reterr);
    return 0;
}

/* Of a folder in golang-migrate's format, which Atlas also reads, only half the files count. */
static int read_folder(struct reading *reading, struct error *reterr)
{
    cleanup(file_list) struct file_list files = {0};
    const char *suffix = ".sql";
    if (file_list_read(&files, reading->root, 1, reterr) < 0)
        return -1;
    for (size_t i = 0; i < files.count; i++)
        if (has_suffix(files.files[i].path, UP))
            suffix = UP;
    for (size_t i = 0; i < files.count; i++)
        if (has_suffix(files.files[i].path, suffix) && add_file(reading, files.files[i].path, reterr) < 0)
            return -1;
    return 0;
}

/* A line of atlas.sum; length 0: there is none. */
struct sum_line {
    const char *text;
    size_t length;
    size_t name_length; /* of the file, whose name may have blanks in it */
};

static struct sum_line take_line(const char **text, const char *end)
{
    static const char mark[] = " " SUM_PREFIX;
    struct sum_line line = {0};
    if (!next_line(text, end, &line.text, &line.length))
        return line;
    const char *found = memmem(line.text, line.length, mark, sizeof mark - 1);
    line.name_length = found ? (size_t)(found - line.text) : line.length;
    return line;
}

static bool same_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && (a_length == 0 || memcmp(a, b, a_length) == 0);
}

/* Says in which line what is written and what would be differ first. */
static int explain(const struct reading *reading, const char *written, const char *end, struct error *reterr)
{
    const char *expected = strbuf_text(&reading->expected);
    const char *expected_end = expected + reading->expected.length;
    for (size_t number = 2;; number++) {
        struct sum_line theirs = take_line(&written, end);
        struct sum_line ours = take_line(&expected, expected_end);
        if (theirs.length == 0 && ours.length == 0)
            return error_set(reterr, ERROR_INVALID, "%s" SUM_FILE ":1: is not the sum of its lines: atlas migrate hash",
                             reading->prefix);
        if (theirs.length > 0 && ours.length > 0 && same_bytes(theirs.text, theirs.length, ours.text, ours.length))
            continue;
        cleanup(free) char *name = mem_printf("%.*s", (int)theirs.name_length, theirs.text ? theirs.text : "");
        if (!name)
            return error_no_memory(reterr);
        bool edited = theirs.length > 0 && ours.length > 0 &&
                      same_bytes(theirs.text, theirs.name_length, ours.text, ours.name_length);
        bool removed = !edited && *name && !file_exists(reading->root, name);
        struct sum_line shown = removed || ours.length == 0 ? theirs : ours;
        return error_set(reterr, ERROR_INVALID,
                         "%s" SUM_FILE ":%zu: %.*s was %s since the sum was made: look at it, then: atlas migrate hash",
                         reading->prefix, number, (int)shown.name_length, shown.text,
                         edited    ? "edited"
                         : removed ? "removed"
                                   : "added");
    }
}

static int check_sum(struct reading *reading, struct error *reterr)
{
    char sum[SHA256_BASE64_SIZE] = "";
    strbuf_clear(&reading->text);
    if (file_read(reading->root, SUM_FILE, &reading->text, reterr) < 0)
        return -1;
    if (!strbuf_ok(&reading->expected))
        return error_no_memory(reterr);
    sha256_stream_base64(reading->lines, sum);
    const char *text = strbuf_text(&reading->text);
    const char *end = text + reading->text.length;
    const char *first = NULL;
    size_t length = 0;
    const size_t mark = strlen(SUM_PREFIX);
    if (next_line(&text, end, &first, &length) && length == mark + strlen(sum) &&
        memcmp(first, SUM_PREFIX, mark) == 0 && memcmp(first + mark, sum, strlen(sum)) == 0)
        return 0;
    return explain(reading, text, end, reterr);
}

int atlas_read_files(const char *directory, struct migration_set *set, struct error *reterr)
{
    const char *prefix = file_exists(directory, SUM_FILE) ? "" : "migrations/";
    if (*prefix && !file_exists(directory, "migrations/" SUM_FILE))
        return error_set(reterr, ERROR_NOT_FOUND, "%s holds no " SUM_FILE, directory);
    cleanup(free) char *root = mem_printf("%s/%s", directory, prefix);
    cleanup(reading) struct reading reading = {
        .root = root,
        .prefix = prefix,
        .set = set,
        .files = sha256_stream_new(),
        .lines = sha256_stream_new(),
        .expected = STRBUF(LIMIT_MIGRATION_SET_BYTES),
        .text = STRBUF(FILE_TEXT_BYTES),
    };
    if (!root || !reading.files || !reading.lines)
        return error_no_memory(reterr);
    set->certain = true;
    if (read_folder(&reading, reterr) < 0 || check_sum(&reading, reterr) < 0)
        return -1;
    return migration_list_finish(&reading.list, set, reterr);
}
