/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/config.h"

enum { PASSWORD_SIZE = 4096 };

void password_free(char *password)
{
    if (password)
        explicit_bzero(password, strlen(password));
    mem_free(password);
}

static int copy(const char *text, char **ret_password, struct error *reterr)
{
    *ret_password = mem_strdup(text);
    return *ret_password ? 0 : error_no_memory(reterr);
}

/* Opened anew each time: a rotated secret is a new file behind the same name. */
static int read_password_file(const char *path, char **ret_password, struct error *reterr)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return error_set(reterr, ERROR_AUTH_FAILED, "password_file %s: %s", path, strerror(errno));
    char buffer[PASSWORD_SIZE + 1] = "";
    ssize_t length = read(file, buffer, PASSWORD_SIZE);
    int failure = errno;
    close(file);
    if (length < 0)
        return error_set(reterr, ERROR_AUTH_FAILED, "password_file %s: %s", path, strerror(failure));
    if (length > 0 && buffer[length - 1] == '\n')
        buffer[--length] = '\0';
    int result = (size_t)length != strlen(buffer) || length == PASSWORD_SIZE
                     ? error_set(reterr, ERROR_AUTH_FAILED, "password_file %s does not hold a password", path)
                     : copy(buffer, ret_password, reterr);
    explicit_bzero(buffer, sizeof buffer);
    return result;
}

static int read_password(const char *file, const char *variable, const char *given, char **ret_password,
                         struct error *reterr)
{
    *ret_password = NULL;
    if (file)
        return read_password_file(file, ret_password, reterr);
    if (variable) {
        const char *value = getenv(variable);
        if (!value)
            return error_set(reterr, ERROR_AUTH_FAILED, "password_env: the variable %s is not set", variable);
        return copy(value, ret_password, reterr);
    }
    return given ? copy(given, ret_password, reterr) : 0;
}

int database_password(const struct config_database *database, char **ret_password, struct error *reterr)
{
    return read_password(database->password_file, database->password_env, database->url_password, ret_password, reterr);
}

int history_password(const struct config_history *history, char **ret_password, struct error *reterr)
{
    return read_password(history->password_file, history->password_env, history->url_password, ret_password, reterr);
}
