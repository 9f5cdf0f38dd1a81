/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/check_watch.h"

#include "base/alloc.h"
#include "base/refcount.h"

struct check_board *check_board_ref(struct check_board *board)
{
    if (board)
        refcount_take(&board->references);
    return board;
}

void check_board_unref(struct check_board *board)
{
    if (!board || !refcount_drop(&board->references))
        return;
    for (size_t i = 0; i < board->count; i++) {
        check_result_unref(board->checks[i].result);
        check_result_unref(board->checks[i].decided);
    }
    mem_free(board->checks);
    config_unref(board->config);
    mem_free(board);
}
