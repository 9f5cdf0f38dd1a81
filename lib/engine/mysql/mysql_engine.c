/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mysql/mysql_engine.h"

#include "engine/mysql/mysql_look.h"

static const char *const schemes[] = {"mysql", "mariadb", NULL};

const struct engine_ops mysql_ops = {
    .name = "mysql",
    .schemes = schemes,
    .default_port = "3306",
    .open = mysql_session_open,
    .close = mysql_session_close,
    .probe = mysql_probe,
    .read_schema = mysql_read_schema,
    .begin_look = mysql_begin_look,
    .end_look = mysql_end_look,
    .find_tables = mysql_find_tables,
    .read_table = mysql_read_table,
    .read_tables = mysql_read_tables,
    .read_lock = mysql_read_lock,
    .query = mysql_ask,
};
