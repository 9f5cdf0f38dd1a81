/* SPDX-License-Identifier: Apache-2.0
 *
 * What is asked of the catalogues, in which order, and who takes the rows. One table of queries per message to the
 * server; later messages depend on what earlier ones found. Catalogues are read raw and put together here: format_type,
 * pg_get_indexdef and their like for every row would take the server three times as long, and information_schema shows
 * only what one may use. Internal to the engine.
 */
#ifndef MIGRATIOND_ENGINE_POSTGRES_CATALOG_QUERIES_H
#define MIGRATIOND_ENGINE_POSTGRES_CATALOG_QUERIES_H

#include "engine/postgres/catalog_reader.h"

/* What deparsed text depends on is pinned by the transaction. @name@ is replaced by a fragment. */
struct catalog_query {
    const char *sql;
    catalog_taker *taker;
    size_t fields;
    catalog_finisher *finisher;                             /* NULL: nothing is left to do */
    bool (*is_needed)(const struct catalog_reader *reader); /* NULL: always */
};

/* The queries in order, with what begins and ends the transaction around them. */
struct catalog_message {
    const struct catalog_query *queries;
    size_t count;
    bool begins;
    bool ends;
};

enum { CATALOG_MESSAGES = 4 };
extern const struct catalog_message catalog_messages[CATALOG_MESSAGES];

/* Appends the query for that server, with what the reader knows already. */
void catalog_query_text(const struct catalog_reader *reader, const struct catalog_query *query, struct strbuf *sql);

#endif
