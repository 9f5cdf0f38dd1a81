-- +goose Up
CREATE TABLE t1 (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE t1;
