/* SPDX-License-Identifier: Apache-2.0 */
#include "check/backup_memory.h"

#include <string.h>

#include "base/alloc.h"

static void drop_walk(struct backup_memory *memory)
{
    backup_walk_free(memory->walk);
    memory->walk = NULL;
}

static void free_memory(struct check_memory *check_memory)
{
    struct backup_memory *memory = (struct backup_memory *)check_memory;
    drop_walk(memory);
    mem_free(memory);
}

struct backup_memory *backup_memory_get(struct check_memory **memory)
{
    if (*memory)
        return (struct backup_memory *)*memory;
    struct backup_memory *made = mem_calloc(1, sizeof *made);
    if (!made)
        return NULL;
    made->memory.free = free_memory;
    *memory = &made->memory;
    return made;
}

static bool is_same_file(const struct backup_identity *a, const struct backup_identity *b)
{
    return a->device == b->device && a->inode == b->inode;
}

static struct backup_sight look_again(const struct backup_memory *memory, const struct backup_identity *identity)
{
    struct backup_sight sight = {.identity = *identity, .since_ms = monotonic_ms()};
    for (size_t i = 0; i < memory->count; i++) {
        if (backup_identity_equal(&memory->sights[i].identity, identity))
            return memory->sights[i];
        if (is_same_file(&memory->sights[i].identity, identity))
            sight.grew = true;
    }
    return sight;
}

void backup_memory_see(struct backup_memory *memory, const struct backup_list *list)
{
    struct backup_sight sights[BACKUP_MATCHES] = {0};
    bool walked = false;
    for (size_t i = 0; i < list->count; i++) {
        sights[i] = look_again(memory, &list->files[i].identity);
        walked = walked || backup_identity_equal(&memory->walked, &sights[i].identity);
    }
    memcpy(memory->sights, sights, sizeof sights);
    memory->count = list->count;
    if (!walked)
        drop_walk(memory);
}

int backup_memory_read(struct backup_memory *memory, struct backup_sight *sight, const struct backup_file *file,
                       struct deadline deadline, struct error *reterr)
{
    if (!backup_identity_equal(&memory->walked, &sight->identity))
        drop_walk(memory);
    memory->walked = sight->identity;
    if (!memory->walk && backup_walk_new(file, &memory->walk, reterr) < 0)
        return -1;
    if (backup_walk_on(memory->walk, file, deadline, reterr) < 0) {
        drop_walk(memory);
        return -1;
    }
    if (memory->walk->verdict == BACKUP_READING)
        return 0;
    sight->verdict = memory->walk->verdict;
    memcpy(sight->detail, memory->walk->detail, sizeof sight->detail);
    drop_walk(memory);
    return 0;
}

void backup_memory_forget(struct backup_memory *memory, struct backup_sight *sight)
{
    if (backup_identity_equal(&memory->walked, &sight->identity))
        drop_walk(memory);
    *sight = (struct backup_sight){.identity = sight->identity, .since_ms = monotonic_ms(), .grew = true};
}
