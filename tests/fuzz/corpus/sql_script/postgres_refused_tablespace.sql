SELECT 1;
create tablespace x location '/tmp';
SELECT 2;
