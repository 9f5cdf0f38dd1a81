/* SPDX-License-Identifier: Apache-2.0
 *
 * A pull reader for JSON, for programs that link no JSON library: the gate's answer and a manifest's head pass through
 * it event by event, in a few KiB of memory however long the document is. As strict as RFC 8259 and jansson are, and
 * bounded: depth, bytes, the length of a number; a long string is cut, and says so. What it does not notice is a member
 * that stands twice: whoever asks for a member does that. Allocates nothing. Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_WAIT_JSON_H
#define MIGRATIOND_DAEMON_WAIT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum wait_json_event {
    WAIT_JSON_PROBLEM, /* `problem` tells; it comes again and again */
    WAIT_JSON_END,     /* the document is whole, and nothing stands behind it */
    WAIT_JSON_OBJECT,
    WAIT_JSON_OBJECT_END,
    WAIT_JSON_ARRAY,
    WAIT_JSON_ARRAY_END,
    WAIT_JSON_KEY,     /* `text` */
    WAIT_JSON_STRING,  /* `text` */
    WAIT_JSON_NUMBER,  /* `text`, as written */
    WAIT_JSON_BOOLEAN, /* `text`: "true" or "false" */
    WAIT_JSON_NULL,
};

enum { WAIT_JSON_TEXT_SIZE = 1100, WAIT_JSON_BUFFER_SIZE = 4096, WAIT_JSON_PROBLEM_SIZE = 160 };

struct wait_json {
    char text[WAIT_JSON_TEXT_SIZE]; /* of the last event; without NUL inside */
    size_t length;
    bool cut; /* the text was longer: it ends at a character */
    char problem[WAIT_JSON_PROBLEM_SIZE];

    /* The reader's own. */
    ssize_t (*read)(void *payload, char *place, size_t size);
    void *payload;
    uint64_t left; /* bytes that may still come */
    const char *at;
    const char *end;
    size_t line;
    size_t column;
    unsigned depth;
    uint64_t arrays; /* bit per level: an array, not an object */
    int expects;
    char buffer[WAIT_JSON_BUFFER_SIZE];
};

/* `text` is borrowed. */
void wait_json_open_text(struct wait_json *json, const char *text, size_t length);

/* `read` is as read(2): the number of bytes, 0 at the end, -1 with errno. More than `limit` bytes are a problem. */
void wait_json_open(struct wait_json *json, ssize_t (*read)(void *payload, char *place, size_t size), void *payload,
                    uint64_t limit);

enum wait_json_event wait_json_next(struct wait_json *json);

/* Passes over what `event` began: an object, an array, or nothing more. False on a problem. */
bool wait_json_skip(struct wait_json *json, enum wait_json_event event);

#endif
