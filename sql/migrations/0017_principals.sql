-- One person, several ways to sign in.  An administrative user has its
-- principal_id and any number of further principals; each names nobody else.
--
-- Both evaluators look up each own id of a subject among both: so a mapping
-- that is removed ends at the next question.  The ids behind the own ones
-- stand for groups, and for nothing but groups.

SET LOCAL ROLE reeve_owner;

-- Forms -----------------------------------------------------------------------

CREATE FUNCTION reeve.is_principal(id text) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN coalesce(octet_length(id) <= 1024 AND id !~ '[[:cntrl:]]' AND (
    id ~ '^krb5:[^@].*@[^@]+$'
    OR id ~ '^sid:s-1-[0-9]{1,15}(-[0-9]{1,10}){1,15}$'
    OR id ~ '^cert:key:[0-9a-f]{64}$'
    OR id ~ '^cert:(serial|ski):[0-9a-f]{64}:([0-9a-f]{2}){1,64}$'
    OR id ~ '^oidc(-app)?:[^|]+\|.+$'), false);
COMMENT ON FUNCTION reeve.is_principal(text) IS
'Whether a text has a form in which evidence names a person: krb5:NAME@REALM, sid:s-1-..., cert:key:SHA256, cert:serial:ISSUER:SERIAL, cert:ski:ISSUER:KEYID, oidc:ISS|SUB, oidc-app:ISS|CLIENT.';

-- Rows that are there keep what they have, which was less strict.
ALTER TABLE reeve.administrative_user
    DROP CONSTRAINT administrative_user_principal_id_check,
    ADD CONSTRAINT administrative_user_principal_id_check CHECK
        (principal_id ~ '^(krb5|group|cert|oidc|oidc-app|sid):.+$');
COMMENT ON COLUMN reeve.administrative_user.principal_id IS
'krb5:alice@LAB.TEST for a user (or another form of is_principal), group:<entryUUID> for a group.';
ALTER TABLE reeve.exclusion_list
    DROP CONSTRAINT exclusion_list_principal_id_check,
    ADD CONSTRAINT exclusion_list_principal_id_check CHECK
        (principal_id ~ '^(krb5|group|cert|oidc|oidc-app|sid):.+$');

-- The table -------------------------------------------------------------------

CREATE TABLE reeve.administrative_principal (
    principal_id    text COLLATE "C" PRIMARY KEY
                    CHECK (reeve.is_principal(principal_id)),
    admin_id        bigint NOT NULL
                    REFERENCES reeve.administrative_user ON DELETE CASCADE,
    created_by      text NOT NULL DEFAULT 'reeve',
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX administrative_principal_of_admin
    ON reeve.administrative_principal (admin_id);
COMMENT ON TABLE reeve.administrative_principal IS
'Further principals of administrative users that are no groups: who signs in as one of them is that user.  Unique together with administrative_user.principal_id.';

CREATE FUNCTION reeve.guard_principal() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM administrative_principal p
            JOIN administrative_user u ON u.principal_id = p.principal_id
            WHERE p.principal_id = NEW.principal_id) THEN
        RAISE EXCEPTION '% is the principal of one administrative user and'
            ' a further one of another', NEW.principal_id
            USING ERRCODE = 'unique_violation';
    END IF;
    IF EXISTS (SELECT FROM administrative_user u
            JOIN administrative_principal p ON p.admin_id = u.admin_id
            WHERE u.admin_id = NEW.admin_id AND u.is_group) THEN
        RAISE EXCEPTION 'administrative user % is a group and has no further'
            ' principals', NEW.admin_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_principal() IS
'Trigger: a principal names one administrative user, which is no group when it is a further one.  Both tables change under the lock of the revision only.';
CREATE TRIGGER d_names_one AFTER INSERT OR UPDATE
    ON reeve.administrative_principal FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_principal();
CREATE TRIGGER d_names_one AFTER INSERT OR UPDATE OF principal_id, is_group
    ON reeve.administrative_user FOR EACH ROW
    EXECUTE FUNCTION reeve.guard_principal();

DO $$
BEGIN
    PERFORM reeve.feed_changes_of('reeve.administrative_principal');
END
$$;

CREATE VIEW reeve.feed_principal AS
SELECT principal_id::text, admin_id FROM reeve.administrative_principal;
COMMENT ON VIEW reeve.feed_principal IS
'Further principals of administrative users.';

-- The rule --------------------------------------------------------------------

CREATE FUNCTION reeve.admin_of_principal(id text) RETURNS bigint
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT u.admin_id FROM administrative_user u WHERE u.principal_id = $1
    UNION ALL
    SELECT p.admin_id FROM administrative_principal p
    WHERE p.principal_id = $1
$$;
COMMENT ON FUNCTION reeve.admin_of_principal(text) IS
'The administrative user that has a principal, as its own or as a further one, be it in or out; NULL when there is none.';

CREATE OR REPLACE FUNCTION reeve.counted_ids(principal_ids text[],
    n_own integer, groups_known boolean) RETURNS text[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce($1[1:$2], '{}')
        || ARRAY(SELECT u.principal_id::text
            FROM administrative_principal p
            JOIN administrative_user u ON u.admin_id = p.admin_id
            WHERE p.principal_id = ANY ($1[1:$2]) AND NOT u.is_deleted
                AND NOT u.is_orphaned
            ORDER BY u.admin_id)
        || CASE WHEN $3 THEN ARRAY(SELECT g.id
            FROM unnest($1[$2 + 1:]) WITH ORDINALITY AS g (id, i)
            WHERE starts_with(g.id, 'group:') ORDER BY g.i) ELSE '{}' END
$$;
COMMENT ON FUNCTION reeve.counted_ids(text[], integer, boolean) IS
'The principal ids that count: the subject''s own, the principal of each administrative user that one of these is a further principal of, and, when the groups are known, those of groups.';

CREATE OR REPLACE FUNCTION reeve.account_mark_orphaned(principal_id text,
    seen_account_id text, request jsonb)
RETURNS TABLE (revision bigint, changed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    u administrative_user;
BEGIN
    PERFORM check_request(NULL, request);
    BEGIN
        revision := take_revision();
        SELECT x.* INTO u FROM administrative_user x
            WHERE x.admin_id = admin_of_principal($1) AND NOT x.is_deleted
                AND NOT x.is_orphaned AND x.account_id <> lower($2);
        IF NOT FOUND THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing changed';
        END IF;
        UPDATE site_revision SET orphaning = true;
        UPDATE administrative_user x SET is_orphaned = true,
                modified_by = 'reeve', modified_at = decision_instant()
            WHERE x.admin_id = u.admin_id;
        PERFORM write_admin_audit(decision_instant(),
            '{"principal":"reeve"}', request, ARRAY[ROW(31241,
                ARRAY['', $1, 'orphaned', lower($2), ''],
                jsonb_build_object('admin_id', u.admin_id, 'is_orphaned',
                    false, 'account_id', u.account_id),
                jsonb_build_object('admin_id', u.admin_id, 'is_orphaned',
                    true, 'seen_account_id', lower($2)))::audit_event], NULL);
        -- At commit the checks would run as the caller, who may not read.
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        changed := 1;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        SELECT s.n, 0 INTO revision, changed FROM site_revision s;
    END;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION reeve.account_mark_orphaned(text, text, jsonb) IS
'The directory answers with another account id for this principal, own or further: its administrative user gives nothing any more.  Without a stored or a seen id nothing is shown, and nothing changes.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.feed_principal TO reeve_runtime;
RESET ROLE;
