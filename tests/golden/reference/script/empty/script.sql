  -- nothing
/* at all */
