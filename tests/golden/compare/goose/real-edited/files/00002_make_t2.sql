-- +goose Up
CREATE TABLE t2 (id bigint PRIMARY KEY);

-- +goose Down
DROP TABLE t2;
