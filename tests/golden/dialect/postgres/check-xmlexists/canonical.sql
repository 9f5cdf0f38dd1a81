xmlexists('//a'::text, xm)
