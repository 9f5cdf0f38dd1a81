expression
timezone('utc'::text, tz), timezone('utc'::text, ts)