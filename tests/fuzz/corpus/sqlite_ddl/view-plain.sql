CREATE VIEW v AS select  a , b from t -- all
 where a>0