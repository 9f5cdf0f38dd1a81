exports.up = (pgm) => {
  for (const statement of ["CREATE TABLE t1 (id integer PRIMARY KEY)"]) pgm.sql(statement);
};

exports.down = (pgm) => {
  for (const statement of ["DROP TABLE t1"]) pgm.sql(statement);
};
