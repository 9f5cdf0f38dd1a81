/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON as migration-wait reads it: what jansson refuses is refused, what it takes is taken (but for members that stand
 * twice, and numbers beyond all reason). Gates' answers are read from the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "daemon/wait_json.h"
#include "daemon/wait_verdict.h"
#include "json/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool is_read(const char *text, size_t size, bool *ret_odd)
{
    struct wait_json json;
    enum wait_json_event event = WAIT_JSON_NULL;
    wait_json_open_text(&json, text, size);
    do {
        event = wait_json_next(&json);
        require(json.length == strlen(json.text) && json.length < sizeof json.text);
    } while (event != WAIT_JSON_END && event != WAIT_JSON_PROBLEM);
    require((event == WAIT_JSON_PROBLEM) == (json.problem[0] != '\0'));
    *ret_odd = json.problem[0] && strstr(json.problem, "too large, or too long");
    return event == WAIT_JSON_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    char problem[200] = "";
    bool odd = false;
    struct wait_verdict verdict = {0};
    struct error error = {0};
    cleanup(json_document) struct json_document *document = NULL;
    bool ours = is_read(text, size, &odd);
    bool theirs = json_parse(text, size, LIMIT_JSON_BYTES, "fuzz", &document, &error) == 0;
    /* jansson 2.14 passes over a NUL behind a word. */
    bool jansson_is_odd = !ours && size > 0 && memchr(text, '\0', size);
    if (ours != theirs)
        require((ours && strstr(error.message, "duplicate")) || odd || jansson_is_odd);
    if (!wait_verdict_read(text, size, &verdict, problem, sizeof problem))
        require(problem[0] && verdict.state == WAIT_GATE_NONE);
    else
        require(ours);
    return 0;
}
