/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/notify.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/deadline.h"

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void notify_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
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
        good += verdict_health(verdict) == HEALTH_PASS;
        behind += verdict->state == STATE_PENDING;
        unknown += verdict->state == STATE_UNKNOWN;
    }
    sd_notifyf(0, "STATUS=%u/%zu ok, %u behind, %u unknown; %lld waiters", good, set->count, behind, unknown,
               (long long)waiters);
}
