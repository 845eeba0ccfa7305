-- The admin stream of the audit: one row for each administrative change, in
-- the transaction of the change.  (The access stream, one record a request,
-- is written to files by the provider.)

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.admin_audit (
    revision        bigint NOT NULL CHECK (revision > 0),
    ordinal         integer NOT NULL CHECK (ordinal > 0),
    at              timestamptz NOT NULL,
    actor           text NOT NULL,
    message_id      integer NOT NULL REFERENCES reeve.audit_message,
    strings         text[] NOT NULL,
    request_id      text,
    source          text,
    body_sha256     text COLLATE "C",
    session         text,
    level           smallint CHECK (level BETWEEN 0 AND 3),
    assignments     bigint[],
    before          jsonb,
    after           jsonb,
    PRIMARY KEY (revision, ordinal)
);
CREATE INDEX admin_audit_of_actor ON reeve.admin_audit (actor, at);
COMMENT ON TABLE reeve.admin_audit IS
'Administrative changes: who, when, what, with Configuration Manager''s message id and insertion strings.  Full row images are in reeve.change under the same revision.';
COMMENT ON COLUMN reeve.admin_audit.strings IS
'Insertion strings of the message, the first is the actor.';
COMMENT ON COLUMN reeve.admin_audit.assignments IS
'Assignments that allowed it.';
COMMENT ON COLUMN reeve.admin_audit.before IS 'What the object was like.';
COMMENT ON COLUMN reeve.admin_audit.after IS 'What it is like now.';

CREATE TRIGGER a_require_revision BEFORE INSERT ON reeve.admin_audit
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.require_revision();
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON reeve.admin_audit
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_statement();

CREATE TYPE reeve.audit_event AS (
    message_id      integer,
    strings         text[],
    before          jsonb,
    after           jsonb
);
COMMENT ON TYPE reeve.audit_event IS
'What a row of the admin stream says; strings without the actor.';

CREATE FUNCTION reeve.write_admin_audit(at timestamptz, actor jsonb,
    request jsonb, events reeve.audit_event[], assignments bigint[])
RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    INSERT INTO admin_audit (revision, ordinal, at, actor, message_id,
        strings, request_id, source, body_sha256, session, level,
        assignments, before, after)
    SELECT r.n, r.last + row_number() OVER (ORDER BY e.i), $1,
        $2 ->> 'principal', e.message_id,
        ARRAY[$2 ->> 'principal'] || e.strings, $3 ->> 'request_id',
        $3 ->> 'source', $3 ->> 'body_sha256', $2 ->> 'session',
        ($2 ->> 'level')::smallint, $5, e.before, e.after
    FROM (SELECT h.n, coalesce((SELECT max(ordinal) FROM admin_audit
                WHERE revision = h.n), 0) AS last
            FROM (SELECT held_revision() AS n) h) r,
        unnest($4) WITH ORDINALITY AS e (message_id, strings, before, after, i)
$$;
COMMENT ON FUNCTION reeve.write_admin_audit(timestamptz, jsonb, jsonb,
    reeve.audit_event[], bigint[]) IS
'Writes rows of the admin stream under the revision held; the actor becomes the first insertion string of each.';

CREATE TABLE reeve.idempotency_key (
    actor           text COLLATE "C" NOT NULL,
    key             text COLLATE "C" NOT NULL
                    CHECK (length(key) BETWEEN 1 AND 255),
    operation       text NOT NULL,
    body_sha256     text COLLATE "C" NOT NULL,
    revision        bigint NOT NULL,
    changed         integer NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (actor, key)
);
COMMENT ON TABLE reeve.idempotency_key IS
'Answers of writes that carried an idempotency key: the same key with the same body gets the same answer and changes nothing.';
CREATE TRIGGER a_no_rewrite BEFORE UPDATE OR TRUNCATE
    ON reeve.idempotency_key
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_statement();

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON TYPE reeve.audit_event FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
