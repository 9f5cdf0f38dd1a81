CREATE TABLE `t` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `b` bigint(20) DEFAULT '0',
  `y` year(4) DEFAULT '2024',
  `f` tinyint(1) DEFAULT '1',
  `u` tinyint(3) unsigned DEFAULT '7',
  `s` set('a','b') CHARACTER SET utf8mb3 COLLATE utf8mb3_bin DEFAULT NULL COMMENT 'it''s, (a) comment',
  `x` varchar(20) GENERATED ALWAYS AS (concat(_utf8mb4'x',`b`,_latin1'\'')) VIRTUAL,
  `ts` timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  `now` datetime DEFAULT (now()),
  `uid` binary(16) DEFAULT (uuid_to_bin(uuid(),true)),
  `c` varchar(5) /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT DYNAMIC */ DEFAULT 'null',
  PRIMARY KEY (`id`) USING BTREE,
  UNIQUE KEY `hu` (`b`) USING HASH,
  KEY `cm` (`y`) KEY_BLOCK_SIZE=8 COMMENT 'c, )' /*!80000 INVISIBLE */
) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4 COMMENT='x'
/*!50100 PARTITION BY HASH (`id`)
PARTITIONS 4 */
