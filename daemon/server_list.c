/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server_list.h"

#include <string.h>

#include "base/alloc.h"

struct server *server_list_take(struct server **list, const char *name)
{
    for (struct server *server = *list; server; server = server->next) {
        if (strcmp(server->name, name) == 0) {
            server->references++;
            return server;
        }
    }
    struct server *server = mem_calloc(1, sizeof *server);
    char *copy = mem_strdup(name);
    if (!server || !copy) {
        mem_free(server);
        mem_free(copy);
        return NULL;
    }
    *server = (struct server){.next = *list, .references = 1, .name = copy};
    *list = server;
    return server;
}

void server_list_drop(struct server **list, struct server *server)
{
    if (!server || --server->references > 0)
        return;
    while (*list != server)
        list = &(*list)->next;
    *list = server->next;
    mem_free(server->name);
    mem_free(server);
}
