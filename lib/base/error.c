/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static const struct {
    const char *label;
    const char *text;
} codes[] = {
#define ERROR_CODE(name, label, text) {label, text},
#include "base/error_codes.h"
#undef ERROR_CODE
};

static void finish(struct error *error)
{
    utf8_make_line(error->message, sizeof error->message);
}

int error_set(struct error *reterr, enum error_code code, const char *format, ...)
{
    if (!reterr)
        return -1;
    char message[sizeof reterr->message] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    *reterr = (struct error){.code = code};
    memcpy(reterr->message, message, sizeof message);
    finish(reterr);
    return -1;
}

int error_no_memory(struct error *reterr)
{
    return error_set(reterr, ERROR_NO_MEMORY, "%s", codes[ERROR_NO_MEMORY].text);
}

int error_prefix(struct error *reterr, const char *format, ...)
{
    if (!reterr)
        return -1;
    char message[sizeof reterr->message] = "";
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (used >= 0 && (size_t)used < sizeof message)
        snprintf(message + used, sizeof message - (size_t)used, ": %s", reterr->message);
    memcpy(reterr->message, message, sizeof message);
    finish(reterr);
    return -1;
}

const char *error_code_name(enum error_code code)
{
    return codes[code].label;
}
