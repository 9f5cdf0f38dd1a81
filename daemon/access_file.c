/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/access.h"

/* Up to `size` bytes; -1 with errno set. */
static ssize_t read_up_to(int file, char *buffer, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t count = read(file, buffer + length, size - length);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        length += (size_t)count;
    }
    return (ssize_t)length;
}

static int check(const char *path, const char *token, size_t length, struct error *reterr)
{
    if (length == 0)
        return error_set(reterr, ERROR_INVALID, "the token file %s is empty", path);
    for (size_t i = 0; i < length && i < TOKEN_MOST; i++) {
        if (token[i] <= ' ' || token[i] > '~')
            return error_set(reterr, ERROR_INVALID, "the token file %s: byte %zu is no visible ASCII character", path,
                             i + 1);
    }
    if (length < TOKEN_LEAST || length > TOKEN_MOST)
        return error_set(reterr, ERROR_INVALID, "the token in the file %s is %s: it has %d to %d characters", path,
                         length < TOKEN_LEAST ? "too short" : "too long", TOKEN_LEAST, TOKEN_MOST);
    return 0;
}

int access_token_read(const char *path, char ret_token[static TOKEN_SIZE], struct error *reterr)
{
    /* Not to hang on a FIFO. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return error_set(reterr, ERROR_INVALID, "the token file %s cannot be read: %s", path, strerror(errno));
    /* A newline behind the longest token, and one byte that shows that there is more. */
    ssize_t count = read_up_to(file, ret_token, TOKEN_SIZE - 1);
    int failure = errno;
    close(file);
    if (count < 0)
        return error_set(reterr, ERROR_INVALID, "the token file %s cannot be read: %s", path, strerror(failure));
    size_t length = (size_t)count;
    if (length > 0 && ret_token[length - 1] == '\n')
        length--;
    ret_token[length] = '\0';
    return check(path, ret_token, length, reterr);
}
