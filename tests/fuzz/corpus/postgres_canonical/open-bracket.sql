expression
((a)