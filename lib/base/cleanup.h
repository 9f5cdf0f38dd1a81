/* SPDX-License-Identifier: Apache-2.0
 *
 * Scope-bound destruction: `cleanup(free) char *text = NULL;` runs mem_freep(&text) when `text` leaves its scope, so
 * every error path is a plain return. Each owning type names its own destructor with DEFINE_CLEANUP. Destructors accept
 * NULL and half-built objects. take() moves a value out of a guarded variable.
 */
#ifndef MIGRATIOND_BASE_CLEANUP_H
#define MIGRATIOND_BASE_CLEANUP_H

#define cleanup(name) __attribute__((cleanup(cleanup_##name)))

/* Defines cleanup_<name> for variables of type `type` (a pointer), destroyed by `destroy(value)`. */
#define DEFINE_CLEANUP(name, type, destroy)                                                                            \
    static inline void cleanup_##name(type *value)                                                                     \
    {                                                                                                                  \
        if (*value)                                                                                                    \
            destroy(*value);                                                                                           \
    }                                                                                                                  \
    struct cleanup_##name##_semicolon

/* The same for structs held by value: destroy(&value). */
#define DEFINE_CLEANUP_VALUE(name, type, destroy)                                                                      \
    static inline void cleanup_##name(type *value)                                                                     \
    {                                                                                                                  \
        destroy(value);                                                                                                \
    }                                                                                                                  \
    struct cleanup_##name##_semicolon

/* Moves the pointer out of `variable`, which becomes NULL: ownership passes to the caller. */
#define take(variable)                                                                                                 \
    __extension__({                                                                                                    \
        __typeof__(variable) taken_ = (variable);                                                                      \
        (variable) = NULL;                                                                                             \
        taken_;                                                                                                        \
    })

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
