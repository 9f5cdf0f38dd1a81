/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/tool_locks.h"

#include <stdarg.h>
#include <string.h>

#include "base/digest.h"

static struct lock_check *add_check(struct lock_plan *plan, enum lock_form form)
{
    if (plan->count >= LOCK_PLAN_MAXIMUM) {
        plan->failed = true;
        return NULL;
    }
    struct lock_check *check = &plan->checks[plan->count++];
    *check = (struct lock_check){.request = {.form = form}};
    return check;
}

static __attribute__((format(printf, 2, 0))) const char *add_name(struct lock_plan *plan, const char *format,
                                                                  va_list arguments)
{
    const char *name = arena_vprintf(plan->arena, format, arguments);
    plan->failed = plan->failed || !name;
    return name;
}

void lock_plan_advisory(struct lock_plan *plan, int64_t key)
{
    struct lock_check *check = add_check(plan, LOCK_ADVISORY);
    if (!check)
        return;
    check->request.advisory_class = (uint32_t)((uint64_t)key >> 32);
    check->request.advisory_object = (uint32_t)(uint64_t)key;
}

void lock_plan_named(struct lock_plan *plan, const char *format, ...)
{
    struct lock_check *check = add_check(plan, LOCK_NAMED);
    if (!check)
        return;
    va_list arguments;
    va_start(arguments, format);
    check->request.name = add_name(plan, format, arguments);
    va_end(arguments);
}

void lock_plan_relation(struct lock_plan *plan, const char *schema, const char *table)
{
    struct lock_check *check = add_check(plan, LOCK_RELATION);
    if (!check)
        return;
    check->request.schema = arena_strdup(plan->arena, schema);
    check->request.table = arena_strdup(plan->arena, table);
    plan->failed = plan->failed || !check->request.schema || !check->request.table;
}

void lock_plan_relation_weak(struct lock_plan *plan, const char *schema, const char *table)
{
    lock_plan_relation(plan, schema, table);
    if (!plan->failed)
        plan->checks[plan->count - 1].request.weak = true;
}

void lock_plan_row(struct lock_plan *plan, const struct lock_row *row, const char *schema, const char *format, ...)
{
    struct lock_check *check = add_check(plan, LOCK_NONE);
    if (!check)
        return;
    va_list arguments;
    va_start(arguments, format);
    check->table = add_name(plan, format, arguments);
    va_end(arguments);
    check->schema = arena_strdup(plan->arena, schema);
    check->row = row;
    plan->failed = plan->failed || !check->schema;
}

bool server_is_postgres(const struct server_facts *server)
{
    return strcmp(server->engine, "postgres") == 0;
}

bool server_is_mysql(const struct server_facts *server)
{
    return strcmp(server->engine, "mysql") == 0 || strcmp(server->engine, "mariadb") == 0;
}

bool server_is_sqlite(const struct server_facts *server)
{
    return strcmp(server->engine, "sqlite") == 0;
}

uint32_t lock_crc32(const char *text)
{
    return checksum_crc32(0, text, strlen(text));
}

void tool_locks_written_table(const struct journal_address *address, const struct server_facts *server,
                              struct lock_plan *plan)
{
    if (server_is_postgres(server))
        lock_plan_relation(plan, address->schema, address->table);
}
