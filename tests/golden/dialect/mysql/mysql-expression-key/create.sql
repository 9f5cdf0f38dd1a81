CREATE TABLE `t` (
  `a` json DEFAULT NULL,
  KEY `m` ((cast(json_extract(`a`,_utf8mb4'$[*]') as unsigned array))),
  KEY `n` ((`a` + 1) DESC,(lower(`a`)))
) ENGINE=InnoDB
