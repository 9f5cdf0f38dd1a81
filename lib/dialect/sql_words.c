/* SPDX-License-Identifier: Apache-2.0 */
#include "dialect/sql_words.h"

#include <string.h>

#include "base/cleanup.h"

enum { POSTGRES = 1, MYSQL = 2, BOTH = 3 };

/* The first row whose words begin the statement holds; "*" is any one word. */
static const struct {
    const char *words;
    unsigned clients;
    enum sql_verdict verdict;
} rules[] = {
    /* Beyond the database. */
    {"CREATE USER MAPPING", POSTGRES, VERDICT_RUN},
    {"ALTER USER MAPPING", POSTGRES, VERDICT_RUN},
    {"DROP USER MAPPING", POSTGRES, VERDICT_RUN},
    {"ALTER DATABASE CHARACTER", MYSQL, VERDICT_RUN}, /* without a name: of the database in use */
    {"ALTER DATABASE CHARSET", MYSQL, VERDICT_RUN},
    {"ALTER DATABASE COLLATE", MYSQL, VERDICT_RUN},
    {"ALTER DATABASE DEFAULT", MYSQL, VERDICT_RUN},
    {"* DATABASE", BOTH, VERDICT_REFUSE},
    {"CREATE SCHEMA", MYSQL, VERDICT_REFUSE},
    {"ALTER SCHEMA", MYSQL, VERDICT_REFUSE},
    {"DROP SCHEMA", MYSQL, VERDICT_REFUSE},
    {"CREATE OR REPLACE DATABASE", MYSQL, VERDICT_REFUSE},
    {"CREATE OR REPLACE SCHEMA", MYSQL, VERDICT_REFUSE},
    {"CREATE OR REPLACE USER", MYSQL, VERDICT_REFUSE},
    {"CREATE OR REPLACE ROLE", MYSQL, VERDICT_REFUSE},
    {"* ROLE", POSTGRES | MYSQL, VERDICT_REFUSE},
    {"* USER", BOTH, VERDICT_REFUSE},
    {"* GROUP", POSTGRES, VERDICT_REFUSE},
    {"* TABLESPACE", BOTH, VERDICT_REFUSE},
    {"* SUBSCRIPTION", POSTGRES, VERDICT_REFUSE},
    {"ALTER SYSTEM", POSTGRES, VERDICT_REFUSE},
    {"USE", MYSQL, VERDICT_REFUSE},
    {"CREATE SERVER", MYSQL, VERDICT_REFUSE},
    {"* LOGFILE", MYSQL, VERDICT_REFUSE},
    {"* UNDO", MYSQL, VERDICT_REFUSE},
    {"* RESOURCE", MYSQL, VERDICT_REFUSE},
    {"ALTER INSTANCE", MYSQL, VERDICT_REFUSE},
    {"SET PASSWORD", MYSQL, VERDICT_REFUSE},
    {"INSTALL", MYSQL, VERDICT_REFUSE},
    {"UNINSTALL", MYSQL, VERDICT_REFUSE},
    {"SHUTDOWN", MYSQL, VERDICT_REFUSE},
    {"RESTART", MYSQL, VERDICT_REFUSE},
    {"KILL", MYSQL, VERDICT_REFUSE},
    {"CHANGE", MYSQL, VERDICT_REFUSE},
    {"START TRANSACTION", MYSQL, VERDICT_RUN},
    {"START", MYSQL, VERDICT_REFUSE},
    {"STOP", MYSQL, VERDICT_REFUSE},
    {"RESET", MYSQL, VERDICT_REFUSE},
    {"PURGE", MYSQL, VERDICT_REFUSE},
    {"CLONE", MYSQL, VERDICT_REFUSE},
    {"IMPORT", MYSQL, VERDICT_REFUSE},
    {"SOURCE", MYSQL, VERDICT_REFUSE},
    /* Who may do what. */
    {"GRANT", BOTH, VERDICT_SKIP},
    {"REVOKE", BOTH, VERDICT_SKIP},
    {"ALTER DEFAULT PRIVILEGES", POSTGRES, VERDICT_SKIP},
    {"REASSIGN", POSTGRES, VERDICT_SKIP},
    {"DROP OWNED", POSTGRES, VERDICT_SKIP},
    {"SECURITY LABEL", POSTGRES, VERDICT_SKIP},
    {"COMMENT ON EXTENSION", POSTGRES, VERDICT_SKIP},
    {"COMMENT ON DATABASE", POSTGRES, VERDICT_SKIP},
    {"COMMENT ON ROLE", POSTGRES, VERDICT_SKIP},
    {"COMMENT ON TABLESPACE", POSTGRES, VERDICT_SKIP},
    {"SET DEFAULT ROLE", MYSQL, VERDICT_SKIP},
    /* Data. */
    {"COPY", POSTGRES, VERDICT_DATA},
    {"INSERT", BOTH, VERDICT_SKIP},
    {"UPDATE", BOTH, VERDICT_SKIP},
    {"DELETE", BOTH, VERDICT_SKIP},
    {"MERGE", POSTGRES, VERDICT_SKIP},
    {"REPLACE", MYSQL, VERDICT_SKIP},
    {"LOAD", BOTH, VERDICT_SKIP},
    {"TRUNCATE", BOTH, VERDICT_SKIP},
    {"REFRESH", POSTGRES, VERDICT_SKIP},
    /* Upkeep. */
    {"VACUUM", POSTGRES, VERDICT_SKIP},
    {"ANALYZE", BOTH, VERDICT_SKIP},
    {"ANALYSE", POSTGRES, VERDICT_SKIP},
    {"OPTIMIZE", MYSQL, VERDICT_SKIP},
    {"CHECK", MYSQL, VERDICT_SKIP},
    {"REPAIR", MYSQL, VERDICT_SKIP},
    {"FLUSH", MYSQL, VERDICT_SKIP},
    {"CHECKPOINT", POSTGRES, VERDICT_SKIP},
    {"CLUSTER", POSTGRES, VERDICT_SKIP},
    {"REINDEX", POSTGRES, VERDICT_SKIP},
    {"LOCK", BOTH, VERDICT_SKIP},
    {"UNLOCK", MYSQL, VERDICT_SKIP},
    {"LISTEN", POSTGRES, VERDICT_SKIP},
    {"UNLISTEN", POSTGRES, VERDICT_SKIP},
    {"NOTIFY", POSTGRES, VERDICT_SKIP},
    {"DISCARD", POSTGRES, VERDICT_SKIP},
    /* Settings: those that would change whom or how long we are go; a server that does not know one is no matter. */
    {"SET LOCAL ROLE", POSTGRES, VERDICT_SKIP},
    {"SET SESSION AUTHORIZATION", POSTGRES, VERDICT_SKIP},
    {"SET LOCAL SESSION", POSTGRES, VERDICT_SKIP},
    {"SET STATEMENT_TIMEOUT", POSTGRES, VERDICT_SKIP},
    {"SET LOCK_TIMEOUT", POSTGRES, VERDICT_SKIP},
    {"SET TRANSACTION_TIMEOUT", POSTGRES, VERDICT_SKIP},
    {"SET IDLE_IN_TRANSACTION_SESSION_TIMEOUT", POSTGRES, VERDICT_SKIP},
    {"RESET", POSTGRES, VERDICT_SETTING},
    {"SET", BOTH, VERDICT_SETTING},
};

