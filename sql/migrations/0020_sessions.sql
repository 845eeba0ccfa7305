-- Sessions of all providers: who has signed in where, under the hash of the
-- token, and which sessions have been ended.  No part of the site's policy:
-- nothing here takes a revision.
--
-- A provider keeps the sessions that it has issued in memory and writes their
-- rows in batches, without waiting for the disk: one that is lost in a crash
-- of the server is lost as if the provider had been restarted.  Ends are
-- durable before they are answered.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.session (
    hash            bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    session_id      text COLLATE "C" NOT NULL UNIQUE
                    CHECK (session_id ~ '^[0-9a-f]{16}$'),
    node            text NOT NULL,
    principal       text COLLATE "C" NOT NULL,
    method          text NOT NULL,
    level           smallint NOT NULL CHECK (level BETWEEN 0 AND 3),
    identity        text NOT NULL,
    binding         smallint NOT NULL CHECK (binding BETWEEN 0 AND 2),
    address         text NOT NULL,
    exporter        bytea CHECK (octet_length(exporter) = 32),
    began_at_ms     bigint NOT NULL,
    expires_at_ms   bigint NOT NULL CHECK (expires_at_ms > began_at_ms)
);
CREATE INDEX session_of_principal ON reeve.session (principal);
CREATE INDEX session_by_end ON reeve.session (expires_at_ms);
COMMENT ON TABLE reeve.session IS
'Sessions by the SHA-256 of their tokens: what another provider needs to know one that it has not issued.';
COMMENT ON COLUMN reeve.session.session_id IS
'Public name, for logs and lists; tells nothing of the token.';
COMMENT ON COLUMN reeve.session.identity IS
'The identity behind it, as its provider wrote it.';
COMMENT ON COLUMN reeve.session.binding IS
'What it is bound to: 0 address, 1 TLS connection, 2 nothing.';
COMMENT ON COLUMN reeve.session.exporter IS
'RFC 9266 tls-exporter of the connection that it began on.';

CREATE TABLE reeve.session_end (
    seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id      text COLLATE "C",
    principal       text COLLATE "C",
    ended_by        text NOT NULL,
    ended_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (num_nonnulls(session_id, principal) = 1)
);
COMMENT ON SEQUENCE reeve.session_end_seq_seq IS 'Numbers of ends.';
CREATE INDEX session_end_of_session ON reeve.session_end (session_id);
CREATE INDEX session_end_of_principal ON reeve.session_end (principal);
CREATE INDEX session_end_by_time ON reeve.session_end (ended_at);
COMMENT ON TABLE reeve.session_end IS
'Sessions that were ended before their time, one or all of a person: every provider follows it.';

CREATE FUNCTION reeve.session_put(rows jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM set_config('synchronous_commit', 'off', true);
    INSERT INTO session (hash, session_id, node, principal, method, level,
        identity, binding, address, exporter, began_at_ms, expires_at_ms)
    SELECT decode(r.hash, 'hex'), r.id, r.node, r.principal, r.method,
        r.level, r.identity, r.binding, r.address, decode(r.exporter, 'hex'),
        r.began_at, r.expires_at
    FROM jsonb_to_recordset(rows) AS r (hash text, id text, node text,
        principal text, method text, level smallint, identity text,
        binding smallint, address text, exporter text, began_at bigint,
        expires_at bigint)
    -- One may be ended before its row has come.
    WHERE NOT EXISTS (SELECT FROM session_end e WHERE e.session_id = r.id)
        AND NOT EXISTS (SELECT FROM session_end e
            WHERE e.principal = r.principal
                AND e.ended_at >= to_timestamp(r.began_at / 1000.0))
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION reeve.session_put(jsonb) IS
'Writes sessions that a provider has issued; does not wait for the disk.';

CREATE FUNCTION reeve.session_get(hash bytea)
RETURNS TABLE (session_id text, identity text, binding integer, address text,
    exporter text, began_at_ms bigint, expires_at_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT s.session_id, s.identity, s.binding::integer, s.address,
        encode(s.exporter, 'hex'), s.began_at_ms, s.expires_at_ms
    FROM session s
    WHERE s.hash = $1
$$;
COMMENT ON FUNCTION reeve.session_get(bytea) IS
'The session of a token, by its hash; no row when there is none, or when it was ended.';

CREATE FUNCTION reeve.session_end_put(session_ids text[], principals text[],
    ended_by text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    ended integer;
BEGIN
    -- In the order of their numbers they become visible, too.
    PERFORM pg_advisory_xact_lock(hashtextextended('reeve.session_end', 0));
    INSERT INTO session_end (session_id, ended_by)
        SELECT DISTINCT i, $3 FROM unnest(session_ids) AS i;
    INSERT INTO session_end (principal, ended_by)
        SELECT DISTINCT p, $3 FROM unnest(principals) AS p;
    DELETE FROM session s
        WHERE s.session_id = ANY (session_ids)
            OR s.principal = ANY (principals);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION reeve.session_end_put(text[], text[], text) IS
'Ends sessions, by name or all of a person, for every provider; how many there were.';

CREATE FUNCTION reeve.session_ends_after(after bigint)
RETURNS TABLE (seq bigint, session_id text, principal text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT e.seq, e.session_id, e.principal FROM session_end e
    WHERE e.seq > $1 ORDER BY e.seq LIMIT 1000
$$;
COMMENT ON FUNCTION reeve.session_ends_after(bigint) IS
'What was ended since a number, at most 1,000.';

CREATE FUNCTION reeve.session_ends_last() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp
RETURN (SELECT coalesce(max(seq), 0) FROM reeve.session_end);
COMMENT ON FUNCTION reeve.session_ends_last() IS
'The number of the latest end: what a provider that starts begins after.';

CREATE FUNCTION reeve.session_list(after text, most integer)
RETURNS TABLE (session_id text, node text, principal text, method text,
    level integer, address text, began_at_ms bigint, expires_at_ms bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT s.session_id, s.node, s.principal, s.method, s.level::integer,
        s.address, s.began_at_ms, s.expires_at_ms
    FROM session s
    WHERE s.session_id > $1
        AND s.expires_at_ms > extract(epoch FROM clock_timestamp()) * 1000
    ORDER BY s.session_id LIMIT least(greatest($2, 1), 1001)
$$;
COMMENT ON FUNCTION reeve.session_list(text, integer) IS
'Live sessions by name, those after one; without what opens them.';

CREATE FUNCTION reeve.session_prune() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    DELETE FROM session WHERE expires_at_ms
        < extract(epoch FROM clock_timestamp()) * 1000 - 60000;
    -- No session lives for longer than a week (session_lifetime).
    DELETE FROM session_end WHERE ended_at
        < clock_timestamp() - interval '8 days'
        AND seq < (SELECT max(seq) FROM session_end)
$$;
COMMENT ON FUNCTION reeve.session_prune() IS
'Forgets sessions that have ended by their time, and ends that nobody can need.';

REVOKE ALL ON TABLE reeve.session, reeve.session_end FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
-- Who knows the hash of a token can do nothing with it.
GRANT SELECT ON reeve.session, reeve.session_end TO reeve_auditor;
GRANT EXECUTE ON FUNCTION
    reeve.session_put(jsonb),
    reeve.session_get(bytea),
    reeve.session_end_put(text[], text[], text),
    reeve.session_ends_after(bigint),
    reeve.session_ends_last(),
    reeve.session_list(text, integer),
    reeve.session_prune()
    TO reeve_runtime;
RESET ROLE;
