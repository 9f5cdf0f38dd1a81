create temp trigger if not exists main."t r" instead of update of a, [b c], "select" on main.v for each row
when new.begin > old."begin" and (new.a is not null) /* no BEGIN here */
begin
    -- keep the old one
    update t set a = case when new.a then 'end' else "end" end where id = old.id;
    select raise(abort, 'BEGIN; END;');
end;
