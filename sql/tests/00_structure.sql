-- Everything is owned, commented and closed to the public; the views of the
-- feed and of the lists have the columns that the provider reads.
\set ON_ERROR_STOP 1
BEGIN;
SELECT * FROM no_plan();

SELECT is(reeve.schema_version(),
    (SELECT max(version) FROM reeve.schema_migration),
    'schema_version() is the last migration');

SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE relnamespace = 'reeve'::regnamespace AND relkind IN ('r', 'v', 'S')
        AND obj_description(c.oid, 'pg_class') IS NULL
$$, 'every table, view and sequence has a comment');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE pronamespace = 'reeve'::regnamespace
        AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'every function has a comment');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE relnamespace = 'reeve'::regnamespace AND relkind <> 'i'
        AND relowner <> 'reeve_owner'::regrole
    UNION ALL
    SELECT p.oid::regprocedure::text::regclass FROM pg_proc p
    WHERE false
$$, 'reeve_owner owns every relation');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE pronamespace = 'reeve'::regnamespace
        AND proowner <> 'reeve_owner'::regrole
$$, 'reeve_owner owns every function');
SELECT ok(NOT rolcanlogin AND NOT rolsuper AND NOT rolcreaterole
    AND NOT rolcreatedb AND NOT rolbypassrls, rolname || ' has no powers')
FROM pg_roles WHERE rolname IN
    ('reeve_owner', 'reeve_runtime', 'reeve_auditor', 'reeve_reporting',
     'reeve_rescue');
SELECT is_empty($$
    SELECT relname FROM pg_class
    WHERE relnamespace = 'reeve'::regnamespace AND relname <> lower(relname)
    UNION ALL SELECT proname FROM pg_proc
    WHERE pronamespace = 'reeve'::regnamespace AND proname <> lower(proname)
$$, 'names are in lower case');

-- Functions that run with the owner's rights are few, and listed here, each
-- with the reason why who calls it cannot do it with rights of their own.
CREATE TEMPORARY TABLE definer AS SELECT * FROM (VALUES
    ('schema_version', 'a login of any group asks it before all else'),
    ('allowed', 'reads all of the policy for one decision'),
    ('explain', 'likewise, for its reasons'),
    ('permissions_of', 'likewise, for what a subject holds'),
    ('passes_gate', 'likewise, for the minimum of the site'),
    ('count_objects', 'likewise, for many objects'),
    ('allowed_objects', 'likewise'),
    ('who_may', 'likewise, for all administrative users'),
    ('holdings', 'likewise, for all that a subject has'),
    ('allowed_pair', 'likewise, for an operation on two things'),
    ('explain_pair', 'likewise, for its reasons'),
    ('session_put', 'writes sessions, which no login may by itself'),
    ('session_get', 'finds one by the hash of its token'),
    ('session_end_put', 'ends some, in the order of their numbers'),
    ('session_ends_after', 'what was ended elsewhere'),
    ('session_ends_last', 'likewise'),
    ('session_list', 'lists them without what opens them'),
    ('session_prune', 'forgets what has ended'),
    ('body_of', 'reads what stands in the body of one object'),
    ('store_upkeep', 'keeps bodies anew and forgets what is old'),
    ('permissions_of_login', 'tells a login what its own user holds'),
    ('scope_membership_add', 'writes, if the rule lets its caller'),
    ('scope_membership_remove', 'likewise'),
    ('account_mark_gone', 'writes what the directory says'),
    ('caller_decides_approvals', 'answers for the caller of a view'),
    ('account_mark_orphaned', 'writes what the directory says'),
    ('site_level_at', 'reads the minimum of the site'),
    ('site_level_set', 'writes, if the rule lets its caller'),
    ('site_level_confirm', 'likewise'),
    ('site_level_revert_due', 'writes what is in force already'),
    ('exclusion_set', 'writes, if the rule lets its caller'),
    ('role_minimum_set', 'likewise'),
    ('operation_minimum_set', 'likewise'),
    ('max_auth_age_set', 'likewise'),
    ('principal_add', 'likewise'),
    ('principal_remove', 'likewise'),
    ('change_site', 'likewise'),
    ('page_key', 'providers may not read the table'),
    ('renew_page_key', 'for the operator'),
    ('role_compare', 'reads roles for who may read roles'),
    ('role_similar', 'likewise'),
    ('role_for_tasks', 'facts of the shipped catalogue'),
    ('tasks', 'likewise'),
    ('rescue_status', 'shows the local operator how the site stands'),
    ('rescue_level_windows', 'writes for the local operator alone'),
    ('rescue_admin_add', 'likewise'),
    ('caller_reads', 'tells a list what its reader may read'),
    ('caller_can_read', 'likewise, of one object'),
    ('caller_assignments', 'likewise, what it holds'),
    ('caller_operations', 'likewise'),
    ('caller_scopes', 'likewise, in which scopes'),
    ('caller_initial_scopes', 'likewise'),
    ('caller_covers', 'likewise, what it could grant'),
    ('available_categories', 'tells a caller what it could grant'),
    ('missing_operations', 'tells who reads roles what some lack'),
    ('site_init', 'writes; granted to nobody')) AS x (name, reason)
