/* SPDX-License-Identifier: Apache-2.0
 *
 * A hash table from numbers other than 0 to numbers: catalogues name everything by object identifiers. Open addressing,
 * twelve bytes per slot, no removal. One thread.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_NUMBER_MAP_H
#define MIGRATIOND_ENGINE_POSTGRES_NUMBER_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct number_map {
    uint64_t *keys; /* 0: free slot */
    uint32_t *values;
    size_t capacity; /* power of two, or 0 */
    unsigned shift;  /* leaves as many bits of a hash as a slot's number has */
    size_t count;
};

void number_map_done(struct number_map *map);

/* Sets or replaces; false when memory is out. */
bool number_map_set(struct number_map *map, uint64_t key, uint32_t value) __attribute__((warn_unused_result));

bool number_map_get(const struct number_map *map, uint64_t key, uint32_t *ret_value);
bool number_map_has(const struct number_map *map, uint64_t key);

#endif
