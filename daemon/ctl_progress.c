/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/ctl_progress.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"

enum { LINE_SIZE = 80, PATIENCE_SECONDS = 1 };

struct ctl_progress {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    char line[LINE_SIZE]; /* under the mutex, as all below */
    bool stale;           /* the line is another than the one that was written */
    bool ended;
};

static void write_line(struct ctl_progress *progress)
{
    fprintf(stderr, "\r\033[K%s", progress->line);
    fflush(stderr);
    progress->stale = false;
}

/* Entered and left with the mutex held. */
static void be_patient(struct ctl_progress *progress)
{
    struct timespec until = {0};
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += PATIENCE_SECONDS;
    while (!progress->ended && pthread_cond_timedwait(&progress->changed, &progress->mutex, &until) == 0)
        continue;
}

static void *run(void *payload)
{
    struct ctl_progress *progress = payload;
    bool written = false;
    pthread_mutex_lock(&progress->mutex);
    be_patient(progress);
    while (!progress->ended) {
        if (progress->stale) {
            write_line(progress);
            written = true;
        }
        pthread_cond_wait(&progress->changed, &progress->mutex);
    }
    pthread_mutex_unlock(&progress->mutex);
    if (written)
        fputs("\r\033[K", stderr);
    return NULL;
}

static void destroy(struct ctl_progress *progress)
{
    pthread_cond_destroy(&progress->changed);
    pthread_mutex_destroy(&progress->mutex);
    mem_free(progress);
}

static struct ctl_progress *make(void)
{
    struct ctl_progress *progress = mem_calloc(1, sizeof *progress);
    pthread_condattr_t clock;
    if (!progress)
        return NULL;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_mutex_init(&progress->mutex, NULL);
    pthread_cond_init(&progress->changed, &clock);
    pthread_condattr_destroy(&clock);
    return progress;
}

struct ctl_progress *ctl_progress_new(void)
{
    const char *terminal = getenv("TERM");
    if (!isatty(STDERR_FILENO) || !terminal || strcmp(terminal, "dumb") == 0)
        return NULL;
    struct ctl_progress *progress = make();
    if (!progress)
        return NULL;
    if (pthread_create(&progress->thread, NULL, run, progress) == 0)
        return progress;
    destroy(progress);
    return NULL;
}

void ctl_progress_say(struct ctl_progress *progress, const char *format, ...)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->mutex);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(progress->line, sizeof progress->line, format, arguments);
    va_end(arguments);
    utf8_make_line(progress->line, sizeof progress->line);
    progress->stale = true;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
}

void ctl_progress_free(struct ctl_progress *progress)
{
    if (!progress)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->ended = true;
    pthread_cond_signal(&progress->changed);
    pthread_mutex_unlock(&progress->mutex);
    pthread_join(progress->thread, NULL);
    destroy(progress);
}
