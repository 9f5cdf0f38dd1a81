/* SPDX-License-Identifier: Apache-2.0 */
#include "model/schema_canonical.h"

#include "base/alloc.h"
#include "base/limits.h"

enum { FIRST_SLOTS = 256 };

/* How much longer than its text a canonical form may be. */
enum { CANONICAL_GROWTH = 8 };

void schema_canonical_init(struct schema_canonical *canonical, const struct dialect *dialect, const char *pool)
{
    *canonical = (struct schema_canonical){
        .dialect = dialect, .pool = pool, .scratch = STRBUF(CANONICAL_GROWTH * (size_t)LIMIT_DEFINITION_BYTES)};
}

void schema_canonical_done(struct schema_canonical *canonical)
{
    mem_free(canonical->slots);
    strbuf_done(&canonical->scratch);
}

bool schema_canonical_applies(const struct schema_canonical *canonical, enum text_form form)
{
    return canonical->dialect && form != TEXT_PLAIN && form != TEXT_SET && form != TEXT_FLAG && form != TEXT_INFO;
}

static struct canonical_text *find_slot(const struct schema_canonical *canonical, enum text_form form, uint32_t text,
                                        uint32_t type)
{
    const uint32_t key[] = {text, type, form};
    size_t mask = canonical->slot_count - 1;
    for (size_t i = (size_t)hash64(key, sizeof key) & mask;; i = (i + 1) & mask) {
        struct canonical_text *slot = &canonical->slots[i];
        if (slot->text == 0 || (slot->text == text && slot->type == type && slot->form == form))
            return slot;
    }
}

/* Keeps a quarter of the slots free. */
static bool grow_slots(struct schema_canonical *canonical)
{
    if (canonical->used < canonical->slot_count / 4 * 3)
        return true;
    struct schema_canonical grown = *canonical;
    grown.slot_count = canonical->slot_count ? canonical->slot_count * 2 : FIRST_SLOTS;
    grown.slots = mem_calloc(grown.slot_count, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (size_t i = 0; i < canonical->slot_count; i++) {
        const struct canonical_text *slot = &canonical->slots[i];
        if (slot->text)
            *find_slot(&grown, slot->form, slot->text, slot->type) = *slot;
    }
    mem_free(canonical->slots);
    *canonical = grown;
    return true;
}

/* An overlong canonical form is as good as no memory: what it would be equal to cannot be told. */
static bool fill(struct schema_canonical *canonical, struct canonical_text *slot, enum text_form form, uint32_t text,
                 uint32_t type)
{
    strbuf_clear(&canonical->scratch);
    canonical->dialect->canonical(form, canonical->pool + text, canonical->pool + type, &canonical->scratch);
    if (!strbuf_ok(&canonical->scratch))
        return false;
    size_t length = canonical->scratch.length;
    *slot = (struct canonical_text){.text = text,
                                    .type = type,
                                    .form = form,
                                    .is_absent = length == 0,
                                    .digest = digest_of(strbuf_text(&canonical->scratch), length)};
    canonical->used++;
    return true;
}

bool schema_canonical_digest(struct schema_canonical *canonical, enum text_form form, uint32_t text, uint32_t type,
                             struct digest *ret_digest, bool *ret_absent)
{
    if (!grow_slots(canonical))
        return false;
    struct canonical_text *slot = find_slot(canonical, form, text, type);
    if (slot->text == 0 && !fill(canonical, slot, form, text, type))
        return false;
    *ret_digest = slot->digest;
    *ret_absent = slot->is_absent;
    return true;
}
