CREATE TABLE `t` (
  `a` int QUANTUM('x', (1)) NOT NULL,
  `b` int NOT NULL,
  MAGIC KEY `m` (`a`),
  CONSTRAINT `c` ALWAYS (`a`),
  KEY `k` (`b`)
) ENGINE=InnoDB
