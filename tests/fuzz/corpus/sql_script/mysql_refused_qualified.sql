SELECT 1;
CREATE TABLE `prod`.`t` (id int);
