/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads what SHOW CREATE VIEW prints into the model: the query, without the name of the view's own database, and what a
 * view is beyond its query. Pure; borrows the text.
 */
#ifndef MIGRATIOND_DIALECT_MYSQL_VIEW_H
#define MIGRATIOND_DIALECT_MYSQL_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/schema_builder.h"

/* `relation` is the handle of the view. False if the text is not understood; nothing is changed then. */
bool mysql_view_read(struct schema_builder *builder, uint32_t relation, const char *database, const char *text,
                     size_t length);

#endif
