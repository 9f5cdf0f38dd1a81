/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds texts by hash: text → number, each text once. Borrows the texts; its memory is the arena's. One thread builds,
 * any may search afterwards.
 */
#ifndef MIGRATIOND_MODEL_TEXT_INDEX_H
#define MIGRATIOND_MODEL_TEXT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define TEXT_INDEX_NONE SIZE_MAX

struct text_index {
    struct text_slot {
        const char *text; /* NULL: free */
        size_t number;
    } * slots;
    size_t slot_count; /* a power of two, at least twice the number of texts */
};

/* Room for `count` texts; false when memory is out. */
bool text_index_init(struct text_index *index, struct arena *arena, size_t count) __attribute__((warn_unused_result));

/* The number under which `text` stands: `number` if it is new, else the earlier one. Never more texts than announced.
 */
size_t text_index_add(struct text_index *index, const char *text, size_t number);

/* TEXT_INDEX_NONE if it is not there. An index that was only zeroed is empty. */
size_t text_index_find(const struct text_index *index, const char *text);

#endif
