/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "engine/mysql/mysql_session.h"

/* Numbers instead of names: the two libraries' headers do not define the same ones. */
static const struct {
    unsigned first;
    unsigned last;
    enum error_code code;
} codes[] = {
    {1040, 1040, ERROR_UNREACHABLE},                                  /* too many connections */
    {1042, 1043, ERROR_UNREACHABLE},                                  /* bad host, bad handshake */
    {1044, 1044, ERROR_FORBIDDEN},                                    /* no access to the database */
    {1045, 1045, ERROR_AUTH_FAILED},                                  /* access denied */
    {1049, 1049, ERROR_NOT_FOUND},                                    /* unknown database */
    {1051, 1051, ERROR_NOT_FOUND},                                    /* unknown table */
    {1053, 1053, ERROR_UNREACHABLE},                                  /* shutdown in progress */
    {1054, 1054, ERROR_NOT_FOUND},                                    /* unknown column */
    {1129, 1129, ERROR_UNREACHABLE},                                  /* host blocked after errors */
    {1130, 1130, ERROR_AUTH_FAILED},                                  /* host not allowed */
    {1142, 1143, ERROR_FORBIDDEN},                                    /* table or column command denied */
    {1146, 1146, ERROR_NOT_FOUND},                                    /* no such table */
    {1152, 1152, ERROR_UNREACHABLE},                                  /* aborted */
    {1153, 1153, ERROR_TRUNCATED},                                    /* larger than the server's max_allowed_packet */
    {1184, 1184, ERROR_UNREACHABLE}, {1203, 1203, ERROR_UNREACHABLE}, /* too many user connections */
    {1205, 1205, ERROR_LOCKED},                                       /* lock wait */
    {1213, 1213, ERROR_LOCKED},                                       /* deadlock */
    {1226, 1226, ERROR_UNREACHABLE},                                  /* user's resource limit */
    {1227, 1227, ERROR_FORBIDDEN},                                    /* privilege needed */
    {1251, 1251, ERROR_AUTH_FAILED},                                  /* client cannot do that authentication */
    {1317, 1317, ERROR_TIMEOUT},                                      /* interrupted */
    {1370, 1370, ERROR_FORBIDDEN},   {1412, 1412, ERROR_CHANGED},     /* definition changed */
    {1524, 1524, ERROR_AUTH_FAILED},                                  /* authentication plugin not loaded */
    {1615, 1615, ERROR_CHANGED},     {1684, 1684, ERROR_LOCKED},      /* concurrent DDL */
    {1698, 1698, ERROR_AUTH_FAILED}, {1820, 1820, ERROR_AUTH_FAILED}, /* password must be changed */
    {1862, 1862, ERROR_AUTH_FAILED},                                  /* password expired */
    {1927, 1927, ERROR_UNREACHABLE},                                  /* killed */
    {1969, 1969, ERROR_TIMEOUT},                                      /* max_statement_time */
    {2000, 2000, ERROR_UNREACHABLE}, {2001, 2007, ERROR_UNREACHABLE}, /* socket, host, server gone */
    {2008, 2008, ERROR_NO_MEMORY},   {2009, 2013, ERROR_UNREACHABLE}, {2026, 2026, ERROR_UNREACHABLE}, /* TLS */
    {2020, 2020, ERROR_TRUNCATED}, /* a packet larger than this side takes */
    {2049, 2049, ERROR_AUTH_FAILED}, {2054, 2054, ERROR_AUTH_FAILED}, {2055, 2055, ERROR_UNREACHABLE},
    {2058, 2061, ERROR_AUTH_FAILED},                                  /* authentication plugins */
    {3024, 3024, ERROR_TIMEOUT},                                      /* max_execution_time */
    {3118, 3118, ERROR_AUTH_FAILED},                                  /* account locked */
    {3159, 3159, ERROR_AUTH_FAILED},                                  /* the account requires TLS */
    {3572, 3572, ERROR_LOCKED},      {4031, 4031, ERROR_UNREACHABLE}, /* idle for too long */
    {4151, 4151, ERROR_AUTH_FAILED},                                  /* account locked */
};

enum error_code mysql_error_code(unsigned number)
{
    for (size_t i = 0; i < ARRAY_LENGTH(codes); i++) {
        if (number >= codes[i].first && number <= codes[i].last)
            return codes[i].code;
    }
    return ERROR_INVALID;
}
