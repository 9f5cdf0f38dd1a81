overlaps(ts, ts, ts, iv)
