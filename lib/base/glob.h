/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIGRATIOND_BASE_GLOB_H
#define MIGRATIOND_BASE_GLOB_H

#include <stdbool.h>

/* Whether `text` matches the shell pattern `pattern` (`*`, `?`, `[…]`, `\x`), case-sensitively; a slash or a leading
 * dot is a character like any other. */
bool glob_match(const char *pattern, const char *text);

#endif
