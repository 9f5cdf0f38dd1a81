/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "daemon/ctl.h"

int ctl_fail(enum ctl_exit code, const char *format, ...)
{
    char message[1024] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    utf8_make_line(message, sizeof message);
    fprintf(stderr, "migrationctl: %s\n", message);
    return (int)code;
}
