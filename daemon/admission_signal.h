/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a startup signal: {"application","instance"} and what the application expects of the gate, "revision"
 * and "supports" (a text each, or a list of them where the gate requires several databases) and "match".
 */
#ifndef MIGRATIOND_DAEMON_ADMISSION_SIGNAL_H
#define MIGRATIOND_DAEMON_ADMISSION_SIGNAL_H

#include "base/limits.h"
#include "daemon/http_response.h"
#include "json/json_reader.h"

/* A member that may be a list. */
struct signal_texts {
    const char *items[LIMIT_QUERY_PARAMETERS];
    size_t count;
    struct strbuf joined; /* all of them, separated by blanks */
};

/* As it is remembered; NULL: the member was not given. */
static inline const char *signal_texts_joined(const struct signal_texts *texts)
{
    return texts->count > 0 ? strbuf_text(&texts->joined) : NULL;
}

struct admission_signal {
    struct json_document *document; /* owned; the texts stand in it */
    const char *application;
    const char *instance;
    struct signal_texts revisions;
    struct signal_texts supports;
    enum match match;
};

/* False, with a 400 answered that names the member. */
bool admission_signal_parse(const char *body, size_t length, struct admission_signal *ret_signal,
                            struct http_response *response);
void admission_signal_done(struct admission_signal *signal);

DEFINE_CLEANUP_VALUE(admission_signal, struct admission_signal, admission_signal_done);

#endif
