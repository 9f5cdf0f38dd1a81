SELECT 1;
USE `prod`;
