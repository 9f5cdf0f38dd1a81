/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/ctl_drift.h"

static bool make(const char *path)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        return true;
    ctl_fail(CTL_TROUBLE, "%s: %s", path, strerror(errno));
    return false;
}

bool ctl_make_directory(const char *directory, enum ctl_folder folder, char ret_path[static CTL_PATH])
{
    char name[64] = "";
    time_t now = time(NULL);
    struct tm utc = {0};
    if (!gmtime_r(&now, &utc))
        utc = (struct tm){0};
    size_t length = strftime(name, sizeof name, "%Y-%m-%d", &utc);
    if (folder == FOLDER_OF_SECOND)
        strftime(name + length, sizeof name - length, "T%H-%M-%SZ", &utc);
    if (snprintf(ret_path, CTL_PATH, "%s/%s", directory, name) >= CTL_PATH) {
        ctl_fail(CTL_TROUBLE, "the path of the directory is too long");
        return false;
    }
    return make(directory) && make(ret_path);
}

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

bool ctl_write_file(const char *directory, const char *name, const struct strbuf *text)
{
    char path[CTL_PATH + 64] = "";
    char unfinished[CTL_PATH + 80] = "";
    if (!strbuf_ok(text)) {
        ctl_fail(CTL_TROUBLE, "out of memory for %s", name);
        return false;
    }
    snprintf(path, sizeof path, "%s/%s", directory, name);
    snprintf(unfinished, sizeof unfinished, "%s.unfinished", path);
    int file = open(unfinished, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool good = file >= 0 && write_all(file, strbuf_text(text), text->length) && fsync(file) == 0;
    int reason = errno;
    if (file >= 0 && close(file) < 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && rename(unfinished, path) == 0)
        return true;
    reason = good ? errno : reason;
    if (file >= 0)
        unlink(unfinished);
    ctl_fail(CTL_TROUBLE, "%s: %s", path, strerror(reason));
    return false;
}
