-- A site of one administrator, in tables that look like the feed views.
create schema if not exists reeve;
do $$
begin
	if not exists (select from pg_roles where rolname = 'runtime') then
		create role runtime login;
	end if;
end $$;
create table reeve.feed_site (revision bigint, epoch text, minimum integer,
    pairing integer, revert_level integer, revert_at_ms bigint,
    max_auth_age_s integer);
create table reeve.feed_principal (principal_id text, admin_id bigint);
create table reeve.feed_exclusion (principal_id text);
create table reeve.feed_type (object_type_id integer, sdk_name text,
    class_name text, secured_by integer);
create table reeve.feed_operation (object_type_id integer, bit integer,
    name text, type_wide boolean, security boolean, minimum integer);
create table reeve.feed_operation_need (object_type_id integer, bit integer,
    needed_bit integer);
create table reeve.feed_class_operation (class_name text, operation text,
    bit integer);
create table reeve.feed_default_instance (object_type_id integer,
    object_key text, read_bit integer, modify_bit integer);
create table reeve.feed_deploy (object_type_id integer, bit integer);
create table reeve.feed_role (role_id text, name text, minimum integer);
create table reeve.feed_role_operation (role_id text,
    object_type_id integer, bit integer);
create table reeve.feed_scope (scope_id text);
create table reeve.feed_collection (collection_id text, kind integer,
    limiting_id text);
create table reeve.feed_admin (admin_id bigint, is_group boolean,
    is_out boolean, principal_id text, account_id text);
create table reeve.feed_assignment (assignment_id bigint, admin_id bigint,
    role_id text, from_ms bigint, until_ms bigint);
create table reeve.feed_assignment_scope (assignment_id bigint,
    scope_id text);
create table reeve.feed_assignment_collection (assignment_id bigint,
    collection_id text);
create table reeve.feed_object (object_type_id integer, object_key text,
    own_type_id integer not null default 0);
create table reeve.feed_object_scope (object_type_id integer,
    object_key text, scope_id text);
create table reeve.feed_resource (resource_id bigint, resource_type integer);
create table reeve.feed_member (collection_id text, resource_id bigint);
create table reeve.feed_change (revision bigint, ordinal integer, entity text,
    key text, old jsonb, new jsonb);
-- Revisions of the history `name` begin with `since`.
create table reeve.history (since bigint, name text);
insert into reeve.history values (0, 'first');
create view reeve.feed_mark as
    select r as revision, (select h.name from reeve.history h
        where h.since <= r order by h.since desc limit 1) || r as mark
    from generate_series(0, (select max(revision) from reeve.feed_site)) r;
create function reeve.own_type_of(type_id integer, properties jsonb)
    returns integer language sql return (properties ->> 'own')::integer;
create function reeve.to_ms(at timestamptz) returns bigint language sql
    return (extract(epoch from at) * 1000)::bigint;
grant usage on schema reeve to runtime;
grant select on all tables in schema reeve to runtime;

insert into reeve.feed_site values (7, 'first', 1, 0);
insert into reeve.feed_type values
    (1, 'Collection', 'SMS_Collection', 2),
    (29, 'SecuredCategory', 'SMS_SecuredCategory', 0),
    (31, 'Application', 'SMS_Application', 1);
insert into reeve.feed_operation values
    (1, 0, 'Read', false, false, 0),
    (29, 0, 'Read', false, false, 0),
    (31, 0, 'Read', false, false, 0),
    (31, 1, 'Modify', false, false, 0);
insert into reeve.feed_role values ('R1', 'Reader', 0);
insert into reeve.feed_role_operation values ('R1', 31, 0);
insert into reeve.feed_scope values ('SMS00ALL'), ('SMS00UNA');
insert into reeve.feed_collection values
    ('SMS00001', 0, null), ('SMS00004', 1, null), ('C1', 0, 'SMS00001');
insert into reeve.feed_admin values (1, false, false, 'krb5:alice@LAB.TEST',
    null);
insert into reeve.feed_assignment values (1, 1, 'R1', null, null);
insert into reeve.feed_assignment_scope values (1, 'SMS00ALL');
insert into reeve.feed_object values (31, 'app-1'), (29, 'SMS00ALL'),
    (29, 'SMS00UNA');
insert into reeve.feed_object_scope values (31, 'app-1', 'SMS00UNA');
insert into reeve.feed_resource values (16777217, 5);
insert into reeve.feed_member values ('C1', 16777217);
