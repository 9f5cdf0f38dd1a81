-- +goose Up
CREATE TABLE t3 (id integer PRIMARY KEY);
INSERT INTO hold VALUES (1);

-- +goose Down
DROP TABLE t3;
