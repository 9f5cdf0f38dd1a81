/* SPDX-License-Identifier: Apache-2.0 */
#include "base/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

bool problem_set(char *problem, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, size, format, arguments);
    va_end(arguments);
    utf8_make_line(problem, size);
    return false;
}
