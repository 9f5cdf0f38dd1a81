default int
'2.'::int