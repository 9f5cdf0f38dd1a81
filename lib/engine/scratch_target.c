/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engines' scratch databases share.
 */
#include <string.h>

#include "base/alloc.h"
#include "engine/scratch_engine.h"

static char *with_database(const char *display, const char *old, const char *database)
{
    size_t length = strlen(display);
    size_t tail = old ? strlen(old) + 1 : 0;
    if (tail > 0 && length > tail && display[length - tail] == '/' && strcmp(display + length - tail + 1, old) == 0)
        length -= tail;
    return mem_printf("%.*s/%s", (int)length, display, database);
}

int scratch_target_copy(const struct engine_target *server, const char *database, struct engine_target **ret_target,
                        struct error *reterr)
{
    cleanup(engine_target) struct engine_target *copy = NULL;
    if (engine_target_copy(server, server->password, &copy, reterr) < 0)
        return -1;
    cleanup(free) char *display = with_database(copy->display, copy->database, database);
    cleanup(free) char *name = mem_strdup(database);
    if (!display || !name)
        return error_no_memory(reterr);
    mem_free(copy->display);
    mem_free(copy->database);
    copy->display = take(display);
    copy->database = take(name);
    *ret_target = take(copy);
    return 0;
}

int scratch_check_stop(const struct scratch *scratch, struct error *reterr)
{
    if (!scratch->stop || !*scratch->stop)
        return 0;
    return error_set(reterr, ERROR_TIMEOUT, "%s: told to stop", scratch->target->display);
}

int scratch_fail_at(const struct scratch *scratch, const char *name, unsigned line, struct error *reterr)
{
    if (!reterr)
        return -1;
    size_t address = strlen(scratch->target->display);
    struct error error = *reterr;
    const char *message = error.message;
    if (strncmp(message, scratch->target->display, address) == 0 && strncmp(message + address, ": ", 2) == 0)
        message += address + 2;
    bool ours = error.code == ERROR_TIMEOUT || error.code == ERROR_UNREACHABLE || error.code == ERROR_NO_MEMORY ||
                error.code == ERROR_FORBIDDEN || error.code == ERROR_IO;
    error_set(reterr, ours ? error.code : ERROR_INVALID, "%s:%u: %s", name, line, message);
    reterr->native = error.native;
    memcpy(reterr->sqlstate, error.sqlstate, sizeof reterr->sqlstate);
    return -1;
}
