expression
"xmlexists"('//a'::text, xm)