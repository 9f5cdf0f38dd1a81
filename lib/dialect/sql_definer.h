/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MIGRATIOND_DIALECT_SQL_DEFINER_H
#define MIGRATIOND_DIALECT_SQL_DEFINER_H

/* Blanks "DEFINER = account" in a CREATE or ALTER of MySQL's: whose a view or routine is, is no part of a schema, and
 * the account need not exist where the statement is tried. `sql` is changed in place. */
void sql_blank_definer(char *sql);

#endif
