/* SPDX-License-Identifier: Apache-2.0
 *
 * A URL taken apart into borrowed spans, nothing decoded: `scheme://user:password@hosts/path?query`. Pure.
 */
#ifndef MIGRATIOND_ENGINE_URL_H
#define MIGRATIOND_ENGINE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct url_span {
    const char *text; /* NULL: the part is not there, which differs from an empty one */
    size_t length;
};

struct url_parts {
    struct url_span scheme;
    struct url_span user;
    struct url_span password;
    struct url_span hosts;
    struct url_span path; /* with its first slash; NULL if there is none */
    struct url_span query;
};

/* Fails with ERROR_INVALID; no message quotes anything behind the scheme, where a secret may stand. */
int url_split(const char *url, struct url_parts *ret_parts, struct error *reterr);

/* Splits the next `name=value` off `rest`; false when nothing is left. */
bool url_next_parameter(struct url_span *rest, struct url_span *ret_name, struct url_span *ret_value);

/* Splits the next part before `separator` off `rest`; false when nothing is left (`rest->text` becomes NULL). */
bool url_next_part(struct url_span *rest, char separator, struct url_span *ret_part);

/* Whether a parameter of that (encoded) name holds a secret. */
bool url_is_secret(struct url_span name);

/* Percent-decodes into a new string (mem_free). NUL and broken escapes are ERROR_INVALID; `what` stands in messages. */
int url_decode(struct url_span span, const char *what, char **ret_text, struct error *reterr);

#endif
