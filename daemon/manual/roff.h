/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain text as the source of a manual page, in the macros of man(7). `backquotes` stand for what is typed as it is and
 * becomes bold. Failures to write are seen when the stream is closed. Single-threaded.
 */
#ifndef MIGRATIOND_MANUAL_ROFF_H
#define MIGRATIOND_MANUAL_ROFF_H

#include <stdio.h>

/* Inside a line. */
void roff_put(FILE *out, const char *text);
void roff_put_bold(FILE *out, const char *text);

/* As roff_put, but words in capitals are what a user replaces, and become italic: "[--config FILE]". */
void roff_put_synopsis(FILE *out, const char *text);

/* Full sentences, each on a line of its own, as groff wants them. */
void roff_put_sentences(FILE *out, const char *text);

#endif
