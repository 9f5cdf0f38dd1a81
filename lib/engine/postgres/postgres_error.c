/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/postgres_error.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Longest prefix first. */
static const struct {
    const char *prefix;
    enum error_code code;
} rules[] = {
    {"3D000", ERROR_NOT_FOUND},   /* no such database */
    {"3F000", ERROR_NOT_FOUND},   /* no such schema */
    {"42P01", ERROR_NOT_FOUND},   /* no such table */
    {"42703", ERROR_NOT_FOUND},   /* no such column */
    {"42501", ERROR_FORBIDDEN},   /* insufficient privilege, or row security would hide rows */
    {"55P03", ERROR_LOCKED},      /* lock_timeout */
    {"40P01", ERROR_LOCKED},      /* deadlock */
    {"40001", ERROR_CHANGED},     /* a standby's replay took the rows away */
    {"57014", ERROR_TIMEOUT},     /* statement_timeout */
    {"57P", ERROR_UNREACHABLE},   /* shutting down, starting up, database dropped */
    {"25P03", ERROR_UNREACHABLE}, /* idle in transaction for too long: the session is gone */
    {"25P04", ERROR_TIMEOUT},     /* transaction_timeout */
    {"0A000", ERROR_UNSUPPORTED},
    {"XX000", ERROR_CHANGED}, /* "cache lookup failed": dropped meanwhile */
    {"08", ERROR_UNREACHABLE},
    {"28", ERROR_AUTH_FAILED},
    {"53400", ERROR_TRUNCATED}, /* temp_file_limit */
    {"54", ERROR_TRUNCATED},    /* a text beyond 1 GB, too deep an expression */
    {"53", ERROR_UNREACHABLE},  /* too many connections, out of memory, disk full */
    {"58", ERROR_IO},
    {"XX", ERROR_IO},
};

enum error_code postgres_error_code(const char *sqlstate)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++)
        if (strncmp(sqlstate, rules[i].prefix, strlen(rules[i].prefix)) == 0)
            return rules[i].code;
    return ERROR_INVALID;
}

/* Every state has a digit; "FATAL" has none. */
static bool is_sqlstate(const char *text)
{
    bool digit = false;
    for (size_t i = 0; i < 5; i++) {
        digit = digit || isdigit((unsigned char)text[i]);
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'A' && text[i] <= 'Z'))
            return false;
    }
    return digit && text[5] == ':' && text[6] == ' ';
}

const char *postgres_find_sqlstate(const char *message, char ret_sqlstate[static 6])
{
    ret_sqlstate[0] = '\0';
    for (const char *at = strchr(message, ':'); at; at = strchr(at + 1, ':')) {
        const char *code = at + 1 + strspn(at + 1, " ");
        if (code == at + 1 || strnlen(code, 7) < 7 || !is_sqlstate(code))
            continue;
        memcpy(ret_sqlstate, code, 5);
        ret_sqlstate[5] = '\0';
        return code + 7;
    }
    return NULL;
}

void postgres_clean_message(const char *message, const char *secret, char *ret_text, size_t size)
{
    size_t secret_length = secret ? strlen(secret) : 0;
    size_t used = 0;
    ret_text[0] = '\0';
    while (*message && *message != '\n' && used + 4 < size) {
        if (secret_length && strncmp(message, secret, secret_length) == 0) {
            memcpy(ret_text + used, "***", 3);
            used += 3;
            message += secret_length;
        } else {
            ret_text[used++] = *message++;
        }
    }
    while (used > 0 && isspace((unsigned char)ret_text[used - 1]))
        used--;
    ret_text[used] = '\0';
}
