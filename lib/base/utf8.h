/* SPDX-License-Identifier: Apache-2.0
 *
 * Text from databases and files may hold any byte. What enters the model is made valid UTF-8 here; what a terminal, a
 * log or an error message shows has no control or direction-changing character.
 */
#ifndef MIGRATIOND_BASE_UTF8_H
#define MIGRATIOND_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed sequence at `text` (1–4), 0 if the first byte starts none. `*ret_point` is its code point
 * (may be NULL). Overlong forms, surrogates and values above U+10FFFF are not well-formed. */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret_point);

bool utf8_is_valid(const char *text, size_t length);

/* True for C0, DEL, C1 and for the characters that change the direction of text (U+061C, U+200E, U+200F,
 * U+202A–U+202E, U+2066–U+2069), for U+2028 and U+2029. */
bool utf8_is_unprintable(uint32_t point);

/* Rewrites a NUL-terminated buffer in place: bytes that are not UTF-8 become '?', unprintable characters blanks, and a
 * sequence cut by the end of the buffer is dropped. `size` is the buffer's size; the text never grows. */
void utf8_make_line(char *buffer, size_t size);

#endif
