exports.up = (pgm) => {
  for (const statement of ["CREATE TABLE t3 (id integer PRIMARY KEY)", "INSERT INTO hold VALUES (1)"]) pgm.sql(statement);
};

exports.down = (pgm) => {
  for (const statement of ["DROP TABLE t3"]) pgm.sql(statement);
};
