/* SPDX-License-Identifier: Apache-2.0
 *
 * The body of a startup signal: {"application","instance"} and what the application expects of the gate, "revision"
 * (a text, or a list of them where the gate requires several databases), "match" and "supports".
 */
#ifndef MIGRATIOND_DAEMON_ADMISSION_SIGNAL_H
#define MIGRATIOND_DAEMON_ADMISSION_SIGNAL_H

#include "base/limits.h"
#include "daemon/http_response.h"
#include "json/json_reader.h"

struct admission_signal {
    struct json_document *document; /* owned; the texts stand in it */
    const char *application;
    const char *instance;
    const char *supports; /* NULL */
    const char *revisions[LIMIT_QUERY_PARAMETERS];
    size_t revision_count;
    enum match match;
    struct strbuf revision; /* all of them, separated by blanks, as they are remembered */
};

/* False, with a 400 answered that names the member. */
bool admission_signal_parse(const char *body, size_t length, struct admission_signal *ret_signal,
                            struct http_response *response);
void admission_signal_done(struct admission_signal *signal);

DEFINE_CLEANUP_VALUE(admission_signal, struct admission_signal, admission_signal_done);

#endif
