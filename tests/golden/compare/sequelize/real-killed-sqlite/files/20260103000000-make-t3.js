"use strict";

const run = async (queryInterface, statements) => {
  for (const statement of statements) await queryInterface.sequelize.query(statement);
};

module.exports = {
  up: (queryInterface, Sequelize) => run(queryInterface, ["CREATE TABLE t3 (id integer PRIMARY KEY)", "INSERT INTO hold WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 4000000000) SELECT n FROM c WHERE n < 0"]),
  down: (queryInterface, Sequelize) => run(queryInterface, ["DROP TABLE t3"]),
};
