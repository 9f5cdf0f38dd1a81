/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/connect.h"

int database_connect(const struct config_database *database, enum engine_purpose purpose, struct deadline deadline,
                     struct engine_connection **ret_connection, struct server_facts *ret_facts, struct error *reterr)
{
    char *password = NULL;
    if (database_password(database, &password, reterr) < 0)
        return -1;
    cleanup(engine_target) struct engine_target *target = NULL;
    int copied = engine_target_copy(database->target, password, &target, reterr);
    password_free(password);
    if (copied < 0)
        return -1;
    struct deadline connected = deadline_earlier(deadline, deadline_in(database->connect_timeout_ms));
    return target->ops->open(target, purpose, connected, ret_connection, ret_facts, reterr);
}
