/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads what SHOW CREATE TABLE and SHOW CREATE SEQUENCE print (MySQL 8 and 9, MariaDB 10.6 and later) into the model.
 * Works on tokens, without recursion. What it does not understand is never guessed: the part is left out, the rest of
 * the table is kept, and the report names the place, so that coverage becomes partial. Pure; borrows the text.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_DDL_H
#define MIGRATIOND_DIALECT_MYSQL_DDL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/schema_builder.h"

/* Which kinds of objects could not be read completely, and where the first of them stands. */
struct mysql_ddl_report {
    bool columns_partial;
    bool constraints_partial;
    bool indexes_partial;
    char place[160];
};

/* `relation` is the handle of the table; `table` its name, by which automatic constraint names are known; `database`
 * the name that qualifiers of the table's own database have. */
void mysql_ddl_read_table(struct schema_builder *builder, uint32_t relation, const char *table, const char *database,
                          const char *text, size_t length, struct mysql_ddl_report *ret_report);

/* False if the text is not understood; nothing is added then. */
bool mysql_ddl_read_sequence(struct schema_builder *builder, const char *name, const char *text, size_t length);

/* The canonical spelling of a column's type as COLUMN_TYPE and SHOW COLUMNS give it, for the columns of views. */
uint32_t mysql_ddl_type(struct schema_builder *builder, const char *text, size_t length);

#endif
