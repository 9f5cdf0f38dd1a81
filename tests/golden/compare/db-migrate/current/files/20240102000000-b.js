'use strict';
var dbm;
exports.setup = function(options, seedLink) { dbm = options.dbmigrate; };
exports.up = function(db) { return null; };