bool sql_word_is_global(const char *word)
{
    static const char *const beyond[] = {"GLOBAL", "PERSIST", "PERSIST_ONLY", "SQL_LOG_BIN", "GTID_PURGED"};
    for (size_t i = 0; i < ARRAY_LENGTH(beyond); i++)
        if (strcmp(word, beyond[i]) == 0)
            return true;
    return false;
}

static bool begins_with(const struct sql_words *words, const char *rule)
{
    for (size_t i = 0; *rule; i++) {
        size_t length = strcspn(rule, " ");
        if (i >= words->count)
            return false;
        bool any = length == 1 && *rule == '*';
        if (!any && (strlen(words->words[i]) != length || memcmp(words->words[i], rule, length) != 0))
            return false;
        rule += length;
        rule += *rule == ' ';
    }
    return true;
}

/* Only these are followed by the kind of what they are about, so that no name is taken for one. */
static bool takes_kind(const struct sql_words *words)
{
    static const char *const verbs[] = {"CREATE", "ALTER", "DROP", "RENAME", "SET"};
    for (size_t i = 0; i < ARRAY_LENGTH(verbs); i++)
        if (words->count > 0 && strcmp(words->words[0], verbs[i]) == 0)
            return true;
    return false;
}

enum sql_verdict sql_words_judge(const struct sql_words *words, bool mysql)
{
    unsigned client = mysql ? MYSQL : POSTGRES;
    bool set = words->count > 0 && strcmp(words->words[0], "SET") == 0;
    if (set && words->count > 1 && strcmp(words->words[1], "ROLE") == 0)
        return VERDICT_SKIP;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        if (!(rules[i].clients & client) || (*rules[i].words == '*' && (set || !takes_kind(words))))
            continue;
        if (begins_with(words, rules[i].words))
            return rules[i].verdict;
    }
    return VERDICT_RUN;
}
