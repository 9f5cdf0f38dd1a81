/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of server-sent events (the HTML standard, "Server-sent events"): a few fields, one per line, and an empty
 * line behind each event. Pure; failure is the buffer's.
 */
#ifndef MIGRATIOND_DAEMON_SSE_H
#define MIGRATIOND_DAEMON_SSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

enum { SSE_EPOCH_SIZE = 17, SSE_ID_SIZE = SSE_EPOCH_SIZE + 1 + 20 };

/* "0f1e2d3c4b5a6978-42": which process, and the number of its newest event that the client has. */
void sse_id(char ret_id[static SSE_ID_SIZE], const char *epoch, uint64_t number);

/* False if `text` is none. */
bool sse_id_parse(const char *text, char ret_epoch[static SSE_EPOCH_SIZE], uint64_t *ret_number);

/* One event. `id` NULL: the client keeps the one before. Line breaks in `data` become several data lines, which the
 * client joins again; `name` and `id` have none. */
void sse_add_event(struct strbuf *out, const char *name, const char *id, const char *data);

/* An event whose data is put together piece by piece: what stands between these must be one line. */
void sse_open_event(struct strbuf *out, const char *name, const char *id);
void sse_close_event(struct strbuf *out);

/* How long a client should wait before it comes back. */
void sse_add_retry(struct strbuf *out, int64_t milliseconds);

/* Nothing happened; shows both sides that the other is there, and moves the client's id on. */
void sse_add_heartbeat(struct strbuf *out, const char *id);

#endif
