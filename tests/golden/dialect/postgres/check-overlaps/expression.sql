"overlaps"(ts, ts, ts, iv)
--
((ts, ts) OVERLAPS (ts, iv))
