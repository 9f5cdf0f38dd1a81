expression
POSITION(()IN ~()IN())