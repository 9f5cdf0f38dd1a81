/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/alloc.h"
#include "dialect/sql_definer.h"
#include "dialect/sql_script.h"
#include "engine/scratch_engine.h"

static const struct scratch_engine *const scratch_engines[] = {&postgres_scratch, &mysql_scratch, &sqlite_scratch};

static const struct scratch_engine *find_engine(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(scratch_engines); i++)
        for (const char *const *known = scratch_engines[i]->names; *known; known++)
            if (strcmp(*known, name) == 0)
                return scratch_engines[i];
    return NULL;
}

static int make_name(char ret_name[static SCRATCH_NAME_SIZE], struct error *reterr)
{
    unsigned char bytes[SCRATCH_DIGITS / 2] = {0};
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return error_set(reterr, ERROR_IO, "no random bytes: %s", strerror(errno));
    size_t length = (size_t)snprintf(ret_name, SCRATCH_NAME_SIZE, SCRATCH_PREFIX);
    for (size_t i = 0; i < sizeof bytes; i++)
        length += (size_t)snprintf(ret_name + length, SCRATCH_NAME_SIZE - length, "%02x", bytes[i]);
    return 0;
}

/* Whether `engine` (as a schema names it) lives on such a server: "mysql" stands for MariaDB, too. */
static bool lives_on(const struct scratch_engine *engine, const struct engine_target *server)
{
    for (const char *const *known = engine->names; *known; known++)
        if (strcmp(*known, server->ops->name) == 0)
            return true;
    return false;
}

int scratch_open(const struct scratch_request *request, struct deadline deadline, struct scratch **ret_scratch,
                 struct error *reterr)
{
    const struct scratch_engine *engine = find_engine(request->engine);
    char name[SCRATCH_NAME_SIZE] = "";
    if (!engine)
        return error_set(reterr, ERROR_UNSUPPORTED, "there are no scratch databases for '%s'", request->engine);
    if (engine->run && !request->server)
        return error_set(
            reterr, ERROR_UNSUPPORTED,
            "loading SQL for %s takes a server for a scratch database: name one as scratch (--scratch URL)",
            request->engine);
    if (engine->run && !lives_on(engine, request->server))
        return error_set(reterr, ERROR_UNSUPPORTED, "%s: the scratch server is no %s", request->server->display,
                         request->engine);
    if (make_name(name, reterr) < 0 || engine->open(request, name, deadline, ret_scratch, reterr) < 0)
        return -1;
    (*ret_scratch)->stop = request->stop;
    return 0;
}

static bool is_mysql(const struct scratch *scratch)
{
    return scratch->engine == &mysql_scratch;
}

static int run_statement(struct scratch *scratch, const struct sql_statement *statement, const char *name,
                         struct deadline deadline, struct error *reterr)
{
    struct error error = {0};
    if (statement->action == STATEMENT_SKIP)
        return 0;
    cleanup(free) char *sql = mem_strndup(statement->text, statement->length);
    if (!sql)
        return error_no_memory(reterr);
    if (is_mysql(scratch))
        sql_blank_definer(sql);
    if (scratch->engine->run(scratch, sql, deadline, &error) == 0)
        return 0;
    bool lost = error.code == ERROR_TIMEOUT || error.code == ERROR_UNREACHABLE || error.code == ERROR_NO_MEMORY;
    if (statement->action == STATEMENT_SETTING && !lost)
        return 0;
    if (reterr)
        *reterr = error;
    return scratch_fail_at(scratch, name, statement->line, reterr);
}

int scratch_run(struct scratch *scratch, const char *sql, size_t length, const char *name, struct deadline deadline,
                struct error *reterr)
{
    if (memchr(sql, '\0', length))
        return error_set(reterr, ERROR_INVALID, "%s: is no text: there is a NUL in it", name);
    if (scratch->engine->run_script)
        return scratch->engine->run_script(scratch, sql, length, name, deadline, reterr);
    struct sql_script script = {0};
    struct sql_statement statement = {0};
    sql_script_init(&script, is_mysql(scratch), sql, length, name);
    script.database = scratch->name;
    for (;;) {
        int more = sql_script_next(&script, &statement, reterr);
        if (more <= 0)
            return more;
        if (scratch_check_stop(scratch, reterr) < 0 || run_statement(scratch, &statement, name, deadline, reterr) < 0)
            return -1;
    }
}

const struct engine_target *scratch_target(const struct scratch *scratch)
{
    return scratch->target;
}

int scratch_give_up(struct scratch *scratch, struct error *reterr)
{
    struct error left = {0};
    struct error why = reterr ? *reterr : (struct error){0};
    if (scratch->engine->close(scratch, &left) == 0 || !reterr)
        return -1;
    return error_set(reterr, why.code, "%s; %s", why.message, left.message);
}

int scratch_close(struct scratch *scratch, struct error *reterr)
{
    return scratch ? scratch->engine->close(scratch, reterr) : 0;
}
