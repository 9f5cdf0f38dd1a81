'use strict';

var dbm;

exports.setup = function(options, seedLink) {
  dbm = options.dbmigrate;
};

exports.up = async function(db) {
  for (const statement of ["CREATE TABLE t2 (id bigint PRIMARY KEY)"]) await db.runSql(statement);
};

exports.down = async function(db) {
  for (const statement of ["DROP TABLE t2"]) await db.runSql(statement);
};

exports._meta = {
  "version": 1
};
