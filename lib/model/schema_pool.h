/* SPDX-License-Identifier: Apache-2.0
 *
 * Interns texts while a schema is built: each distinct text stands once in one growing block and is named by its
 * offset. The hash table is thrown away when the block is handed over. Owned by one schema builder.
 */
#ifndef MIGRATIOND_MODEL_SCHEMA_POOL_H
#define MIGRATIOND_MODEL_SCHEMA_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schema_pool {
    char *bytes; /* the texts, each with its NUL; offset 0 is the absent text */
    size_t size;
    size_t capacity;
    uint32_t *slots;   /* open addressing; offsets, 0 free */
    size_t slot_count; /* a power of two, or 0 */
    size_t used;
};

enum schema_pool_result { POOL_OK, POOL_FULL, POOL_NO_MEMORY };

/* The offset of `text`, which has no NUL in it. An empty text is the absent one. Allocates nothing when the text is
 * known. */
enum schema_pool_result schema_pool_add(struct schema_pool *pool, const char *text, size_t length,
                                        uint32_t *ret_offset);

/* Frees the hash table and hands over the bytes (mem_free), shrunk to `*ret_size`; NULL when memory is out. */
char *schema_pool_steal(struct schema_pool *pool, size_t *ret_size) __attribute__((warn_unused_result));

void schema_pool_done(struct schema_pool *pool);

#endif
