/* SPDX-License-Identifier: Apache-2.0
 *
 * Which of a changelog's change sets a database is meant to get. That depends on its engine and on contexts and labels
 * that only whoever runs Liquibase knows; what was applied and what was left out so far tells. Pure.
 */
#ifndef MIGRATIOND_JOURNAL_LIQUIBASE_FILTER_H
#define MIGRATIOND_JOURNAL_LIQUIBASE_FILTER_H

#include "journal/tool.h"

/* The expected change sets as far as they count here, named as the journal names their files, in `arena`. False: no
 * memory. */
bool liquibase_filter(const struct compare_request *request, struct arena *arena, struct migration_set *ret_set);

#endif