UNION ALL SELECT 'fn_rbac_' || name,
    'shows a login what its own user may read' FROM unnest(ARRAY['admin',
    'adminaudit', 'application', 'collection', 'fullcollectionmembership',
    'getadminids', 'package', 'permission', 'r_system', 'r_user',
    'r_usergroup', 'role', 'roleoperation', 'scope', 'securedobject',
    'securedobjectscope', 'tasksequencepackage']) AS name;
SELECT set_eq($$
    SELECT proname::text FROM pg_proc
    WHERE pronamespace = 'reeve'::regnamespace AND prosecdef
$$, 'SELECT name FROM definer', 'the SECURITY DEFINER functions');
SELECT is_empty($$
    SELECT proname FROM pg_proc WHERE pronamespace = 'reeve'::regnamespace
    GROUP BY proname HAVING count(*) > 1
$$, 'no name means two functions');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE pronamespace = 'reeve'::regnamespace AND prosecdef
        AND array_position(proconfig, 'search_path=reeve, pg_temp') IS NULL
$$, 'each of them has the fixed search_path');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE pronamespace = 'reeve'::regnamespace AND prolang = (
            SELECT oid FROM pg_language WHERE lanname = 'plpgsql')
        AND array_position(proconfig, 'search_path=reeve, pg_temp') IS NULL
$$, 'and so has every PL/pgSQL function');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p,
        aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE pronamespace = 'reeve'::regnamespace AND a.grantee = 0
$$, 'nothing is executable by PUBLIC');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c,
        aclexplode(coalesce(c.relacl, acldefault(
            CASE c.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END,
            c.relowner))) a
    WHERE relnamespace = 'reeve'::regnamespace AND a.grantee = 0
$$, 'no relation is open to PUBLIC');
SELECT is_empty($$
    SELECT 1 FROM pg_namespace n,
        aclexplode(n.nspacl) a WHERE nspname = 'reeve' AND a.grantee = 0
$$, 'nor is the schema');

SELECT set_eq($$
    SELECT p.proname::text FROM pg_proc p,
        aclexplode(p.proacl) a
    WHERE pronamespace = 'reeve'::regnamespace
        AND a.grantee = 'reeve_runtime'::regrole
$$, ARRAY['schema_version', 'session_put', 'session_get', 'session_end_put',
    'session_ends_after', 'session_ends_last', 'session_list',
    'session_prune', 'store_upkeep', 'body_of', 'allowed', 'explain',
    'permissions_of',
    'permissions_of_login', 'passes_gate', 'scope_membership_add',
    'scope_membership_remove', 'account_mark_gone', 'account_mark_orphaned',
    'caller_decides_approvals',
    'count_objects',
    'allowed_objects', 'who_may', 'holdings', 'allowed_pair',
    'explain_pair', 'own_type_of', 'edm_time', 'to_ms', 'site_level_at',
    'site_level_set',
    'site_level_confirm', 'site_level_revert_due', 'exclusion_set',
    'role_minimum_set', 'operation_minimum_set', 'max_auth_age_set',
    'principal_add', 'principal_remove', 'change_site', 'edm_time_ms',
    'edm_key', 'as_integer', 'as_boolean', 'as_text', 'as_texts', 'as_time',
    'caller_reads', 'caller_can_read', 'caller_assignments',
    'caller_operations', 'caller_scopes', 'caller_initial_scopes',
    'caller_covers', 'available_categories', 'page_key',
    'missing_operations', 'role_compare', 'role_similar', 'tasks',
    'role_for_tasks'],
    'what reeve_runtime may call');
