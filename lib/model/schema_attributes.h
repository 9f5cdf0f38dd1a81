/* SPDX-License-Identifier: Apache-2.0
 *
 * Every attribute that relations, columns, constraints, indexes and objects can have beyond the fields that all of
 * their kind have: one row each. Include after defining
 *
 *   SCHEMA_ATTRIBUTE(NAME, key, form, item)
 *
 * key: its name in the baseline's JSON. form: how its text is spelled and compared (enum text_form), FLAG for one that
 * is there or not, or INFO for one that is kept for people and plans, stands outside every digest and is never
 * compared. item: the name under which a difference is reported; several may share one.
 *
 * A row of SCHEMA_ATTRIBUTE_LIST is a key that may stand several times in a run: a list, in its order (SET: the order
 * means nothing; sorted and without repetition once interned), and an array in the JSON. Includers that do not care
 * need not define it. Keys are distinct, and differ from those that the JSON has anyway for what they are used on. Rows
 * may be appended and never moved: runs are sorted by them.
 */

#ifndef SCHEMA_ATTRIBUTE_LIST
#define SCHEMA_ATTRIBUTE_LIST SCHEMA_ATTRIBUTE
#endif

/* Relations. */
SCHEMA_ATTRIBUTE(PERSISTENCE, "persistence", PLAIN, "persistence") /* "unlogged" */
SCHEMA_ATTRIBUTE(PARTITION_KEY, "partition_key", EXPRESSION, "partition_key")
SCHEMA_ATTRIBUTE_LIST(PARENTS, "parents", PLAIN, "definition")   /* "schema.table": it inherits or is a partition of */
SCHEMA_ATTRIBUTE(PARTITION_BOUND, "partition_bound", INFO, NULL) /* "FOR VALUES …"; MySQL: all partitions */
SCHEMA_ATTRIBUTE(ROW_SECURITY, "row_security", FLAG, "row_security")
SCHEMA_ATTRIBUTE(FORCE_ROW_SECURITY, "force_row_security", FLAG, "force_row_security")
SCHEMA_ATTRIBUTE(ENGINE, "engine", PLAIN, "engine")
SCHEMA_ATTRIBUTE(CHARSET, "charset", PLAIN, "charset")       /* of a table its default, of a column the effective one */
SCHEMA_ATTRIBUTE(COLLATION, "collation", PLAIN, "collation") /* likewise; PostgreSQL: only where not the type's own */
SCHEMA_ATTRIBUTE(SYSTEM_VERSIONING, "system_versioning", FLAG, "system_versioning")
SCHEMA_ATTRIBUTE(STRICT, "strict", FLAG, "strict")
SCHEMA_ATTRIBUTE(WITHOUT_ROWID, "without_rowid", FLAG, "without_rowid")
SCHEMA_ATTRIBUTE_LIST(VIEW_OPTIONS, "options", SET, "options")        /* "security_barrier=true"; not the two below */
SCHEMA_ATTRIBUTE(SECURITY, "security", PLAIN, "security")             /* "invoker", "definer" where not the default */
SCHEMA_ATTRIBUTE(CHECK_OPTION, "check_option", PLAIN, "check_option") /* "local", "cascaded" */
SCHEMA_ATTRIBUTE(STORAGE_OPTIONS, "storage_options", INFO, NULL)
SCHEMA_ATTRIBUTE(COMMENT, "comment", INFO, NULL)
SCHEMA_ATTRIBUTE(TOOL_OBJECT, "made_by", INFO, NULL) /* "extension", … where something other than a person made it */

/* Columns; identity's sequence uses the sequence's keys below. */
SCHEMA_ATTRIBUTE(ON_UPDATE, "on_update", EXPRESSION, "on_update")
SCHEMA_ATTRIBUTE(SRID, "srid", PLAIN, "srid")
SCHEMA_ATTRIBUTE(COLUMN_CHECK, "column_check", EXPRESSION, "check") /* MariaDB: part of the column */

/* Constraints. */
SCHEMA_ATTRIBUTE_LIST(INCLUDE, "include", PLAIN, "columns")                 /* columns */
SCHEMA_ATTRIBUTE(MATCH, "match", PLAIN, "references")                       /* "full" */
SCHEMA_ATTRIBUTE_LIST(DELETE_COLUMNS, "delete_columns", PLAIN, "on_delete") /* SET NULL (a, b) */
SCHEMA_ATTRIBUTE(PERIOD, "period", FLAG, "columns")                         /* WITHOUT OVERLAPS, PERIOD */
SCHEMA_ATTRIBUTE(NO_INHERIT, "no_inherit", FLAG, "expression")
SCHEMA_ATTRIBUTE(ON_CONFLICT, "on_conflict", PLAIN, "on_conflict")

/* Indexes. */
SCHEMA_ATTRIBUTE(PARSER, "parser", PLAIN, "method") /* MySQL full text */

/* Types and sequences. */
SCHEMA_ATTRIBUTE_LIST(VALUES, "values", PLAIN, "values") /* enum, in its order */
SCHEMA_ATTRIBUTE(TYPE, "type", TYPE, "type")             /* domain, sequence */
SCHEMA_ATTRIBUTE(DEFAULT, "default", DEFAULT, "default")
SCHEMA_ATTRIBUTE(NOT_NULL, "not_null", FLAG, "nullable")
SCHEMA_ATTRIBUTE_LIST(DOMAIN_CHECKS, "checks", EXPRESSION, "check")  /* in the order of their names */
SCHEMA_ATTRIBUTE_LIST(DOMAIN_CHECK_NAMES, "check_names", INFO, NULL) /* the same order */
SCHEMA_ATTRIBUTE_LIST(MEMBERS, "attributes", PLAIN, "attributes")    /* composite: "name type [COLLATE c]" */
SCHEMA_ATTRIBUTE(START, "start", PLAIN, "start")
SCHEMA_ATTRIBUTE(INCREMENT, "increment", PLAIN, "increment")
SCHEMA_ATTRIBUTE(MIN, "min", PLAIN, "min")
SCHEMA_ATTRIBUTE(MAX, "max", PLAIN, "max")
SCHEMA_ATTRIBUTE(CACHE, "cache", PLAIN, "cache")
SCHEMA_ATTRIBUTE(CYCLE, "cycle", FLAG, "cycle")
SCHEMA_ATTRIBUTE(OWNER, "owner", PLAIN, "owner") /* "table.column" that owns the sequence, quoted where needed */

