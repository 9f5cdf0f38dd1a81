/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report.h"

void report_problem(struct json_writer *writer, int status, const char *title, const char *detail,
                    const char *extra_key, const char *extra_value)
{
    json_open_object(writer);
    json_key_string(writer, "type", "about:blank");
    json_key_string(writer, "title", title);
    json_key_integer(writer, "status", status);
    json_key_string(writer, "detail", detail);
    if (extra_key)
        json_key_string(writer, extra_key, extra_value);
    json_close_object(writer);
}
