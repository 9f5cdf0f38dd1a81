-- +goose Up
CREATE TABLE t2 (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE t2;
