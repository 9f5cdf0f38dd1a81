timezone('utc'::text, tz)
