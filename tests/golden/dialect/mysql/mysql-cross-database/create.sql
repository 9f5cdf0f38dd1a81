CREATE TABLE `child` (
  `id` int NOT NULL,
  `a` int DEFAULT NULL,
  `b` int DEFAULT NULL,
  KEY `pair` (`a`,`b`),
  CONSTRAINT `far` FOREIGN KEY (`a`, `b`) REFERENCES `other`.`parent` (`x`, `y`) ON DELETE SET NULL ON UPDATE NO ACTION
) ENGINE=InnoDB
