CREATE TABLE `scratch`.`t` (id int);
ALTER TABLE scratch.t ADD x int;
ALTER DATABASE CHARACTER SET utf8mb4;
