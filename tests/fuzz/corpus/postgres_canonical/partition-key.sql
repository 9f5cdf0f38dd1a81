expression
LIST (date_trunc('month'::text, timezone('utc'::text, at)))