'use strict';

var dbm;

exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
};

exports.up = async function(db) {
  for (const statement of ["CREATE TABLE t1 (id integer PRIMARY KEY)"]) await db.runSql(statement);
};

exports.down = async function(db) {
  for (const statement of ["DROP TABLE t1"]) await db.runSql(statement);
};

exports._meta = {
  "version": 1
};
