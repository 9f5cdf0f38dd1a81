/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/problem.h"
#include "daemon/wait_json.h"

enum { HEADS_SHOWN = 2 };

/* What the members before the migrations say. */
struct head {
    bool is_manifest;
    bool has_version;
    bool has_heads;
    size_t count;
    bool cut; /* one is longer than any revision */
    char heads[HEADS_SHOWN][WAIT_JSON_TEXT_SIZE];
};

static bool read_heads(struct wait_json *json, enum wait_json_event event, struct head *head)
{
    if (event != WAIT_JSON_ARRAY || head->has_heads)
        return false;
    head->has_heads = true;
    while ((event = wait_json_next(json)) == WAIT_JSON_STRING) {
        if (json->length == 0)
            return false;
        head->cut = head->cut || json->cut;
        if (head->count < HEADS_SHOWN)
            memcpy(head->heads[head->count], json->text, json->length + 1);
        head->count++;
    }
    return event == WAIT_JSON_ARRAY_END;
}

static bool read_member(struct wait_json *json, struct head *head)
{
    if (strcmp(json->text, "heads") == 0)
        return read_heads(json, wait_json_next(json), head);
    bool format = strcmp(json->text, "format") == 0;
    bool version = strcmp(json->text, "version") == 0;
    enum wait_json_event event = wait_json_next(json);
    if (format)
        head->is_manifest = event == WAIT_JSON_STRING && strcmp(json->text, "migrationd-manifest") == 0;
    if (version)
        head->has_version = event == WAIT_JSON_NUMBER && strcmp(json->text, "1") == 0;
    return wait_json_skip(json, event);
}

static bool read_document(struct wait_json *json, struct head *head)
{
    if (wait_json_next(json) != WAIT_JSON_OBJECT)
        return false;
    enum wait_json_event event = WAIT_JSON_KEY;
    while ((event = wait_json_next(json)) == WAIT_JSON_KEY) {
        if (!read_member(json, head))
            return false;
    }
    return event == WAIT_JSON_OBJECT_END && wait_json_next(json) == WAIT_JSON_END;
}

static ssize_t read_file(void *payload, char *place, size_t size)
{
    const int *fd = payload;
    ssize_t got = -1;
    do {
        got = read(*fd, place, size);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool judge(const char *path, bool whole, const struct wait_json *json, const struct head *head, char *problem,
                  size_t size)
{
    if (!whole && json->problem[0])
        return problem_set(problem, size, "%s: %s", path, json->problem);
    if (!whole || !head->is_manifest || !head->has_heads)
        return problem_set(problem, size, "%s: this is no manifest; make one: migrationctl manifest DIRECTORY", path);
    if (!head->has_version)
        return problem_set(problem, size, "%s: this manifest's version is not 1: it is of a later migrationd", path);
    if (head->count == 0)
        return problem_set(problem, size, "%s: holds no revision to wait for", path);
    if (head->count > 1)
        return problem_set(problem, size, "%s: has %zu heads (%s, %s%s): name one with --revision", path, head->count,
                           head->heads[0], head->heads[1], head->count > HEADS_SHOWN ? ", …" : "");
    return !head->cut || problem_set(problem, size, "%s: its head is longer than any revision", path);
}

const char *wait_manifest_path(const char *text)
{
    const char *colon = access(text, F_OK) == 0 ? NULL : strchr(text, ':');
    return colon ? colon + 1 : text;
}

char *wait_manifest_revision(const char *text, char *problem, size_t size)
{
    const char *path = wait_manifest_path(text);
    struct wait_json json;
    struct head head = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        problem_set(problem, size, "%s: %s", path, strerror(errno));
        return NULL;
    }
    wait_json_open(&json, read_file, &fd, LIMIT_JSON_BYTES);
    bool whole = read_document(&json, &head);
    close(fd);
    if (!judge(path, whole, &json, &head, problem, size))
        return NULL;
    char *revision = mem_printf("%.*s%s", (int)(path - text), text, head.heads[0]);
    if (!revision)
        problem_set(problem, size, "out of memory");
    return revision;
}
