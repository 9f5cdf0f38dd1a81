CREATE TABLE t("a
b" INT, "‮evil" INT, "\" INT, "" INT)