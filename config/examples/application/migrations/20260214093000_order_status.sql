-- migrate:up
ALTER TABLE orders ADD COLUMN status text NOT NULL DEFAULT 'open';

-- migrate:down
ALTER TABLE orders DROP COLUMN status;
