select /*!50000 sleep */ (1) from `a;b` # c
