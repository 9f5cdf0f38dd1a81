"xmlexists"('//a'::text, xm)
--
XMLEXISTS(('//a'::text) PASSING (xm))
