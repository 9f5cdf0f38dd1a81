default numeric(10,2)
(1.005)::numeric