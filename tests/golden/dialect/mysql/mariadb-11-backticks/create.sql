CREATE TABLE `f``c` (
  `id` int(11) NOT NULL,
  `q``q` int(11) DEFAULT NULL,
  `p` int(11) DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `r``1` (`q``q`,`p`),
  CONSTRAINT `r`1` FOREIGN KEY (`q`q`, `p`) REFERENCES `f``p` (`i`d`, `x,`) ON DELETE CASCADE,
  CONSTRAINT ``two`` FOREIGN KEY (`p`) REFERENCES `f``p` (`i`d`),
  CONSTRAINT `c``k` CHECK (`id` > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_uca1400_ai_ci