-- The key under which providers seal where a list goes on: one for the site,
-- so that any provider goes on with what another has begun.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.site_secret (
    name        text COLLATE "C" PRIMARY KEY CHECK (name = 'page_key'),
    value       bytea NOT NULL CHECK (length(value) = 32)
);
COMMENT ON TABLE reeve.site_secret IS
'Keys that all providers of the site share.  Read through functions alone.';

CREATE FUNCTION reeve.renew_page_key() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    INSERT INTO site_secret AS s (name, value)
    VALUES ('page_key', sha256(convert_to(gen_random_uuid()::text
        || gen_random_uuid() || gen_random_uuid(), 'UTF8')))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
$$;
COMMENT ON FUNCTION reeve.renew_page_key() IS
'Makes a new key for page tokens.  Those of the old one end when their provider is started anew; for the site''s operator, granted to nobody.';
SELECT reeve.renew_page_key();

CREATE FUNCTION reeve.page_key() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
    SELECT encode(s.value, 'hex') FROM site_secret s
    WHERE s.name = 'page_key'
$$;
COMMENT ON FUNCTION reeve.page_key() IS
'The key under which providers seal page tokens: 64 hex digits.';

-- Names by prefix and in order, as lists ask for them.
CREATE INDEX secured_object_name ON reeve.secured_object
    (object_type_id, (name COLLATE "C") NULLS FIRST);

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reeve.page_key() TO reeve_runtime;
RESET ROLE;
