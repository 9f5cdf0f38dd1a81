/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the body in what SHOW CREATE PROCEDURE, FUNCTION, TRIGGER and EVENT print. information_schema would show bodies
 * alone, but MySQL takes doubled quotes out of them there, and both servers the character sets of literals. Pure;
 * borrows the text.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_PROGRAM_H
#define MIGRATIOND_DIALECT_MYSQL_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

enum mysql_program { MYSQL_PROGRAM_ROUTINE, MYSQL_PROGRAM_TRIGGER, MYSQL_PROGRAM_EVENT };

/* `*ret_body` points into the text, without the blanks around it. False if the statement is not understood. */
bool mysql_program_body(enum mysql_program kind, const char *text, size_t length, const char **ret_body,
                        size_t *ret_length);

#endif
