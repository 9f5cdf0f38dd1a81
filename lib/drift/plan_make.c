/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a plan: compares, lets the engine's planner write statements, and puts them into order.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "drift/plan_work.h"

static const struct plan_dialect *const planners[] = {&plan_postgres, &plan_mysql, &plan_sqlite};

static const struct plan_dialect *planner_for(const char *engine)
{
    for (size_t i = 0; i < ARRAY_LENGTH(planners); i++)
        for (const char *const *name = planners[i]->engines; *name; name++)
            if (strcmp(*name, engine) == 0)
                return planners[i];
    return NULL;
}

const char *plan_keep(struct plan_maker *maker, struct strbuf *buffer)
{
    const char *copy = strbuf_ok(buffer) ? arena_strndup(maker->arena, strbuf_text(buffer), buffer->length) : NULL;
    strbuf_clear(buffer);
    if (!copy)
        maker->failed = true;
    return copy ? copy : "";
}

const char *plan_printf(struct plan_maker *maker, const char *format, ...)
{
    cleanup(strbuf) struct strbuf text = STRBUF(LIMIT_PLAN_BYTES);
    char *place = NULL;
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    if (length < 0 || !(place = strbuf_reserve(&text, (size_t)length + 1))) {
        maker->failed = true;
        return "";
    }
    va_start(list, format);
    (void)vsnprintf(place, (size_t)length + 1, format, list);
    va_end(list);
    strbuf_commit(&text, (size_t)length);
    return plan_keep(maker, &text);
}

/* Room for one more element of a growing array; NULL, and the maker failed, when memory is out. */
static void *add_element(struct plan_maker *maker, void *array_pointer, size_t *count, size_t *capacity, size_t size)
{
    if (maker->failed || !mem_grow(array_pointer, capacity, *count, size, LIMIT_PLAN_STATEMENTS)) {
        maker->failed = true;
        return NULL;
    }
    char *array = NULL;
    memcpy(&array, array_pointer, sizeof array);
    char *element = array + *count * size;
    memset(element, 0, size);
    ++*count;
    return element;
}

static void mark_ended(struct plan_maker *maker, const struct drift_item *item)
{
    maker->work->ended[item - maker->report->items] = true;
}

void plan_cover(struct plan_maker *maker, const struct drift_item *item)
{
    mark_ended(maker, item);
}

void plan_add(struct plan_maker *maker, const struct plan_task *task, const struct drift_item *const *items,
              size_t count, const struct plan_draft *draft)
{
    struct plan_work *work = maker->work;
    struct plan_entry *entry =
        add_element(maker, &work->entries, &work->entry_count, &work->entry_capacity, sizeof *entry);
    if (!entry)
        return;
    entry->draft = *draft;
    entry->sequence = work->entry_count;
    entry->item = count ? items[0]->id : NULL;
    if (!entry->draft.kind)
        entry->draft.kind = drift_kind_name(task->kind);
    if (!entry->draft.object)
        entry->draft.object = task->object;
    for (size_t i = 0; i < count; i++)
        mark_ended(maker, items[i]);
}

void plan_leave(struct plan_maker *maker, const struct drift_item *item, const char *format, ...)
{
    struct plan_work *work = maker->work;
    char reason[1024] = {0};
    va_list list;
    va_start(list, format);
    (void)vsnprintf(reason, sizeof reason, format, list);
    va_end(list);
    struct plan_unsolved *unsolved =
        add_element(maker, &work->unsolved, &work->unsolved_count, &work->unsolved_capacity, sizeof *unsolved);
    if (!unsolved)
        return;
    *unsolved = (struct plan_unsolved){item->id, item->object, plan_printf(maker, "%s", reason)};
    mark_ended(maker, item);
}

/* What no rule ended and nobody explained. */
static void leave_the_rest(struct plan_maker *maker)
{
    for (size_t i = 0; i < maker->work->task_count; i++) {
        const struct plan_task *task = &maker->work->tasks[i];
        for (size_t k = 0; k < task->item_count; k++) {
            const struct drift_item *item = task->items[k];
            if (maker->work->ended[item - maker->report->items])
                continue;
            if (item->severity == SEVERITY_INFO)
                plan_leave(maker, item, "this difference changes nothing for queries and is left as it is");
            else
                plan_leave(maker, item, "no statement for this difference is known: change it by hand");
        }
    }
}

static bool same_fact(const struct plan_guard *guard, const struct plan_guard *other)
{
    return strcmp(guard->object, other->object) == 0 && strcmp(guard->query, other->query) == 0;
}

/* The slot of a fact in the hash table, which is kept at most half full. */
static uint32_t *guard_slot(const struct plan_work *work, const struct plan_guard *guard)
{
    size_t mask = work->guard_slot_count - 1;
    size_t at = (size_t)hash64(guard->query, strlen(guard->query)) & mask;
    while (work->guard_slots[at] && !same_fact(&work->guards[work->guard_slots[at] - 1], guard))
        at = (at + 1) & mask;
    return &work->guard_slots[at];
}

static bool grow_slots(struct plan_work *work)
{
    if (work->guard_count * 2 < work->guard_slot_count)
        return true;
    size_t count = work->guard_slot_count ? work->guard_slot_count * 2 : 64;
    uint32_t *slots = mem_calloc(count, sizeof *slots);
    if (!slots)
        return false;
    mem_free(work->guard_slots);
    work->guard_slots = slots;
    work->guard_slot_count = count;
    for (size_t i = 0; i < work->guard_count; i++)
        *guard_slot(work, &work->guards[i]) = (uint32_t)i + 1;
    return true;
}

