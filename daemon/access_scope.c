/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "daemon/access.h"

const struct access_scope_row access_scopes[ACCESS_SCOPES] = {
    [SCOPE_READ] = {"read", ACCESS_HEALTH | ACCESS_GATE | ACCESS_READ, ACCESS_HEALTH},
    [SCOPE_GATE] = {"gate", ACCESS_HEALTH | ACCESS_GATE, ACCESS_HEALTH | ACCESS_GATE},
    [SCOPE_ADMIN] = {"admin", ACCESS_ALL, ACCESS_ALL},
};

enum access_scope access_scope_from_name(const char *name)
{
    enum access_scope scope = 0;
    while (scope < ACCESS_SCOPES && strcmp(access_scopes[scope].name, name) != 0)
        scope++;
    return scope;
}
