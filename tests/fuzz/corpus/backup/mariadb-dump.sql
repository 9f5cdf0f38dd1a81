/*M!999999\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB
--
CREATE TABLE t (id int);
-- Dump completed on 2026-11-20 23:00:00