SELECT set_eq($$
    SELECT p.proname::text FROM pg_proc p, aclexplode(p.proacl) a
    WHERE pronamespace = 'reeve'::regnamespace
        AND a.grantee = 'reeve_rescue'::regrole
$$, ARRAY['schema_version', 'rescue_status', 'rescue_level_windows',
    'rescue_admin_add'], 'what reeve_rescue may call');
SELECT is_empty($$
    SELECT p.oid::regprocedure, r FROM pg_proc p,
        unnest(ARRAY['reeve_runtime', 'reeve_auditor', 'reeve_reporting'])
            AS r
    WHERE pronamespace = 'reeve'::regnamespace
        AND p.proname LIKE 'rescue\_%'
        AND has_function_privilege(r, p.oid, 'EXECUTE')
$$, 'and nobody else may call any of its functions');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class c
    WHERE relnamespace = 'reeve'::regnamespace AND relkind IN ('r', 'v', 'S')
        AND has_table_privilege('reeve_rescue', c.oid,
            'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
$$, 'reeve_rescue neither reads nor writes any relation');
SELECT set_eq($$
    SELECT p.proname::text FROM pg_proc p, aclexplode(p.proacl) a
    WHERE pronamespace = 'reeve'::regnamespace
        AND a.grantee = 'reeve_auditor'::regrole
        AND p.proname NOT LIKE 'fn\_rbac\_%'
$$, ARRAY['schema_version', 'permissions_of_login', 'edm_time', 'to_ms',
    'edm_time_ms', 'edm_key', 'as_integer', 'as_boolean', 'as_text',
    'as_texts', 'as_time', 'caller_reads', 'caller_can_read',
    'caller_assignments', 'caller_operations', 'caller_scopes',
    'caller_initial_scopes', 'caller_covers', 'caller_decides_approvals',
    'body_of', 'own_type_of'],
    'what reeve_auditor may call: nothing that takes principal ids');
SELECT set_eq($$
    SELECT p.oid::regprocedure::text FROM pg_proc p, aclexplode(p.proacl) a
    WHERE pronamespace = 'reeve'::regnamespace
        AND a.grantee = 'reeve_reporting'::regrole
$$, $$
    SELECT 'reeve.' || name || '()' FROM definer
    WHERE name LIKE 'fn\_rbac\_%' OR name = 'permissions_of_login'
$$, 'what reeve_reporting may call: what takes no argument');
SELECT set_eq($$
    SELECT c.relname::text FROM pg_class c, aclexplode(c.relacl) a
    WHERE relnamespace = 'reeve'::regnamespace
        AND a.grantee = 'reeve_reporting'::regrole
$$, $$
    SELECT relname::text FROM pg_class
    WHERE relnamespace = 'reeve'::regnamespace AND relkind = 'v'
        AND relname LIKE 'v\_rbac\_%'
        AND 'security_barrier=true' = ANY (reloptions)
$$, 'and what it may read: the reports, each behind a barrier');

-- Every policy table feeds reeve.change, refuses TRUNCATE and keeps its key.
SELECT set_eq($$
    SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger
    WHERE tgname = 'a_require_revision' AND NOT tgisinternal
$$, $$
    SELECT c.oid::regclass::text FROM pg_class c
    WHERE relnamespace = 'reeve'::regnamespace AND relkind = 'r'
        AND relname NOT IN ('schema_migration', 'site_revision', 'retired_id',
            'revision_mark', 'idempotency_key', 'session', 'session_end',
            'policy_operation', 'site_secret', 'task', 'task_operation',
            'import_origin', 'object_body', 'object_body_names',
            'resource_property')
$$, 'each policy table needs a revision');
SELECT is_empty($$
    SELECT tgrelid::regclass FROM pg_trigger
    WHERE NOT tgisinternal AND tgname LIKE '_\_%'
        AND tgrelid::regclass::text NOT IN
            ('reeve.change', 'reeve.admin_audit', 'reeve.retired_id',
             'reeve.revision_mark', 'reeve.idempotency_key')
    GROUP BY tgrelid
    HAVING NOT array_agg(tgname::text) @> ARRAY['a_require_revision',
        'a_refuse_truncate', 'a_keep_key', 'z_change_insert',
        'z_change_update', 'z_change_delete']
$$, 'with the whole set of triggers');
SELECT is_empty($$
    SELECT a.attrelid::regclass, a.attname FROM pg_attribute a
    JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
        AND a.attnum = ANY (i.indkey)
    JOIN pg_collation l ON l.oid = a.attcollation
    WHERE c.relnamespace = 'reeve'::regnamespace AND c.relkind = 'r'
        AND a.atttypid = 'text'::regtype AND l.collname <> 'C'
$$, 'text in keys is compared byte by byte');

