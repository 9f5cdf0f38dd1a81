/* SPDX-License-Identifier: Apache-2.0
 *
 * One request and its answer, as libmicrohttpd's callbacks see it: begun with the request line, guarded when the
 * headers are there, answered when the body is there, perhaps held in between. A reply must not be queued in the first
 * call of the handler, or the connection is closed after it; refusals use that on purpose. All on the loop's own
 * thread.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_EXCHANGE_H
#define MIGRATIOND_DAEMON_HTTP_EXCHANGE_H

#include <microhttpd.h>

#include "daemon/http_loop.h"

/* libmicrohttpd's callbacks; `payload` is the loop. */
void *http_exchange_begin(void *payload, const char *target, struct MHD_Connection *mhd);
enum MHD_Result http_exchange_handle(void *payload, struct MHD_Connection *mhd, const char *url, const char *method,
                                     const char *version, const char *upload, size_t *upload_size, void **state);
void http_exchange_complete(void *payload, struct MHD_Connection *mhd, void **state,
                            enum MHD_RequestTerminationCode code);

/* Frees the exchange of a connection that ends; accepts NULL. */
void http_exchange_free(struct http_exchange *exchange);

/* The released callback of the loop's waiters; `owner` is the exchange. */
void http_exchange_released(void *owner, const struct http_response *released);

/* Resumes the polled exchanges that are ready or late, or all of them. Returns whether any is still held. */
bool http_exchange_turn_polls(struct http_loop *loop, bool all);

#endif
