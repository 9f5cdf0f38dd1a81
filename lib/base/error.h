/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors are values on the caller's stack: no allocation, no thread-local state. Functions that can fail return 0 or -1
 * and fill `struct error *reterr`, their last parameter, only on failure. Secrets never get into a message: whoever
 * builds one from a server's or a client library's text passes it through the redaction of the engine first.
 */
#ifndef MIGRATIOND_BASE_ERROR_H
#define MIGRATIOND_BASE_ERROR_H

enum error_code {
#define ERROR_CODE(name, label, text) ERROR_##name,
#include "base/error_codes.h"
#undef ERROR_CODE
    ERROR_CODES
};

struct error {
    enum error_code code;
    int native;        /* errno or the client library's number; 0 if there is none */
    char sqlstate[6];  /* five characters, or empty */
    char message[480]; /* one line of UTF-8, no full stop, cut at a character */
};

/* Fills `reterr` (may be NULL) and returns -1. Control characters of the formatted text become blanks. */
int error_set(struct error *reterr, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* error_set(ERROR_NO_MEMORY): the one sentence, so that out-of-memory paths read alike. */
int error_no_memory(struct error *reterr);

/* Puts "context: " before the message; returns -1. */
int error_prefix(struct error *reterr, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "no_memory", "unreachable", …: stable, lower case, fit for a metric's label. */
const char *error_code_name(enum error_code code);

#endif
