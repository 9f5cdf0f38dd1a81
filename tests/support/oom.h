/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation-failure loops for tests. The statement after FOR_EACH_ALLOCATION_FAILURE(loop) runs again and again: first
 * its first allocation fails (and every later one), then its second, and so on until it runs without a refusal:
 *
 *     FOR_EACH_ALLOCATION_FAILURE (loop) {
 *         struct error error = {0};
 *         cleanup(thing) struct thing *thing = NULL;
 *         OOM_CHECK(loop, thing_new(&thing, &error) == 0);
 *     }
 *
 * OOM_CHECK takes whether the operation succeeded, and fails the test when it reported success although an allocation
 * was refused, or failure although none was. What the operation promises beyond that (NULL outputs, the code
 * ERROR_NO_MEMORY, the old object unchanged) is asserted after OOM_CHECK, where allocations work again. A leak on an
 * error path shows in the build with AddressSanitizer. Not for code that swallows a failed allocation on purpose: there
 * use loop.refused. One loop per thread at a time.
 */
#ifndef MIGRATIOND_TESTS_SUPPORT_OOM_H
#define MIGRATIOND_TESTS_SUPPORT_OOM_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* the order of cmocka's own documentation */
#include <setjmp.h>

#include <cmocka.h>

#include "base/alloc.h"

/* More failure points than any operation of a unit test has: beyond it the loop itself is broken. */
enum { OOM_LOOP_LIMIT = 200000 };

struct oom_loop {
    size_t successes; /* allocations that work in this round */
    bool armed;       /* allocations can fail now */
    bool refused;     /* valid once disarmed: an allocation failed in this round */
    bool checked;     /* OOM_CHECK ran in this round */
    bool done;
};

static inline void oom_arm(struct oom_loop *loop)
{
    loop->armed = true;
    loop->checked = false;
    loop->refused = false;
    mem_fault_after(loop->successes);
}

/* Ends the failures of this round; idempotent. Returns whether there was one. */
static inline bool oom_disarm(struct oom_loop *loop)
{
    if (loop->armed)
        loop->refused = mem_fault_off();
    loop->armed = false;
    return loop->refused;
}

static inline bool oom_begin(struct oom_loop *loop)
{
    if (loop->done)
        return false;
    oom_arm(loop);
    return true;
}

static inline void oom_next(struct oom_loop *loop)
{
    oom_disarm(loop);
    if (!loop->checked)
        fail_msg("the body of an allocation-failure loop has no OOM_CHECK");
    if (loop->successes > OOM_LOOP_LIMIT)
        fail_msg("allocations still fail after %zu successful ones", loop->successes);
    loop->done = !loop->refused;
    loop->successes++;
}

/* A test that fails inside the loop leaves by longjmp: its group's teardown or the next loop disarms. */
#define FOR_EACH_ALLOCATION_FAILURE(loop) for (struct oom_loop loop = {0}; oom_begin(&(loop)); oom_next(&(loop)))

#define OOM_CHECK(loop, succeeded)                                                                                     \
    do {                                                                                                               \
        bool succeeded_ = (succeeded);                                                                                 \
        bool refused_ = oom_disarm(&(loop));                                                                           \
        (loop).checked = true;                                                                                         \
        if (succeeded_ == refused_)                                                                                    \
            fail_msg("allocation %zu was %s, but the operation %s: %s", (loop).successes,                              \
                     refused_ ? "refused" : "not refused", succeeded_ ? "succeeded" : "failed", #succeeded);           \
    } while (0)

#endif
