/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/postgres/number_map.h"

#include "base/alloc.h"

enum { FIRST_CAPACITY = 64, FIRST_SHIFT = 58 };

void number_map_done(struct number_map *map)
{
    mem_free(map->keys);
    mem_free(map->values);
    *map = (struct number_map){0};
}

/* The slot that holds `key`, or the free one where it belongs. */
static size_t slot_of(const struct number_map *map, uint64_t key)
{
    /* Keys are packed pairs and runs of neighbours: every bit has to reach the upper ones, which choose the slot. */
    uint64_t mixed = (key ^ key >> 32) * UINT64_C(0x9E3779B97F4A7C15);
    size_t slot = (size_t)((mixed ^ mixed >> 29) * UINT64_C(0xBF58476D1CE4E5B9) >> map->shift);
    while (map->keys[slot] && map->keys[slot] != key)
        slot = (slot + 1) & (map->capacity - 1);
    return slot;
}

static bool grow(struct number_map *map)
{
    struct number_map larger = {.capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY, .count = map->count};
    larger.shift = map->capacity ? map->shift - 1 : FIRST_SHIFT;
    larger.keys = mem_calloc(larger.capacity, sizeof *larger.keys);
    larger.values = mem_calloc(larger.capacity, sizeof *larger.values);
    if (!larger.keys || !larger.values) {
        number_map_done(&larger);
        return false;
    }
    for (size_t i = 0; i < map->capacity; i++) {
        if (!map->keys[i])
            continue;
        size_t slot = slot_of(&larger, map->keys[i]);
        larger.keys[slot] = map->keys[i];
        larger.values[slot] = map->values[i];
    }
    number_map_done(map);
    *map = larger;
    return true;
}

bool number_map_set(struct number_map *map, uint64_t key, uint32_t value)
{
    if (map->count + 1 > map->capacity / 3 * 2 && !grow(map))
        return false;
    size_t slot = slot_of(map, key);
    map->count += map->keys[slot] == 0;
    map->keys[slot] = key;
    map->values[slot] = value;
    return true;
}

bool number_map_get(const struct number_map *map, uint64_t key, uint32_t *ret_value)
{
    if (map->capacity == 0 || key == 0)
        return false;
    size_t slot = slot_of(map, key);
    if (!map->keys[slot])
        return false;
    *ret_value = map->values[slot];
    return true;
}

bool number_map_has(const struct number_map *map, uint64_t key)
{
    uint32_t value = 0;
    return number_map_get(map, key, &value);
}
