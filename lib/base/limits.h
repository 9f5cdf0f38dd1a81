/* SPDX-License-Identifier: Apache-2.0
 *
 * Every maximum that a user, a file or a database can reach, with its reason. Reaching one is never silent: it is an
 * error that names it, or it sets `truncated`, which the gate treats as unknown.
 */
#ifndef MIGRATIOND_BASE_LIMITS_H
#define MIGRATIOND_BASE_LIMITS_H

/* Configuration: one file that a person writes; larger ones are a mistake or an attack on a parser. */
#define LIMIT_CONFIG_BYTES (1024u * 1024u)
#define LIMIT_CONFIG_DEPTH 16u
#define LIMIT_CONFIG_ENTRIES 4096u                  /* of one mapping or sequence: duplicates are sought pairwise */
#define LIMIT_CONFIG_PRINTED (256u * 1024u * 1024u) /* as LIMIT_CONFIG_ARENA: texts of variables, escaped */
#define LIMIT_GATES 4096u
#define LIMIT_TLS_FILE (1024u * 1024u) /* certificates of authorities: all of the web's are a quarter of this */

/* Schema: the largest ones known have some 100,000 tables; twenty times that fits in 32-bit indexes with room. */
#define LIMIT_TABLES 2000000u
#define LIMIT_COLUMNS 20000000u
#define LIMIT_INDEXES 8000000u
#define LIMIT_CONSTRAINTS 8000000u
#define LIMIT_SCHEMA_OBJECTS 2000000u             /* views, enums and sequences, each */
#define LIMIT_STRING_POOL (1024u * 1024u * 1024u) /* offsets are 32 bits, doubled while growing */
#define LIMIT_DEFINITION_BYTES (1024u * 1024u)    /* text of one view, default or check; longer ones are hashed */

/* Drift: schemas that differ in more places have nothing to do with each other. */
#define LIMIT_DRIFT_ITEMS 1000000u
#define LIMIT_DRIFT_BYTES (1024u * 1024u * 1024u)       /* texts of one report */
#define LIMIT_DRIFT_TEXT (16u * LIMIT_DEFINITION_BYTES) /* of one attribute: a list of texts */
#define LIMIT_RENAME_CANDIDATES 64u                     /* of one kind and side: renames are sought pairwise */

/* Journal: the issue with a row per request is a log table, not a journal; 1,000,000 is what design.md promises. */
#define LIMIT_JOURNAL_ROWS 1000000u
#define LIMIT_JOURNAL_CELL 4096u /* a revision, a description: what tools declare is at most 1,000 characters */
#define LIMIT_JOURNAL_BYTES (512u * 1024u * 1024u)
#define LIMIT_ADVICE_BYTES 4096u /* a sentence with a revision and a path in it */
#define LIMIT_JOURNALS 4096u     /* tables: one per tenant schema */
#define LIMIT_READINGS 65536u    /* and their parts: a project's apps, for each of its tenants */

/* Migration files: a project with 100,000 migrations has other problems; a file is SQL that people review. */
#define LIMIT_MIGRATIONS 100000u
#define LIMIT_MIGRATION_BYTES (64u * 1024u * 1024u)
#define LIMIT_DIRECTORY_DEPTH 16u
#define LIMIT_DIRECTORY_ENTRIES 400000u /* of all kinds: a wrong path such as / is noticed within a second */
#define LIMIT_MIGRATION_SET_BYTES (256u * 1024u * 1024u)
#define LIMIT_REVISION_GRAPH 1000000u /* revisions ever seen; ten times what one release may bring */
#define LIMIT_REVISION_GRAPH_BYTES (512u * 1024u * 1024u)
#define LIMIT_SNAPSHOT_BYTES (64u * 1024u * 1024u) /* readings and messages of LIMIT_JOURNALS journals */

/* Questions of checks: of our own, about each of thousands of tables; what anybody would look at of the answer. */
#define LIMIT_QUESTION_BYTES (16u * 1024u * 1024u)
#define LIMIT_CHECK_SQL (256u * 1024u) /* a query that a person thought of */
#define LIMIT_CHECK_ROWS 1000000u      /* of a catalogue that a check reads whole */
#define LIMIT_ANSWER_CELL 65536u
#define LIMIT_ANSWER_ROW (16u * 1024u * 1024u) /* as a server sends it: documents pass, what would fill memory not */

/* JSON that is read: baselines (30 MB for 10,000 tables) and Drizzle's journal files. */
#define LIMIT_JSON_BYTES (512u * 1024u * 1024u)
#define LIMIT_JSON_DEPTH 64u

/* Plans: a statement per difference, some differences several; nobody reads, let alone runs, more of them. */
#define LIMIT_PLAN_STATEMENTS 4000000u
#define LIMIT_SQL_PART (64u * 1024u * 1024u) /* a clause: what a definition of LIMIT_DEFINITION_BYTES can become */
#define LIMIT_PLAN_BYTES (1024u * 1024u * 1024u)

/* HTTP: a gate's query has a few revisions; an admission a few words. */
#define LIMIT_REQUEST_BODY 16384u
#define LIMIT_QUERY_VALUE 1024u
#define LIMIT_QUERY_PARAMETERS 64u
#define LIMIT_LATCHES 4096u                      /* questions that opened gates: revisions of a large fleet */
#define LIMIT_ADMISSIONS 1024u                   /* kept per gate, oldest dropped */
#define LIMIT_ADMISSION_EVIDENCE 64u             /* of the checks that a gate requires, kept with each */
#define LIMIT_RELEASES 256u                      /* of applications, kept per gate, the quietest dropped */
#define LIMIT_RELEASE_INSTANCES 4096u            /* different names, counted per release */
#define LIMIT_ADMISSION_TEXT 256u                /* an application's or instance's name */
#define LIMIT_WAITERS 1000000u                   /* more sockets than a process gets */
#define LIMIT_EVENT_BYTES (512u * 1024u)         /* one: texts of a journal's cells, escaped */
#define LIMIT_EVENTS_BYTES (16u * 1024u * 1024u) /* all of them */
#define LIMIT_EVENTS 1024u /* kept for streams that were cut: minutes of a busy fleet, a megabyte */
#define LIMIT_STREAMS 256u /* open at a time: dashboards and terminals, not applications */
#define LIMIT_RESPONSE_BYTES (256u * 1024u * 1024u)

/* Waiting programs: a gate's answer over thousands of databases is some MiB; a header has a few lines. */
#define LIMIT_WAIT_HEADER (32u * 1024u)
#define LIMIT_WAIT_BODY (16u * 1024u * 1024u)
#define LIMIT_WAIT_REVISIONS 64u /* = LIMIT_QUERY_PARAMETERS */
#define LIMIT_TOKEN_BYTES 4096u  /* a bearer token in a file */

/* History: what waits while its store cannot be written, and what a starting daemon reads of it. */
#define LIMIT_HISTORY_EVENTS 4096u
#define LIMIT_HISTORY_EVENT_BYTES (16u * 1024u * 1024u)
#define LIMIT_HISTORY_ADMISSIONS 4096u /* four seconds of what a store must manage */
#define LIMIT_HISTORY_SEEDS 8192u      /* newest admissions, and newest states */

#endif
