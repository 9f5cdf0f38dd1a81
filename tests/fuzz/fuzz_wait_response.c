/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers of HTTP servers: they read the same however they arrive, and within their bounds.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/wait_response.h"

enum { BODY_LIMIT = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_in_pieces(const char *text, size_t size, size_t piece, struct wait_response *ret_response)
{
    wait_response_init(ret_response, BODY_LIMIT);
    for (size_t at = 0; at < size; at += piece)
        wait_response_feed(ret_response, text + at, size - at < piece ? size - at : piece);
    wait_response_end(ret_response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    static const size_t pieces[] = {1, 7};
    cleanup(wait_response) struct wait_response whole = {0};
    read_in_pieces(text, size, size > 0 ? size : 1, &whole);
    require(wait_response_is_whole(&whole) == (whole.problem[0] == '\0'));
    require(whole.body.length <= BODY_LIMIT);
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        cleanup(wait_response) struct wait_response other = {0};
        read_in_pieces(text, size, pieces[i], &other);
        require(strcmp(whole.problem, other.problem) == 0);
        if (whole.problem[0])
            continue;
        require(whole.status == other.status && whole.status >= 200 && whole.status < 600);
        require(whole.body.length == other.body.length && whole.retry_after_ms == other.retry_after_ms);
        require(memcmp(strbuf_text(&whole.body), strbuf_text(&other.body), whole.body.length) == 0);
    }
    return 0;
}
