expression
timezone('utc'::text, tz)