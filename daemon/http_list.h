/* SPDX-License-Identifier: Apache-2.0
 *
 * A list with one line per row of a view set, judged row by row while it is sent, so that thousands of rows keep a loop
 * from nothing else. Short lists are rendered at once, with a length: a failure is still a 503 then. In a long one it
 * ends the connection before the end of the document. All lines are of one view set and one moment. On an HTTP loop.
 */
#ifndef MIGRATIOND_DAEMON_HTTP_LIST_H
#define MIGRATIOND_DAEMON_HTTP_LIST_H

#include "daemon/http_request.h"
#include "daemon/http_response.h"

/* When a list is judged. */
struct http_moment {
    int64_t monotonic_ms;
    int64_t unix_ms;
};

/* Writes one row as one value; false when memory is out. */
typedef bool http_list_line(const struct view_set *set, size_t row, struct http_moment now, struct json_writer *writer);

/* Answers with {"<name>": [rows…]}, `count` of them; the request has a view set. `name` is static. */
void http_list_respond(const struct http_request *request, const char *name, size_t count, http_list_line *line,
                       struct http_response *response);

#endif
