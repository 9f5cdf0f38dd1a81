CREATE TABLE `t` (
  `a` int NOT NULL,
  `b` varchar(10) DEFAULT 'open
