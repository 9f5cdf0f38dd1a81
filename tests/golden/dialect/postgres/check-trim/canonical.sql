length(btrim(name)) > 0
