-- What deploying content of a type asks for on the target collection
-- (docs/rule.md section 4), and what the providers load of it.  The rows come
-- with 0013.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.deploy_operation (
    object_type_id  integer PRIMARY KEY REFERENCES reeve.object_type,
    bit             smallint NOT NULL,
    collection_type_id integer NOT NULL DEFAULT 1
                    CHECK (collection_type_id = 1),
    provenance      text NOT NULL,
    FOREIGN KEY (collection_type_id, bit) REFERENCES reeve.operation
);
COMMENT ON TABLE reeve.deploy_operation IS
'Deploy(k): who deploys content of a type needs this operation on the target collection.  Content of a type without a row is not deployed.';
COMMENT ON COLUMN reeve.deploy_operation.bit IS
'An operation of type 1 (Collection).';

CREATE FUNCTION reeve.guard_deploy_operation() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM operation o
            WHERE o.object_type_id = NEW.collection_type_id
                AND o.bit = NEW.bit AND o.is_type_wide) THEN
        RAISE EXCEPTION 'deploying is an operation on one collection, not a'
            ' type-wide one' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_deploy_operation() IS
'Trigger: what deploying asks for is an operation on an instance.';
CREATE TRIGGER d_on_an_instance AFTER INSERT OR UPDATE
    ON reeve.deploy_operation
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_deploy_operation();

DO $$
BEGIN
    PERFORM reeve.feed_changes_of('reeve.deploy_operation');
END
$$;
CREATE TRIGGER c_guard_shipped BEFORE INSERT OR UPDATE OR DELETE
    ON reeve.deploy_operation FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_shipped_type();

CREATE VIEW reeve.feed_deploy AS
SELECT object_type_id, bit::integer AS bit FROM reeve.deploy_operation;
COMMENT ON VIEW reeve.feed_deploy IS
'What deploying content of a type asks for: a bit of type 1.';

CREATE OR REPLACE VIEW reeve.feed_site AS
SELECT r.n AS revision, r.epoch::text AS epoch,
    s.minimum_level::integer AS minimum,
    CASE s.deploy_pairing WHEN 'assignment' THEN 0 WHEN 'user' THEN 1
        END AS pairing
FROM reeve.site_revision r CROSS JOIN reeve.site_setting s;
COMMENT ON VIEW reeve.feed_site IS
'One row: revision, epoch, minimum level of the site, and pairing of the halves of a two-object operation (0 assignment, 1 user).';

-- Section 3 knows one type without Read, 26.  Before, any type without one
-- had what all its exceptions need in its place, and where there was no such
-- thing only the first step of a chain of needs found that out.
CREATE OR REPLACE FUNCTION reeve.read_bit(object_type_id integer)
RETURNS smallint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        SELECT o.bit FROM operation o
        WHERE o.object_type_id = $1 AND o.name =
            CASE $1 WHEN 26 THEN 'View Asset Intelligence' ELSE 'Read' END);
END
$$;
COMMENT ON FUNCTION reeve.read_bit(integer) IS
'The Read of a type; for type 26, which has none, View Asset Intelligence; NULL when there is none: then no operation on an instance is allowed.';

CREATE OR REPLACE FUNCTION reeve.needed_bits(object_type_id integer,
    "bit" smallint) RETURNS smallint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE need (b) AS (
            SELECT coalesce((SELECT n.needed_bit FROM operation_need n
                    WHERE n.object_type_id = $1 AND n.bit = $2), read_bit($1))
            WHERE $2 IS DISTINCT FROM read_bit($1)
            UNION
            SELECT coalesce((SELECT n.needed_bit FROM operation_need n
                    WHERE n.object_type_id = $1 AND n.bit = x.b), read_bit($1))
            FROM need x
            WHERE x.b IS NOT NULL AND x.b IS DISTINCT FROM read_bit($1)
        )
        SELECT coalesce(array_agg(b), '{}') FROM need);
END
$$;
COMMENT ON FUNCTION reeve.needed_bits(integer, smallint) IS
'What an operation on an instance needs on the same object: Read, or what operation_need says and what that needs.  NULL among them: something that does not exist, however far down the chain.';
COMMENT ON TABLE reeve.operation_need IS
'Exceptions to the rule that each operation on an instance needs Read of it: a row replaces that need by another.  Type 26 has no Read; View Asset Intelligence stands for it.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.feed_deploy TO reeve_runtime;
RESET ROLE;