/* Routines, triggers, policies, events. */
SCHEMA_ATTRIBUTE(VARIANT, "variant", PLAIN, "definition") /* "function" (absent), "procedure", "aggregate", "window" */
SCHEMA_ATTRIBUTE(SIGNATURE, "signature", EXPRESSION,
                 "signature") /* names, modes, types and defaults of the arguments */
SCHEMA_ATTRIBUTE(RETURNS, "returns", TYPE, "returns")
SCHEMA_ATTRIBUTE(LANGUAGE, "language", PLAIN, "language")
SCHEMA_ATTRIBUTE(VOLATILITY, "volatility", PLAIN, "volatility") /* and, on MySQL, DETERMINISTIC and the data access */
SCHEMA_ATTRIBUTE(NULL_INPUT, "strict_input", FLAG, "volatility")
SCHEMA_ATTRIBUTE(PARALLEL, "parallel", PLAIN, "volatility")
SCHEMA_ATTRIBUTE(LEAKPROOF, "leakproof", FLAG, "security")
SCHEMA_ATTRIBUTE_LIST(CONFIG, "config", SET, "config")      /* "search_path=…" */
SCHEMA_ATTRIBUTE(SQL_BODY, "sql_body", QUERY, "definition") /* BEGIN ATOMIC, RETURN */
SCHEMA_ATTRIBUTE(BODY, "definition", BODY, "definition")    /* routine, trigger (MySQL, SQLite), event */
SCHEMA_ATTRIBUTE(TIMING, "timing", PLAIN, "timing")         /* "BEFORE", "AFTER", "INSTEAD OF" */
SCHEMA_ATTRIBUTE(EVENTS, "events", PLAIN, "events")         /* "INSERT OR UPDATE OF a, b" */
SCHEMA_ATTRIBUTE(CONDITION, "condition", EXPRESSION, "condition")
SCHEMA_ATTRIBUTE(ENABLED, "enabled", PLAIN, "enabled")            /* absent: enabled; "disabled", "replica", "always" */
SCHEMA_ATTRIBUTE(LEVEL, "level", PLAIN, "definition")             /* "ROW", "STATEMENT" */
SCHEMA_ATTRIBUTE(TRANSITIONS, "transitions", PLAIN, "definition") /* "OLD TABLE AS o NEW TABLE AS n" */
SCHEMA_ATTRIBUTE(CONSTRAINT_TRIGGER, "constraint", PLAIN, "definition") /* "NOT DEFERRABLE", "DEFERRABLE …" */
SCHEMA_ATTRIBUTE(CALLS, "calls", PLAIN, "definition")                   /* PostgreSQL: "schema.function('argument')" */
SCHEMA_ATTRIBUTE(COMMAND, "command", PLAIN, "command")                  /* policy: "ALL", "SELECT", … */
SCHEMA_ATTRIBUTE(RESTRICTIVE, "restrictive", FLAG, "definition")
SCHEMA_ATTRIBUTE_LIST(ROLES, "roles", SET, "roles")
SCHEMA_ATTRIBUTE(USING, "using", EXPRESSION, "using")
SCHEMA_ATTRIBUTE(POLICY_CHECK, "check", EXPRESSION, "check")
SCHEMA_ATTRIBUTE(SCHEDULE, "schedule", PLAIN, "schedule") /* "EVERY 1 DAY", "AT '…'" */
SCHEMA_ATTRIBUTE(STATUS, "status", PLAIN, "status")
SCHEMA_ATTRIBUTE(VERSION, "version", INFO, NULL) /* extension */
SCHEMA_ATTRIBUTE(SQL_MODE, "sql_mode", INFO, NULL)

/* SQLite. */
SCHEMA_ATTRIBUTE(NOT_NULL_CONFLICT, "not_null_on_conflict", PLAIN, "nullable") /* column: "REPLACE", … */
/* Primary key, unique: "a COLLATE NOCASE", "b DESC", one per column, where one differs from its column in that. */
SCHEMA_ATTRIBUTE_LIST(KEY_PARTS, "key_parts", PLAIN, "columns")
SCHEMA_ATTRIBUTE(SOURCE, "source", INFO, NULL) /* SQLite: the CREATE text, as it is stored */

/* PostgreSQL. */
/* Column: "not valid" (rows from before may have NULL), "no inherit", or both with a comma. */
SCHEMA_ATTRIBUTE(NOT_NULL_STATE, "not_null_state", PLAIN, "nullable")
SCHEMA_ATTRIBUTE_LIST(DOMAIN_CHECKS_NOT_VALID, "checks_not_valid", SET, "check") /* their names */

/* MySQL. */
SCHEMA_ATTRIBUTE(FOLLOWS, "follows", INFO, NULL) /* trigger: the one that runs before it at the same time and event */
SCHEMA_ATTRIBUTE(STARTS, "starts", INFO, NULL)   /* event */

#undef SCHEMA_ATTRIBUTE_LIST
