/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers of bytes as people write them in a configuration. Pure; nothing but libc.
 */
#ifndef MIGRATIOND_BASE_BYTE_SIZE_H
#define MIGRATIOND_BASE_BYTE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* "1MiB", "500kB", "12B": an integer and one of B, KiB, MiB, GiB, TiB, kB, MB, GB and TB, nothing else. False for
 * anything else and for more than 63 bits; then `*ret_bytes` is as before. */
bool byte_size_parse(const char *text, int64_t *ret_bytes);

/* In the unit that leaves the smallest number: 1048576 becomes "1MiB", 2000000 "2MB". */
void byte_size_print(int64_t bytes, struct strbuf *out);

#endif
