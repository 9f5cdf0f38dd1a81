expression
a /* b /* c */