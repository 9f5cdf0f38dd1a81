/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"

enum {
    STATE_SIZE = 256,
    CHANGE_MS = 1000, /* how long a change of state waits for a manager that is behind */
};

/* The manager's socket; false when there is none, or none that can be addressed. */
static bool find_manager(struct sockaddr_un *address, socklen_t *ret_length)
{
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof address->sun_path || (*path != '/' && *path != '@'))
        return false;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, length);
    if (*path == '@')
        address->sun_path[0] = '\0';
    *ret_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

/* sd_notify() waits for as long as the manager leaves its messages unread, and this thread takes the signals: one that
 * cannot be delivered in time is dropped, a status and a keep-alive at once. */
static void tell(const char *state, int wait_ms)
{
    struct sockaddr_un address;
    socklen_t length = 0;
    if (!find_manager(&address, &length))
        return;
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return;
    struct deadline deadline = deadline_in(wait_ms);
    if (connect(descriptor, (const struct sockaddr *)&address, length) == 0) {
        while (send(descriptor, state, strlen(state), MSG_NOSIGNAL) < 0 && errno == EAGAIN &&
               !deadline_passed(deadline))
            poll(&(struct pollfd){.fd = descriptor, .events = POLLOUT}, 1, deadline_left_ms(deadline));
    }
    close(descriptor);
}

void notify_ready(void)
{
    tell("READY=1", CHANGE_MS);
}

void notify_reloading(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    char state[STATE_SIZE] = "";
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(state, CHANGE_MS);
}

void notify_stopping(void)
{
    tell("STOPPING=1", 0);
}

void notify_alive(void)
{
    tell("WATCHDOG=1", 0);
}

int64_t notify_watchdog_ms(void)
{
    uint64_t microseconds = 0;
    if (sd_watchdog_enabled(0, &microseconds) <= 0)
        return 0;
    return (int64_t)(microseconds / 2000);
}

int notify_socket(const char *name)
{
    char **names = NULL;
    int count = sd_listen_fds_with_names(0, &names);
    int found = -1;
    for (int i = 0; i < count; i++) {
        if (found < 0 && strcmp(names[i], name) == 0)
            found = SD_LISTEN_FDS_START + i;
        free(names[i]);
    }
    free(names);
    return found;
}

/* Said last: a manager that is slow to read is not sent the same again and again, since sending waits for it. */
static char said[160];

void notify_status(const struct view_set *set, int64_t waiters)
{
    unsigned good = 0;
    unsigned behind = 0;
    unsigned unknown = 0;
    struct timespec wall = {0};
    clock_gettime(CLOCK_REALTIME, &wall);
    for (size_t i = 0; i < set->count; i++) {
        cleanup(arena) struct arena *arena = arena_new(SIZE_MAX);
        struct database_report report = {0};
        if (!arena ||
            view_judge(set->views[i], NULL, monotonic_ms(), (int64_t)wall.tv_sec * 1000, arena, &report, NULL) < 0)
            return;
        const struct verdict *verdict = &report.journals[report.worst].verdict;
        good += verdict_health(verdict) == HEALTH_PASS &&
                report_checks_health(report.checks, report.check_count) != HEALTH_FAIL;
        behind += verdict->state == STATE_PENDING;
        unknown += verdict->state == STATE_UNKNOWN;
    }
    char status[sizeof said] = "";
    snprintf(status, sizeof status, "STATUS=%u/%zu ok, %u behind, %u unknown; %lld waiters", good, set->count, behind,
             unknown, (long long)waiters);
    if (strcmp(status, said) == 0)
        return;
    memcpy(said, status, sizeof said);
    sd_notify(0, status);
}
