create view ${name};
