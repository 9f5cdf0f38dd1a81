/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wait_verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "daemon/wait_json.h"

/* Which member's text goes where. */
struct field {
    const char *name;
    size_t offset;
    size_t size;
};

#define FIELD(name, field)                                                                                             \
    {                                                                                                                  \
        name, offsetof(struct wait_verdict, field), sizeof((struct wait_verdict *)0)->field                            \
    }

static const struct field gate_fields[] = {
    FIELD("gate", gate),         FIELD("state", state_name), FIELD("code", code),
    FIELD("database", database), FIELD("detail", detail),    FIELD("check", check),
};

static const struct field database_fields[] = {
    FIELD("database", database),
    FIELD("tool", tool),
    FIELD("reason", reason),
    FIELD("next", next),
};

static const struct field check_fields[] = {
    FIELD("address", check),
    FIELD("reason", reason),
    FIELD("next", next),
};

/* The lists of a gate's answer, one member of which decided. */
static const struct list {
    const char *name;
    const struct field *fields;
    size_t field_count;
    bool of_checks;
} lists[] = {
    {"databases", database_fields, ARRAY_LENGTH(database_fields), false},
    {"checks", check_fields, ARRAY_LENGTH(check_fields), true},
};

static const struct list *find_list(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
        if (strcmp(lists[i].name, name) == 0)
            return &lists[i];
    }
    return NULL;
}

static const struct field *find_field(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

/* The value that `event` begins, into its field if it is a text; else it is passed over. */
static bool take_value(struct wait_json *json, enum wait_json_event event, const struct field *field,
                       struct wait_verdict *verdict)
{
    if (event != WAIT_JSON_STRING || !field)
        return wait_json_skip(json, event);
    char *place = (char *)verdict + field->offset;
    snprintf(place, field->size, "%s", json->text);
    utf8_make_line(place, field->size);
    return true;
}

static bool has_decided(const struct wait_verdict *verdict, const struct wait_verdict *one, const struct list *list)
{
    if (list->of_checks)
        return *verdict->check && strcmp(one->check, verdict->check) == 0;
    return !*verdict->check && strcmp(one->database, verdict->database) == 0;
}

/* One of a list, which counts if it is the one that decided. */
static bool read_element(struct wait_json *json, const struct list *list, struct wait_verdict *verdict)
{
    struct wait_verdict one = {0};
    enum wait_json_event event = WAIT_JSON_KEY;
    while ((event = wait_json_next(json)) == WAIT_JSON_KEY) {
        const struct field *field = find_field(list->fields, list->field_count, json->text);
        if (!take_value(json, wait_json_next(json), field, &one))
            return false;
    }
    if (event == WAIT_JSON_OBJECT_END && has_decided(verdict, &one, list)) {
        memcpy(verdict->tool, one.tool, sizeof one.tool);
        memcpy(verdict->reason, one.reason, sizeof one.reason);
        memcpy(verdict->next, one.next, sizeof one.next);
    }
    return event == WAIT_JSON_OBJECT_END;
}

static bool read_list(struct wait_json *json, enum wait_json_event event, const struct list *list,
                      struct wait_verdict *verdict)
{
    if (event != WAIT_JSON_ARRAY)
        return wait_json_skip(json, event);
    while ((event = wait_json_next(json)) != WAIT_JSON_ARRAY_END) {
        if (!(event == WAIT_JSON_OBJECT ? read_element(json, list, verdict) : wait_json_skip(json, event)))
            return false;
    }
    return true;
}

/* The members of an open object. The answer to a startup signal holds the gate's as its member `answer`. */
static bool read_members(struct wait_json *json, bool outermost, struct wait_verdict *verdict)
{
    enum wait_json_event event = WAIT_JSON_KEY;
    while ((event = wait_json_next(json)) == WAIT_JSON_KEY) {
        const struct field *field = find_field(gate_fields, ARRAY_LENGTH(gate_fields), json->text);
        const struct list *list = find_list(json->text);
        bool answer = outermost && strcmp(json->text, "answer") == 0;
        event = wait_json_next(json);
        bool taken = list                                  ? read_list(json, event, list, verdict)
                     : answer && event == WAIT_JSON_OBJECT ? read_members(json, false, verdict)
                                                           : take_value(json, event, field, verdict);
        if (!taken)
            return false;
    }
    return event == WAIT_JSON_OBJECT_END;
}

static bool read_document(struct wait_json *json, struct wait_verdict *verdict)
{
    return wait_json_next(json) == WAIT_JSON_OBJECT && read_members(json, true, verdict) &&
           wait_json_next(json) == WAIT_JSON_END;
}

/* An answer without one of these is somebody else's. */
static enum wait_gate_state state_of(const struct wait_verdict *verdict)
{
    static const char *const names[] = {
        [WAIT_GATE_OPEN] = "open",
        [WAIT_GATE_CLOSED] = "closed",
        [WAIT_GATE_BLOCKED] = "blocked",
        [WAIT_GATE_UNKNOWN] = "unknown",
    };
    for (size_t i = WAIT_GATE_OPEN; *verdict->gate && *verdict->code && i < ARRAY_LENGTH(names); i++) {
        if (strcmp(verdict->state_name, names[i]) == 0)
            return (enum wait_gate_state)i;
    }
    return WAIT_GATE_NONE;
}

bool wait_verdict_read(const char *body, size_t length, struct wait_verdict *ret_verdict, char *problem, size_t size)
{
    struct wait_json json;
    *ret_verdict = (struct wait_verdict){0};
    /* Twice: which of them decided may stand behind the lists. */
    for (unsigned pass = 0; pass < 2; pass++) {
        wait_json_open_text(&json, body, length);
        if (!read_document(&json, ret_verdict)) {
            snprintf(problem, size, "%s", json.problem[0] ? json.problem : "no JSON object");
            *ret_verdict = (struct wait_verdict){0};
            return false;
        }
    }
    ret_verdict->state = state_of(ret_verdict);
    return true;
}
