class B1700000000001 { name = 'abc
 /* `${