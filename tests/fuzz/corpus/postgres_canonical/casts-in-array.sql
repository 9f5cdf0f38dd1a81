expression
ARRAY[t::a::x,u::b::x]