"use strict";

const run = async (queryInterface, statements) => {
  for (const statement of statements) await queryInterface.sequelize.query(statement);
};

module.exports = {
  up: (queryInterface, Sequelize) => run(queryInterface, ["CREATE TABLE t3 (id integer PRIMARY KEY)", "INSERT INTO hold VALUES (1)"]),
  down: (queryInterface, Sequelize) => run(queryInterface, ["DROP TABLE t3"]),
};
