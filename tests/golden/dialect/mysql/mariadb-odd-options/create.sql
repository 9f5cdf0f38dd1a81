CREATE TABLE `t` (
  `id` int(11) NOT NULL DEFAULT nextval(`app`.`s`),
  `z` text /*M!100301 COMPRESSED*/ DEFAULT NULL,
  `rs` timestamp(6) GENERATED ALWAYS AS ROW START,
  `re` timestamp(6) GENERATED ALWAYS AS ROW END,
  `nv` int(11) DEFAULT NULL WITHOUT SYSTEM VERSIONING,
  `v` vector(3) NOT NULL,
  `d` date DEFAULT (curdate() + interval 1 day),
  PRIMARY KEY (`id`,`re`),
  KEY `ig` (`nv`) IGNORED,
  VECTOR KEY `v` (`v`) `M`=8 `distance`=cosine,
  PERIOD FOR SYSTEM_TIME (`rs`, `re`)
) ENGINE=InnoDB WITH SYSTEM VERSIONING
