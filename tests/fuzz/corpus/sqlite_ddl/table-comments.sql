CREATE TABLE t( -- first
 a INT, /* second, ) */ b INT -- last
)