expression
'a