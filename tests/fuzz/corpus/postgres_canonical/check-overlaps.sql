expression
"overlaps"(ts, ts, ts, iv)