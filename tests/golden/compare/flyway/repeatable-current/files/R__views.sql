create view v;
