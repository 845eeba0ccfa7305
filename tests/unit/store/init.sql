-- Stands in for the function that makes the first administrator.
create schema reeve;
create table reeve.made (principal text, account_id text, actor text);
create function reeve.site_init(principal text, account_id text, actor text)
    returns table (admin_id bigint, revision bigint) language plpgsql as $$
begin
	if exists (select from reeve.made) then
		raise 'There is one.' using errcode = 'RV409';
	end if;
	insert into reeve.made values (principal, account_id, actor);
	return query select 42::bigint, 3::bigint;
end $$;
