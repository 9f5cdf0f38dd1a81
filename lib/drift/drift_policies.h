/* SPDX-License-Identifier: Apache-2.0
 *
 * The per-database policies of drift, one row each. Include after defining DRIFT_POLICY_ROW(NAME, key, preset, other,
 * doc): `preset` holds unless the configuration says `other`.
 */
DRIFT_POLICY_ROW(JSON_AS_JSONB, "json_as_jsonb", "report", "equal",
                 "PostgreSQL: json and jsonb count as the same type.")
DRIFT_POLICY_ROW(COLUMN_ORDER, "column_order", "ignore", "report",
                 "Whether columns that stand in another order are reported (severity info).")
DRIFT_POLICY_ROW(CONSTRAINT_NAMES, "constraint_names", "report", "ignore",
                 "Whether a constraint that differs only in its name is reported (severity info).")
DRIFT_POLICY_ROW(INDEX_NAMES, "index_names", "report", "ignore",
                 "Whether an index that differs only in its name is reported (severity info).")
DRIFT_POLICY_ROW(COLLATION_VERSIONS, "collation_versions", "ignore", "report",
                 "MySQL, MariaDB: whether collations of one character set that only differ in their version "
                 "(utf8mb4_0900_ai_ci, utf8mb4_uca1400_ai_ci, utf8mb4_general_ci as server defaults) are told apart.")
DRIFT_POLICY_ROW(UNIQUE_INDEX_AS_CONSTRAINT, "unique_index_as_constraint", "report", "equal",
                 "A plain unique index counts as a unique constraint over the same columns.")
DRIFT_POLICY_ROW(ENUM_ORDER, "enum_order", "report", "ignore", "Whether the order of an enum's values is reported.")
DRIFT_POLICY_ROW(TIMESTAMP_PRECISION, "timestamp_precision", "report", "ignore",
                 "PostgreSQL: whether timestamp and timestamp(6), which behave alike, are told apart.")
DRIFT_POLICY_ROW(PARTITIONS, "partitions", "ignore", "report",
                 "Whether partitions that only one side has are reported: rotation makes and drops them.")
DRIFT_POLICY_ROW(EXTENSION_VERSIONS, "extension_versions", "ignore", "report",
                 "PostgreSQL: whether another version of an extension is reported (severity info).")
