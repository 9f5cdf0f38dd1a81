-- migrate:up
CREATE TABLE orders (id bigint PRIMARY KEY, placed_at timestamptz NOT NULL);

-- migrate:down
DROP TABLE orders;
