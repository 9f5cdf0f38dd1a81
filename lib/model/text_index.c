/* SPDX-License-Identifier: Apache-2.0 */
#include "model/text_index.h"

#include <string.h>

#include "base/digest.h"

bool text_index_init(struct text_index *index, struct arena *arena, size_t count)
{
    size_t slots = 4;
    while (slots / 2 < count)
        slots *= 2;
    index->slots = arena_array(arena, slots, sizeof *index->slots);
    index->slot_count = index->slots ? slots : 0;
    return index->slots != NULL;
}

/* The slot that holds `text` or would. */
static struct text_slot *slot_of(const struct text_index *index, const char *text)
{
    size_t mask = index->slot_count - 1;
    size_t at = (size_t)hash64(text, strlen(text)) & mask;
    while (index->slots[at].text && strcmp(index->slots[at].text, text) != 0)
        at = (at + 1) & mask;
    return &index->slots[at];
}

size_t text_index_add(struct text_index *index, const char *text, size_t number)
{
    struct text_slot *slot = slot_of(index, text);
    if (!slot->text)
        *slot = (struct text_slot){.text = text, .number = number};
    return slot->number;
}

size_t text_index_find(const struct text_index *index, const char *text)
{
    if (index->slot_count == 0)
        return TEXT_INDEX_NONE;
    const struct text_slot *slot = slot_of(index, text);
    return slot->text ? slot->number : TEXT_INDEX_NONE;
}
