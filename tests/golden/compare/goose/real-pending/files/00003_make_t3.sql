-- +goose Up
CREATE TABLE t3 (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE t3;
