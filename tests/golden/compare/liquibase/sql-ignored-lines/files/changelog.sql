-- liquibase formatted sql logicalFilePath:changelog.sql
-- property name:p value:q
-- changeset a:1 context:"a or b"
-- preconditions onFail:CONTINUE
-- precondition-sql-check expectedResult:0 select 0
select
-- ignoreLines:start
nonsense
-- ignoreLines:end
-- ignoreLines:1
more nonsense
1;
-- validCheckSum: 8:x