-- Columns of the feed, as the loader wants them.
CREATE FUNCTION pg_temp.columns_of(v text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ', '
        ORDER BY attnum)
    FROM pg_attribute WHERE attrelid = ('reeve.' || v)::regclass
        AND attnum > 0 AND NOT attisdropped
$$;
SELECT is(pg_temp.columns_of(v), c, v || ' has its columns') FROM (VALUES
    ('feed_site', 'revision bigint, epoch text, minimum integer, pairing integer, revert_level integer, revert_at_ms bigint, max_auth_age_s integer'),
    ('feed_mark', 'revision bigint, mark text'),
    ('feed_principal', 'principal_id text, admin_id bigint'),
    ('feed_exclusion', 'principal_id text'),
    ('feed_deploy', 'object_type_id integer, bit integer'),
    ('feed_type', 'object_type_id integer, sdk_name text, class_name text, secured_by integer'),
    ('feed_operation', 'object_type_id integer, bit integer, name text, type_wide boolean, security boolean, minimum integer'),
    ('feed_operation_need', 'object_type_id integer, bit integer, needed_bit integer'),
    ('feed_class_operation', 'class_name text, operation text, bit integer'),
    ('feed_default_instance', 'object_type_id integer, object_key text, read_bit integer, modify_bit integer'),
    ('feed_role', 'role_id text, name text, minimum integer'),
    ('feed_role_operation', 'role_id text, object_type_id integer, bit integer'),
    ('feed_scope', 'scope_id text'),
    ('feed_collection', 'collection_id text, kind integer, limiting_id text'),
    ('feed_admin', 'admin_id bigint, is_group boolean, is_out boolean, principal_id text, account_id text'),
    ('feed_assignment', 'assignment_id bigint, admin_id bigint, role_id text, from_ms bigint, until_ms bigint'),
    ('feed_assignment_scope', 'assignment_id bigint, scope_id text'),
    ('feed_assignment_collection', 'assignment_id bigint, collection_id text'),
    ('feed_object', 'object_type_id integer, object_key text, own_type_id integer'),
    ('feed_object_scope', 'object_type_id integer, object_key text, scope_id text'),
    ('feed_resource', 'resource_id bigint, resource_type integer'),
    ('feed_member', 'collection_id text, resource_id bigint')) AS x (v, c);
-- Each class of the AdminService has its rows in one form (the properties:
-- tests/scenario/classes.py).
SELECT is_empty($$
    SELECT c.relname, w.name FROM pg_class c, (VALUES ('key', 'text'),
        ('scopes', 'text[]'), ('etag', 'text'), ('object_type', 'integer'),
        ('object_key', 'text'), ('body', 'json')) AS w (name, type)
    WHERE relnamespace = 'reeve'::regnamespace AND relkind = 'v'
        AND relname LIKE 'list\_%' AND NOT EXISTS (
            SELECT FROM pg_attribute a WHERE a.attrelid = c.oid
                AND a.attname = w.name
                AND format_type(a.atttypid, NULL) = w.type)
$$, 'each list has a key, scopes, a tag, what it is judged on, and a body');
SELECT is_empty($$
    SELECT c.relname FROM pg_class c JOIN pg_attribute a
        ON a.attrelid = c.oid AND a.attname = 'key'
    JOIN pg_collation l ON l.oid = a.attcollation
    WHERE relnamespace = 'reeve'::regnamespace AND relkind = 'v'
        AND relname LIKE 'list\_%' AND l.collname <> 'C'
$$, 'keys are compared byte by byte');

SELECT * FROM finish();
ROLLBACK;
