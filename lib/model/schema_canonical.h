/* SPDX-License-Identifier: Apache-2.0
 *
 * Canonical forms while a schema is digested: each text is canonicalised once per form and type, however many columns
 * have it. Lives as long as one digesting; one thread.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_CANONICAL_H
#define MIGRATIOND_MODEL_SCHEMA_CANONICAL_H

#include "base/strbuf.h"
#include "model/schema.h"

struct canonical_text {
    uint32_t text; /* 0: a free slot */
    uint32_t type;
    uint32_t form; /* enum text_form */
    uint32_t is_absent;
    struct digest digest;
};

struct schema_canonical {
    const struct dialect *dialect;
    const char *pool;
    struct canonical_text *slots; /* open addressing */
    size_t slot_count;            /* a power of two, or 0 */
    size_t used;
    struct strbuf scratch;
};

void schema_canonical_init(struct schema_canonical *canonical, const struct dialect *dialect, const char *pool);
void schema_canonical_done(struct schema_canonical *canonical);

/* Whether texts of that form have a canonical form other than themselves. */
bool schema_canonical_applies(const struct schema_canonical *canonical, enum text_form form);

/* The canonical form's digest; `*ret_absent` if it is empty. `text` is not 0; `type` is for TEXT_DEFAULT, else 0. False
 * when memory is out. */
bool schema_canonical_digest(struct schema_canonical *canonical, enum text_form form, uint32_t text, uint32_t type,
                             struct digest *ret_digest, bool *ret_absent);

DEFINE_CLEANUP_VALUE(schema_canonical, struct schema_canonical, schema_canonical_done);

#endif
