/* SPDX-License-Identifier: Apache-2.0
 *
 * What somebody may have meant by a name that is none. Pure; nothing but libc.
 */
#ifndef MIGRATIOND_BASE_NEAREST_H
#define MIGRATIOND_BASE_NEAREST_H

#include <stddef.h>

/* Of `count` names the one nearest to `name`, if it is near enough to be meant, else NULL. */
const char *nearest_name(const char *name, const char *(*name_at)(const void *names, size_t index), const void *names,
                         size_t count);

#endif
