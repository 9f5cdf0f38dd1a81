/* SPDX-License-Identifier: Apache-2.0
 *
 * Reloads asked for over HTTP and done by the main thread, so that `migrationctl reload` can wait and tell. Any thread
 * may ask; only the main thread performs.
 */
#ifndef MIGRATIOND_DAEMON_RELOAD_H
#define MIGRATIOND_DAEMON_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct reload;

struct reload *reload_new(void) __attribute__((warn_unused_result));
void reload_free(struct reload *reload);

/* Readable while a reload is asked for: the main thread polls it. */
int reload_fd(const struct reload *reload);

/* Asks for a reload that begins from now on. Returns a ticket for reload_ended. */
uint64_t reload_ask(struct reload *reload);

/* Whether the reload of that ticket has ended; then `*ret_outcome` is its error (ERROR_OK: it succeeded). */
bool reload_ended(struct reload *reload, uint64_t ticket, struct error *ret_outcome);

/* The main thread takes the requests so far, and books their common outcome when it has loaded. */
uint64_t reload_begin(struct reload *reload);
void reload_end(struct reload *reload, uint64_t ticket, const struct error *outcome);

DEFINE_CLEANUP(reload, struct reload *, reload_free);

#endif
