/* SPDX-License-Identifier: Apache-2.0
 *
 * In which form a report is wanted: `?format=` wins, then Accept by its weights, then JSON. Pure; any thread.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_FORMAT_H
#define MIGRATIOND_DAEMON_HTTP_FORMAT_H

#include "daemon/http_request.h"
#include "daemon/http_response.h"
#include "report/report_format.h"

enum http_format { FORMAT_JSON, FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_SQL, HTTP_FORMATS };

/* `known` has a bit per format that the route can give. False, with a 400 answered, for another one. */
bool http_format_choose(const struct http_request *request, unsigned known, struct http_response *response,
                        enum http_format *ret_format);

/* Gives the response its status, its Content-Type and an empty body for that form. */
void http_format_begin(struct http_response *response, int status, enum http_format format);

/* Appends the report to the body, in that form. */
void http_format_render(struct http_response *response, enum report_kind kind, enum http_format format,
                        const struct report_subject *subject);

/* Turns a body that could not be written (memory) into a 503 problem. */
void http_format_end(struct http_response *response);

#endif
