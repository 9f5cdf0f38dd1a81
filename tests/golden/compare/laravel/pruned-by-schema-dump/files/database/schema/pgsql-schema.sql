INSERT INTO migrations VALUES (1);
