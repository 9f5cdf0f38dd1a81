/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_text.h"

#include <string.h>

/* A line, without its end. */
struct line {
    const char *text;
    size_t length;
};

static const struct {
    const char *first; /* what the first line that says anything begins with */
    const char *last;
    bool unlocks; /* where psql was locked with a key at the beginning, it is unlocked behind that line */
} dumps[] = {
    {"-- PostgreSQL database dump", "-- PostgreSQL database dump complete", true},
    {"-- PostgreSQL database cluster dump", "-- PostgreSQL database cluster dump complete", false},
    {"-- MariaDB dump ", "-- Dump completed", false},
    {"-- MySQL dump ", "-- Dump completed", false},
    {"PRAGMA foreign_keys=OFF;", "COMMIT;", false},
};

static bool starts_with(struct line line, const char *prefix)
{
    size_t length = strlen(prefix);
    return line.length >= length && memcmp(line.text, prefix, length) == 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct line trimmed(const char *text, size_t length)
{
    while (length > 0 && is_blank(text[length - 1]))
        length--;
    return (struct line){.text = text, .length = length};
}

/* Lines that frame a heading. mariadb-dump's own first line keeps old clients out of a sandbox. */
static bool says_nothing(struct line line)
{
    return line.length == 0 || (line.length == 2 && starts_with(line, "--")) || starts_with(line, "/*M!999999");
}

/* The next line of `*rest`, which is moved past it; false at the end. */
static bool next_line(struct line *rest, struct line *ret_line)
{
    if (rest->length == 0)
        return false;
    const char *end = memchr(rest->text, '\n', rest->length);
    size_t length = end ? (size_t)(end - rest->text) : rest->length;
    *ret_line = trimmed(rest->text, length);
    length += end ? 1 : 0;
    rest->text += length;
    rest->length -= length;
    return true;
}

/* The last line of `*rest`, which then ends before it; false at the beginning. */
static bool last_line(struct line *rest, struct line *ret_line)
{
    *rest = trimmed(rest->text, rest->length);
    if (rest->length == 0)
        return false;
    const char *before = memrchr(rest->text, '\n', rest->length);
    const char *start = before ? before + 1 : rest->text;
    *ret_line = (struct line){.text = start, .length = (size_t)(rest->text + rest->length - start)};
    rest->length = (size_t)(start - rest->text);
    return true;
}

static size_t find_dump(const unsigned char *head, size_t length)
{
    struct line rest = {.text = (const char *)head, .length = length};
    struct line line = {.text = ""};
    while (next_line(&rest, &line) && says_nothing(line))
        ;
    size_t i = 0;
    while (i < ARRAY_LENGTH(dumps) && !starts_with(line, dumps[i].first))
        i++;
    return i;
}

bool backup_text_begins(const unsigned char *head, size_t length)
{
    return find_dump(head, length) < ARRAY_LENGTH(dumps);
}

/* The word that psql locks itself with until the dump's last line; empty where there is none. */
static struct line find_key(const unsigned char *head, size_t length)
{
    static const char command[] = "\\restrict ";
    struct line rest = {.text = (const char *)head, .length = length};
    struct line line = {.text = ""};
    while (next_line(&rest, &line) && (says_nothing(line) || starts_with(line, "--")))
        ;
    size_t skipped = strlen(command);
    if (!starts_with(line, command))
        return (struct line){.text = ""};
    return (struct line){.text = line.text + skipped, .length = line.length - skipped};
}

static bool unlocks(struct line line, struct line key)
{
    static const char command[] = "\\unrestrict ";
    size_t skipped = strlen(command);
    return starts_with(line, command) && line.length - skipped == key.length &&
           memcmp(line.text + skipped, key.text, key.length) == 0;
}

int backup_text_end(struct backup_walk *walk, const unsigned char *head, size_t head_length, const unsigned char *tail,
                    size_t tail_length)
{
    size_t dump = find_dump(head, head_length);
    const char *mark = dumps[dump].last;
    struct line key = find_key(head, head_length);
    struct line rest = {.text = (const char *)tail, .length = tail_length};
    struct line line = {.text = ""};
    bool unlocked = key.length == 0 || !dumps[dump].unlocks;
    while (last_line(&rest, &line)) {
        if (!unlocked && unlocks(line, key))
            unlocked = true;
        else if (!says_nothing(line))
            break;
    }
    if (unlocked && starts_with(line, mark))
        return backup_walk_settle(walk, BACKUP_COMPLETE);
    return backup_walk_end(walk, BACKUP_CUT, "the line that such a dump ends with is missing (%s)", mark);
}

static int step_text(struct backup_walk *walk, const struct backup_file *file, struct error *reterr)
{
    unsigned char head[BACKUP_HEAD_BYTES] = {0};
    unsigned char tail[BACKUP_TAIL_BYTES] = {0};
    size_t head_length = file->size < BACKUP_HEAD_BYTES ? (size_t)file->size : BACKUP_HEAD_BYTES;
    size_t tail_length = file->size < BACKUP_TAIL_BYTES ? (size_t)file->size : BACKUP_TAIL_BYTES;
    if (backup_file_read(file, 0, head, head_length, reterr) < 0 ||
        backup_file_read(file, file->size - (int64_t)tail_length, tail, tail_length, reterr) < 0)
        return -1;
    if (!backup_text_begins(head, head_length))
        return error_set(reterr, ERROR_CHANGED, "it changed while it was read");
    return backup_text_end(walk, head, head_length, tail, tail_length);
}

const struct backup_format backup_text = {
    .name = "an SQL dump",
    .state_size = sizeof(struct backup_walk),
    .begins = backup_text_begins,
    .step = step_text,
};
