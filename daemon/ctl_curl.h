/* SPDX-License-Identifier: Apache-2.0
 *
 * What every request of migrationctl has in common, whether its answer comes at once or goes on for days.
 * Single-threaded.
 */
#ifndef MIGRATIOND_DAEMON_CTL_CURL_H
#define MIGRATIOND_DAEMON_CTL_CURL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "daemon/ctl.h"

/* The daemon's address, with `path` behind it, and how it is spoken to. `error` has CURL_ERROR_SIZE bytes, lives as
 * long as `curl`, and says what is wrong where false is returned. */
bool ctl_curl_set_up(CURL *curl, const struct ctl_options *options, const char *path, char *error);

/* What became of the request, where libcurl's own words do not say whom it was for. */
void ctl_curl_describe(CURL *curl, CURLcode code, const struct ctl_options *options, char *error);

#endif