void plan_expect(struct plan_maker *maker, unsigned stage, const struct plan_guard *guard)
{
    struct plan_work *work = maker->work;
    if (maker->failed || !grow_slots(work)) {
        maker->failed = true;
        return;
    }
    uint32_t *slot = guard_slot(work, guard);
    if (*slot) {
        work->guards[*slot - 1].stages |= 1u << stage;
        return;
    }
    struct plan_guard *added =
        add_element(maker, &work->guards, &work->guard_count, &work->guard_capacity, sizeof *added);
    if (!added)
        return;
    *added = *guard;
    added->stages |= 1u << stage;
    *slot = (uint32_t)work->guard_count;
}

static int compare_numbers(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_entries(const void *a, const void *b)
{
    const struct plan_entry *left = a;
    const struct plan_entry *right = b;
    if (left->draft.stage != right->draft.stage)
        return compare_numbers(left->draft.stage, right->draft.stage);
    if (left->draft.phase != right->draft.phase)
        return compare_numbers(left->draft.phase, right->draft.phase);
    if (left->draft.rank != right->draft.rank)
        return compare_numbers(left->draft.rank, right->draft.rank);
    return compare_numbers(left->sequence, right->sequence);
}

/* A statement again, word for word (two tasks needed the same helper), stands once. */
static bool stands_already(const struct plan_statement *last, const struct plan_draft *draft)
{
    return last && last->stage == draft->stage && strcmp(last->sql, draft->sql) == 0;
}

static bool put_in_order(const struct plan_maker *maker, struct plan *plan)
{
    struct plan_work *work = maker->work;
    struct plan_statement *statements = arena_array(maker->arena, work->entry_count + 1, sizeof *statements);
    struct plan_unsolved *unsolved = arena_array(maker->arena, work->unsolved_count + 1, sizeof *unsolved);
    struct plan_guard *guards = arena_array(maker->arena, work->guard_count + 1, sizeof *guards);
    if (!statements || !unsolved || !guards)
        return false;
    if (work->entry_count)
        qsort(work->entries, work->entry_count, sizeof *work->entries, compare_entries);
    for (size_t i = 0; i < work->entry_count; i++) {
        const struct plan_draft *draft = &work->entries[i].draft;
        if (stands_already(plan->statement_count ? &statements[plan->statement_count - 1] : NULL, draft))
            continue;
        statements[plan->statement_count++] = (struct plan_statement){
            .sql = draft->sql,
            .stage = draft->stage,
            .item = work->entries[i].item,
            .kind = draft->kind,
            .object = draft->object,
            .lock = draft->lock,
            .hazards = draft->hazards,
            .transactional = !draft->not_transactional,
            .verify = draft->verify,
            .undo = draft->undo,
            .undo_note = draft->undo_note,
        };
    }
    if (work->unsolved_count)
        memcpy(unsolved, work->unsolved, work->unsolved_count * sizeof *unsolved);
    if (work->guard_count)
        memcpy(guards, work->guards, work->guard_count * sizeof *guards);
    plan->statements = statements;
    plan->unsolved = unsolved;
    plan->unsolved_count = work->unsolved_count;
    plan->guards = guards;
    plan->guard_count = work->guard_count;
    return true;
}

static int fill(struct plan *plan, struct error *reterr)
{
    cleanup(plan_work) struct plan_work work = {0};
    struct plan_maker maker = {
        .arena = plan->arena,
        .dialect = plan->dialect,
        .report = plan->report,
        .current = plan->report->live,
        .target = plan->report->reference,
        .work = &work,
    };
    if (!plan_group(&maker))
        return error_no_memory(reterr);
    if (plan->dialect->begin)
        plan->dialect->begin(&maker);
    if (!maker.failed)
        plan_apply_rules(&maker);
    if (!maker.failed && plan->dialect->end)
        plan->dialect->end(&maker);
    if (!maker.failed)
        leave_the_rest(&maker);
    if (maker.failed || !put_in_order(&maker, plan))
        return error_no_memory(reterr);
    digest_to_hex(maker.current->digest, plan->fingerprint_read);
    digest_to_hex(maker.target->digest, plan->fingerprint_left);
    return 0;
}

int plan_make(struct schema *reference, struct schema *live, const struct drift_policy *policy,
              enum plan_direction direction, int64_t now_ms, struct plan **ret_plan, struct error *reterr)
{
    struct schema *current = direction == PLAN_REVERT ? live : reference;
    struct schema *target = direction == PLAN_REVERT ? reference : live;
    const char *engine = schema_text(current, current->engine);
    const struct plan_dialect *dialect = planner_for(engine);
    *ret_plan = NULL;
    if (!dialect)
        return error_set(reterr, ERROR_UNSUPPORTED, "there are no plans for %s", engine);
    cleanup(arena) struct arena *arena = arena_new(LIMIT_PLAN_BYTES);
    cleanup(plan) struct plan *plan = arena ? arena_alloc(arena, sizeof *plan) : NULL;
    if (!plan)
        return error_no_memory(reterr);
    plan->arena = take(arena);
    plan->direction = direction;
    plan->dialect = dialect;
    if (drift_compare(target, current, policy, now_ms, &plan->report, reterr) < 0 || fill(plan, reterr) < 0)
        return -1;
    *ret_plan = take(plan);
    return 0;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    drift_report_free(plan->report);
    arena_free(plan->arena);
}

size_t plan_count(const struct plan *plan, unsigned stage)
{
    size_t count = 0;
    for (size_t i = 0; i < plan->statement_count; i++)
        count += stage == PLAN_ALL_STAGES || plan->statements[i].stage == stage;
    return count;
}
