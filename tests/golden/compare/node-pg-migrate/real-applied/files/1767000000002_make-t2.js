exports.up = (pgm) => {
  for (const statement of ["CREATE TABLE t2 (id integer PRIMARY KEY)"]) pgm.sql(statement);
};

exports.down = (pgm) => {
  for (const statement of ["DROP TABLE t2"]) pgm.sql(statement);
};
