/* SPDX-License-Identifier: Apache-2.0
 *
 * Interns runs of attributes while a schema is built: each distinct run stands once in one growing array and is named
 * by the index of its first element; the run at 0 is empty. The hash table is thrown away when the array is handed
 * over. Owned by one schema builder.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_RUNS_H
#define MIGRATIOND_MODEL_SCHEMA_RUNS_H

#include "model/schema.h"

struct schema_runs {
    struct schema_attribute *items; /* the runs, each with its ATTRIBUTE_END */
    size_t count;
    size_t capacity;
    uint32_t *slots;   /* open addressing; index of a run, 0 free */
    size_t slot_count; /* a power of two, or 0 */
    size_t used;
    struct schema_attribute *run; /* the one at hand */
    size_t run_count;
    size_t run_capacity;
};

enum schema_runs_result { RUNS_OK, RUNS_FULL, RUNS_NO_MEMORY };

/* Begins a run with what the run at `start` holds; 0 begins an empty one. */
enum schema_runs_result schema_runs_begin(struct schema_runs *runs, uint32_t start);

/* Adds to the run at hand by the rules of schema_builder_attributes. */
enum schema_runs_result schema_runs_add(struct schema_runs *runs, struct schema_attribute attribute);

/* Sorts and interns the run at hand; `pool` holds its texts. */
enum schema_runs_result schema_runs_end(struct schema_runs *runs, const char *pool, uint32_t *ret_start);

/* Frees everything else and hands over the array (mem_free), shrunk to `*ret_count`; NULL when memory is out. */
struct schema_attribute *schema_runs_steal(struct schema_runs *runs, size_t *ret_count)
    __attribute__((warn_unused_result));

void schema_runs_done(struct schema_runs *runs);

#endif
