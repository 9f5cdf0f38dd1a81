/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/alloc.h"

struct reload {
    pthread_mutex_t lock;
    int event;
    uint64_t asked;
    uint64_t ended;
    struct error outcome;
};

struct reload *reload_new(void)
{
    struct reload *reload = mem_calloc(1, sizeof *reload);
    if (!reload)
        return NULL;
    reload->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (reload->event < 0) {
        mem_free(reload);
        return NULL;
    }
    pthread_mutex_init(&reload->lock, NULL);
    return reload;
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    close(reload->event);
    pthread_mutex_destroy(&reload->lock);
    mem_free(reload);
}

int reload_fd(const struct reload *reload)
{
    return reload->event;
}

uint64_t reload_ask(struct reload *reload)
{
    pthread_mutex_lock(&reload->lock);
    uint64_t ticket = ++reload->asked;
    pthread_mutex_unlock(&reload->lock);
    /* An event counter takes more than can be asked for; a failed write only means that it is readable already. */
    (void)!eventfd_write(reload->event, 1);
    return ticket;
}

bool reload_ended(struct reload *reload, uint64_t ticket, struct error *ret_outcome)
{
    pthread_mutex_lock(&reload->lock);
    bool ended = reload->ended >= ticket;
    if (ended)
        *ret_outcome = reload->outcome;
    pthread_mutex_unlock(&reload->lock);
    return ended;
}

uint64_t reload_begin(struct reload *reload)
{
    eventfd_t count = 0;
    (void)!eventfd_read(reload->event, &count);
    pthread_mutex_lock(&reload->lock);
    uint64_t ticket = reload->asked;
    pthread_mutex_unlock(&reload->lock);
    return ticket;
}

void reload_end(struct reload *reload, uint64_t ticket, const struct error *outcome)
{
    pthread_mutex_lock(&reload->lock);
    reload->ended = ticket;
    reload->outcome = *outcome;
    pthread_mutex_unlock(&reload->lock);
}
