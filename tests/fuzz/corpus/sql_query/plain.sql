select count(*) from orders where state is null; -- done
