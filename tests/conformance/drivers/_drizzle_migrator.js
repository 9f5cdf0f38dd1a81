// SPDX-License-Identifier: Apache-2.0
/* node migrator.js up|plan ENGINE ADDRESS: drizzle-orm's migrator. There is no status, so `plan` lets it run while its
   reads are answered and its writes are only noted, and prints what it would have recorded: [[hash, time, name?], …]. */
"use strict";

const MISSING = /does not exist|doesn't exist|no such table/;
const noted = [];

const isRead = (text) => /^\s*select\b/i.test(text);

function note(text, values) {
  if (/^\s*insert into\b.*__drizzle_migrations/i.test(text)) noted.push(values);
}

/* The journal that the migrator was kept from making has no rows. */
function emptyIfMissing(error, empty) {
  if (!MISSING.test(error.message)) throw error;
  return empty;
}

function answering(query, textOf, empty) {
  return async (question, values) => {
    if (isRead(textOf(question))) return query(question, values).catch((error) => emptyIfMissing(error, empty));
    note(textOf(question), values);
    return empty;
  };
}

async function postgres(address) {
  const { Client } = require("pg");
  const client = new Client({ connectionString: address });
  await client.connect();
  const nothing = { rows: [], fields: [], rowCount: 0 };
  const pretended = answering(client.query.bind(client), (question) => question.text, nothing);
  return { client, module: "node-postgres", pretend: () => (client.query = pretended), end: () => client.end() };
}

async function mariadb(address) {
  const client = await require("mysql2/promise").createConnection(address);
  const textOf = (question) => question.sql ?? question;
  const [query, execute] = [client.query, client.execute].map((ask) => answering(ask.bind(client), textOf, [[], []]));
  return { client, module: "mysql2", pretend: () => Object.assign(client, { query, execute }), end: () => client.end() };
}

const NOTHING = { run() {}, get() {}, all: () => [], raw: () => NOTHING };

async function sqlite(address) {
  const client = new (require("better-sqlite3"))(address);
  const prepare = client.prepare.bind(client);
  const pretended = (text) => {
    if (!isRead(text)) return { ...NOTHING, run: (...values) => note(text, values) };
    try {
      return prepare(text);
    } catch (error) {
      return emptyIfMissing(error, NOTHING);
    }
  };
  return { client, module: "better-sqlite3", pretend: () => (client.prepare = pretended), end: () => client.close() };
}

async function main(word, engine, address) {
  const { client, module, pretend, end } = await { postgres, mariadb, sqlite }[engine](address);
  const { drizzle } = require(`drizzle-orm/${module}`);
  const { migrate } = require(`drizzle-orm/${module}/migrator`);
  if (word === "plan") pretend();
  try {
    await migrate(drizzle({ client }), { migrationsFolder: "drizzle" });
  } finally {
    await end();
  }
  if (word === "plan") console.log(JSON.stringify(noted));
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
