body
BEGIN 
  x;	
END