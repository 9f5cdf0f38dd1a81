expression
U&"d\0061t" = U&'\0041'