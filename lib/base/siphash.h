/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-1-3 (Aumasson and Bernstein) with the key zero: what Rust's programs hash with by default, and what refinery
 * calls a checksum. Pure; no allocation. Not for hash tables: hash64 is faster.
 */
#ifndef MIGRATIOND_BASE_SIPHASH_H
#define MIGRATIOND_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t siphash13(const void *bytes, size_t length);

#endif
