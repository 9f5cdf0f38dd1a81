query
;--