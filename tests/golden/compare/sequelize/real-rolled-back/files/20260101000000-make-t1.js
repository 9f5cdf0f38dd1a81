"use strict";

const run = async (queryInterface, statements) => {
  for (const statement of statements) await queryInterface.sequelize.query(statement);
};

module.exports = {
  up: (queryInterface, Sequelize) => run(queryInterface, ["CREATE TABLE t1 (id integer PRIMARY KEY)"]),
  down: (queryInterface, Sequelize) => run(queryInterface, ["DROP TABLE t1"]),
};
