/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration files. What is refused is refused at a place; what is accepted prints as a configuration that means the
 * same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"

enum { PRINT_LIMIT = 64 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A password in a URL prints as ***, which is another URL. */
static bool hides_something(const char *printed)
{
    return strstr(printed, "***") != NULL;
}

/* Every database is a gate of its own name, except replicas. */
static size_t least_gates(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->database_count; i++)
        count += !config->databases[i].replica_of;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {.code = ERROR_OK};
    cleanup(config) struct config *config = NULL;
    cleanup(config) struct config *again = NULL;
    cleanup(strbuf) struct strbuf first = STRBUF(PRINT_LIMIT);
    cleanup(strbuf) struct strbuf second = STRBUF(PRINT_LIMIT);
    if (config_parse((const char *)data, size, "f", &config, &error) < 0) {
        require(error.code == ERROR_NO_MEMORY || strncmp(error.message, "f:", 2) == 0);
        return 0;
    }
    require(config->database_count > 0 && config->gate_count >= least_gates(config));
    require(config_print(config, &first) == 0);
    if (hides_something(strbuf_text(&first)) || first.length > 1 << 20)
        return 0;
    require(config_parse(strbuf_text(&first), first.length, "f", &again, &error) == 0);
    require(config_print(again, &second) == 0);
    require(strcmp(strbuf_text(&first), strbuf_text(&second)) == 0);
    return 0;
}
