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

static int connect_peer(const void *payload, struct deadline deadline, struct engine_connection **ret_connection,
                        struct error *reterr)
{
    struct server_facts facts = {0};
    return database_connect(payload, PURPOSE_CHECK, deadline, ret_connection, &facts, reterr);
}

size_t database_peers(const struct config *config, const struct config_database *database,
                      struct check_peer ret_peers[static CONFIG_REPLICAS_MAXIMUM])
{
    size_t count = 0;
    for (size_t i = 0; i < config->database_count && count < CONFIG_REPLICAS_MAXIMUM; i++) {
        const struct config_database *replica = &config->databases[i];
        if (replica->replica_of == database)
            ret_peers[count++] =
                (struct check_peer){.name = replica->name, .connect = connect_peer, .payload = replica};
    }
    return count;
}
