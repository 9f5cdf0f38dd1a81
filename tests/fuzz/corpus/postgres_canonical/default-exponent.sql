default real
'1e+10'::real