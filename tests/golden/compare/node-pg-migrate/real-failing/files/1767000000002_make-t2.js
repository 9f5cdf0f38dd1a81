exports.up = (pgm) => {
  for (const statement of ["CREATE TABLE t2 (id integer PRIMARY KEY)", "INSERT INTO no_such_table VALUES (1)"]) pgm.sql(statement);
};

exports.down = (pgm) => {
  for (const statement of ["DROP TABLE t2"]) pgm.sql(statement);
};
