/* SPDX-License-Identifier: Apache-2.0
 *
 * What can go wrong with a plan's statement, one row each. Include after defining PLAN_HAZARD(NAME, text).
 */
PLAN_HAZARD(DELETES_DATA, "rows or values are lost and cannot be brought back by SQL")
PLAN_HAZARD(BREAKS_CLIENTS, "queries or inserts of a running release can fail")
PLAN_HAZARD(BLOCKS_READS, "waits for, and then holds, a lock that stops every query on the table")
PLAN_HAZARD(BLOCKS_WRITES, "holds a lock that stops writes to the table while it runs")
PLAN_HAZARD(REWRITES_TABLE, "writes the whole table anew: time and disk in proportion to its size")
PLAN_HAZARD(SCANS_TABLE, "reads the whole table once")
PLAN_HAZARD(BUILDS_INDEX, "builds an index: time and disk in proportion to the table's size")
PLAN_HAZARD(MAY_FAIL_ON_DATA, "fails if rows that are there do not fit: look for them first")
PLAN_HAZARD(CHANGES_BEHAVIOUR, "what rows are accepted, or what queries return, differs afterwards")
PLAN_HAZARD(AUTHORIZATION, "who may see or change rows differs afterwards")
PLAN_HAZARD(HIDDEN_DEPENDENCIES, "a routine's body may use what is changed; the engine does not track that")
PLAN_HAZARD(NOT_TRANSACTIONAL, "cannot be rolled back: it stands as soon as it has run")
PLAN_HAZARD(DISABLES_PERFORMANCE, "queries may become slow until it is mended")
