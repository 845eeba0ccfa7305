-- Membership rules by query: WQL over one class of resources, which the
-- provider reads to a predicate (provider/wql/).  The store checks its form
-- again, resolves its properties, and evaluates it on rows; no text of it
-- becomes SQL.
--
-- A query that was stored before, or that is not read here, has no predicate:
-- its members are those that are stored.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000122, 'info', 'provider', 'modify', 'resource',
     '1=user;2=class;3=resource;4=name');

-- Properties of resources ---------------------------------------------------------

CREATE TABLE reeve.resource_property (
    class_name      text COLLATE "C" NOT NULL,
    name            text COLLATE "C" NOT NULL,
    kind            text NOT NULL
                    CHECK (kind IN ('text', 'integer', 'texts', 'time')),
    is_written      boolean NOT NULL,
    PRIMARY KEY (class_name, name)
);
INSERT INTO reeve.resource_property (class_name, name, kind, is_written)
SELECT c.class, p.name, p.kind, p.is_written
FROM (VALUES ('SMS_R_System'), ('SMS_R_User'), ('SMS_R_UserGroup'))
    AS c (class)
CROSS JOIN (VALUES ('ResourceID', 'integer', false),
    ('ResourceType', 'integer', false), ('Name', 'text', true),
    ('SID', 'text', false)) AS p (name, kind, is_written);
INSERT INTO reeve.resource_property (class_name, name, kind, is_written)
VALUES
    ('SMS_R_System', 'NetbiosName', 'text', true),
    ('SMS_R_System', 'SMSUniqueIdentifier', 'text', false),
    ('SMS_R_System', 'Active', 'integer', true),
    ('SMS_R_System', 'Client', 'integer', true),
    ('SMS_R_System', 'ClientVersion', 'text', true),
    ('SMS_R_System', 'ADSiteName', 'text', true),
    ('SMS_R_System', 'IPAddresses', 'texts', true),
    ('SMS_R_System', 'MACAddresses', 'texts', false),
    ('SMS_R_System', 'OperatingSystemNameandVersion', 'text', true),
    ('SMS_R_System', 'ResourceDomainORWorkgroup', 'text', true),
    ('SMS_R_System', 'DistinguishedName', 'text', true),
    ('SMS_R_System', 'LastLogonUserName', 'text', true),
    ('SMS_R_System', 'LastLogonUserDomain', 'text', true),
    ('SMS_R_System', 'CreationDate', 'time', false),
    ('SMS_R_System', 'Obsolete', 'integer', true),
    ('SMS_R_System', 'Unknown', 'integer', false),
    ('SMS_R_System', 'Decommissioned', 'integer', true),
    ('SMS_R_System', 'ObjectGUID', 'text', false),
    ('SMS_R_System', 'SMBIOSGUID', 'text', false),
    ('SMS_R_System', 'SystemOUName', 'texts', true),
    ('SMS_R_System', 'SystemGroupName', 'texts', true),
    ('SMS_R_System', 'SMSAssignedSites', 'texts', true),
    ('SMS_R_User', 'UserName', 'text', true),
    ('SMS_R_User', 'WindowsNTDomain', 'text', true),
    ('SMS_R_User', 'UserPrincipalName', 'text', true),
    ('SMS_R_User', 'UniqueUserName', 'text', true),
    ('SMS_R_User', 'FullUserName', 'text', true),
    ('SMS_R_User', 'Mail', 'text', true),
    ('SMS_R_User', 'DistinguishedName', 'text', true),
    ('SMS_R_User', 'UserGroupName', 'texts', true),
    ('SMS_R_UserGroup', 'UserGroupName', 'text', true),
    ('SMS_R_UserGroup', 'WindowsNTDomain', 'text', true);
COMMENT ON TABLE reeve.resource_property IS
'Properties of devices, users and groups that queries may name; is_written: that a caller may change, identities apart.';

ALTER TABLE reeve.collection_rule ADD COLUMN predicate jsonb
    CHECK (predicate IS NULL OR rule = 'query');
CREATE INDEX collection_rule_query ON reeve.collection_rule (kind)
    WHERE predicate IS NOT NULL;
COMMENT ON COLUMN reeve.collection_rule.predicate IS
'What the query says, as checked_query() has it; NULL for one that was not read: its members are as stored.';

ALTER TYPE reeve.wanted_rule ADD ATTRIBUTE query text,
    ADD ATTRIBUTE predicate jsonb;

-- Reading a predicate ------------------------------------------------------------------

CREATE FUNCTION reeve.refuse_query(what text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV400', format('The query of a rule %s.', $1),
        '{"reason":"malformed_query"}')
$$;
COMMENT ON FUNCTION reeve.refuse_query(text) IS
'RV400 for a query that is none.';

CREATE FUNCTION reeve.queried_property(class text, name jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    known text;
BEGIN
    SELECT p.name INTO known FROM resource_property p
        WHERE p.class_name = class AND lower(p.name) = lower($2 #>> '{}');
    IF known IS NULL THEN
        PERFORM refuse_query(format('names %s, which %s does not have',
            left(coalesce(name #>> '{}', 'nothing'), 64), class));
    END IF;
    RETURN known;
END
$$;
COMMENT ON FUNCTION reeve.queried_property(text, jsonb) IS
'A property as its class has it; RV400 for one that it has not.';

CREATE FUNCTION reeve.queried_value(value jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    CASE jsonb_typeof(value)
    WHEN 'number' THEN
        IF value::text !~ '^-?[0-9]{1,18}$' THEN
            PERFORM refuse_query('has a number that is no integer');
        END IF;
        RETURN value;
    WHEN 'string' THEN
        IF length(value #>> '{}') > 512 THEN
            PERFORM refuse_query('has a text of more than 512 characters');
        END IF;
        RETURN to_jsonb(lower(value #>> '{}'));
    ELSE
        PERFORM refuse_query('compares with what is neither text nor number');
    END CASE;
END
$$;
COMMENT ON FUNCTION reeve.queried_value(jsonb) IS
'A value that a query compares with, in lower case: WQL knows no other; RV400.';

CREATE FUNCTION reeve.queried_pattern(value jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    pattern text := queried_value(value) #>> '{}';
BEGIN
    IF jsonb_typeof(value) <> 'string' THEN
        PERFORM refuse_query('has a pattern that is no text');
    ELSIF pattern ~ '\[' THEN
        PERFORM refuse('RV501', 'Sets in brackets are not understood in the'
            ' pattern of a query.', '{"reason":"query_rule"}');
    ELSIF (SELECT count(*) FROM regexp_matches(pattern, '%+', 'g')) > 8 THEN
        PERFORM refuse_query('has a pattern with more than 8 times %');
    END IF;
    -- Only % and _ mean something; in PostgreSQL the backslash does, too.
    RETURN to_jsonb(replace(pattern, '\', '\\'));
END
$$;
COMMENT ON FUNCTION reeve.queried_pattern(jsonb) IS
'A pattern of a query as one for LIKE, in lower case; RV400, RV501 for sets in brackets.';

CREATE FUNCTION reeve.checked_predicate(p jsonb, class text, depth integer)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    op text;
    n integer;
    name text;
BEGIN
    IF jsonb_typeof(p) IS DISTINCT FROM 'array' OR depth > 64 THEN
        PERFORM refuse_query('is none, or too deep');
    END IF;
    op := p ->> 0;
    n := jsonb_array_length(p);
    IF op IN ('and', 'or') AND n BETWEEN 3 AND 1000 OR op = 'not' AND n = 2
    THEN
        RETURN (SELECT jsonb_agg(CASE WHEN i = 1 THEN e
                ELSE checked_predicate(e, class, depth + 1) END ORDER BY i)
            FROM jsonb_array_elements(p) WITH ORDINALITY AS x (e, i));
    ELSIF coalesce(op, '') NOT IN ('null', 'like', 'in', '=', '<>', '<',
            '>', '<=', '>=') OR n <> 3 - (op = 'null')::integer
    THEN
        PERFORM refuse_query('has a part that is no comparison');
    END IF;
    name := queried_property(class, p -> 1);
    RETURN CASE op WHEN 'null' THEN jsonb_build_array(op, name)
        WHEN 'like' THEN jsonb_build_array(op, name,
            queried_pattern(p -> 2))
        WHEN 'in' THEN jsonb_build_array(op, name, queried_list(p -> 2))
        ELSE jsonb_build_array(op, name, queried_value(p -> 2)) END;
END
$$;
COMMENT ON FUNCTION reeve.checked_predicate(jsonb, text, integer) IS
'A predicate over the properties of a class in the form in which it is evaluated; RV400, RV501.';

CREATE FUNCTION reeve.queried_list(value jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(value) IS DISTINCT FROM 'array'
        OR jsonb_array_length(value) NOT BETWEEN 1 AND 1000 THEN
        PERFORM refuse_query('compares with what is no list');
    END IF;
    RETURN (SELECT jsonb_agg(queried_value(x.e))
        FROM jsonb_array_elements($1) AS x (e));
END
$$;
COMMENT ON FUNCTION reeve.queried_list(jsonb) IS
'The values of a list in a query; RV400.';

CREATE FUNCTION reeve.checked_query(w jsonb, kind text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    class text := w ->> 'class';
    fault jsonb := w -> 'fault';
    type integer := CASE class WHEN 'SMS_R_System' THEN 5
        WHEN 'SMS_R_User' THEN 4 WHEN 'SMS_R_UserGroup' THEN 3 END;
BEGIN
    IF coalesce(length(w ->> 'query'), 0) NOT BETWEEN 1 AND 16384
        OR octet_length(w::text) > 131072 THEN
        PERFORM refuse_query('is missing, or too long');
    ELSIF jsonb_typeof(fault) = 'object' THEN
        PERFORM refuse(CASE fault -> 'unsupported' WHEN 'true' THEN 'RV501'
                ELSE 'RV400' END, format('The query of a rule cannot be read'
                ' at byte %s: %s.', left(fault ->> 'at', 16),
                left(fault ->> 'what', 256)),
            jsonb_build_object('reason', CASE fault -> 'unsupported'
                WHEN 'true' THEN 'query_rule' ELSE 'malformed_query' END));
    ELSIF type IS NULL THEN
        PERFORM refuse('RV501', 'This query was not read.',
            '{"reason":"query_rule"}');
    ELSIF (type = 5) <> (kind = 'device') THEN
        PERFORM refuse('RV400', format('%s is not what this collection'
            ' holds.', class), '{"reason":"other_kind"}');
    END IF;
    RETURN jsonb_build_object('type', type, 'where', CASE
        WHEN coalesce(w -> 'predicate', 'null') <> 'null'
        THEN checked_predicate(w -> 'predicate', class, 1) END);
END
$$;
COMMENT ON FUNCTION reeve.checked_query(jsonb, text) IS
'What is stored of a query as a provider has read it: {type, where}; RV400, RV501 with what it could not read.';

-- Evaluating ------------------------------------------------------------------------------

CREATE FUNCTION reeve.value_holds(op text, value jsonb, wanted jsonb)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    a text := lower(value #>> '{}');
    b text := wanted #>> '{}';
    sign integer;
BEGIN
    IF op = 'like' THEN
        RETURN a LIKE b;
    ELSIF op = 'in' THEN
        RETURN EXISTS (SELECT FROM jsonb_array_elements($3) AS x (w)
            WHERE value_holds('=', $2, x.w));
    ELSIF jsonb_typeof(value) = 'number' AND b ~ '^-?[0-9]{1,18}$' THEN
        sign := sign((value #>> '{}')::numeric - b::numeric);
    ELSE
        sign := CASE WHEN a = b THEN 0
            WHEN a COLLATE "C" < b COLLATE "C" THEN -1 ELSE 1 END;
    END IF;
    RETURN CASE op WHEN '=' THEN sign = 0 WHEN '<>' THEN sign <> 0
        WHEN '<' THEN sign < 0 WHEN '>' THEN sign > 0
        WHEN '<=' THEN sign <= 0 WHEN '>=' THEN sign >= 0 END;
END
$$;
COMMENT ON FUNCTION reeve.value_holds(text, jsonb, jsonb) IS
'Whether one value holds a comparison; numbers by their worth, all else as text without regard to case.';

CREATE FUNCTION reeve.resource_value(r reeve.resource, name text)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN CASE name WHEN 'Name' THEN to_jsonb(r.name)
    WHEN 'NetbiosName' THEN coalesce(nullif(r.properties -> name, 'null'),
        to_jsonb(r.name))
    WHEN 'ResourceID' THEN to_jsonb(r.resource_id)
    WHEN 'ResourceType' THEN to_jsonb(r.resource_type)
    ELSE r.properties -> name END;
COMMENT ON FUNCTION reeve.resource_value(reeve.resource, text) IS
'A property of a resource, as its class shows it.';

CREATE FUNCTION reeve.predicate_holds(p jsonb, r reeve.resource)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    op text := p ->> 0;
    found boolean := op = 'and';
    one boolean;
    held jsonb;
BEGIN
    IF op = 'not' THEN
        RETURN NOT predicate_holds(p -> 1, r);
    ELSIF op IN ('and', 'or') THEN
        FOR i IN 1 .. jsonb_array_length(p) - 1 LOOP
            one := predicate_holds(p -> i, r);
            IF one = (op = 'or') THEN
                RETURN one;
            ELSIF one IS NULL THEN
                found := NULL;
            END IF;
        END LOOP;
        RETURN found;
    END IF;
    held := resource_value($2, p ->> 1);
    IF coalesce(held, 'null') IN ('null', '[]') THEN
        RETURN CASE op WHEN 'null' THEN true END;
    ELSIF op = 'null' THEN
        RETURN false;
    ELSIF jsonb_typeof(held) = 'array' THEN
        RETURN (SELECT bool_or(value_holds(op, x.e, p -> 2))
            FROM jsonb_array_elements(held) AS x (e));
    END IF;
    RETURN value_holds(op, held, p -> 2);
END
$$;
COMMENT ON FUNCTION reeve.predicate_holds(jsonb, reeve.resource) IS
'Whether a predicate holds for a resource; NULL when a value is missing, as in SQL; a list holds when one of its elements does.';

CREATE FUNCTION reeve.query_holds(query jsonb, r reeve.resource)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN r.resource_type = (query ->> 'type')::integer AND coalesce(
        CASE WHEN query -> 'where' = 'null' THEN true
            ELSE predicate_holds(query -> 'where', r) END, false);
END
$$;
COMMENT ON FUNCTION reeve.query_holds(jsonb, reeve.resource) IS
'Whether a resource is found by a query that was read.';

CREATE FUNCTION reeve.members_by_query(id text) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    c collection;
    q jsonb;
BEGIN
    SELECT x.* INTO STRICT c FROM collection x WHERE x.collection_id = id;
    FOR q IN SELECT r.predicate FROM collection_rule r
        WHERE r.collection_id = id AND r.predicate IS NOT NULL
    LOOP
        IF c.limiting_id IN ('SMS00001', 'SMS00004') THEN
            RETURN QUERY SELECT x.resource_id FROM resource x
                WHERE x.kind = c.kind AND query_holds(q, x);
        ELSE
            RETURN QUERY SELECT x.resource_id FROM collection_member m
                JOIN resource x ON x.resource_id = m.resource_id
                WHERE m.collection_id = c.limiting_id AND query_holds(q, x);
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.members_by_query(text) IS
'Whom the queries of a collection find within its limit.';

CREATE OR REPLACE FUNCTION reeve.members_by_rules(id text) RETURNS SETOF bigint
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH c AS (
        SELECT c.*, EXISTS (SELECT FROM collection_rule q
            WHERE q.collection_id = c.collection_id AND q.rule = 'query'
                AND q.predicate IS NULL) AS by_query
        FROM collection c WHERE c.collection_id = $1
    ), wanted (resource_id) AS (
        SELECT r.resource_id FROM collection_rule r
            WHERE r.collection_id = $1 AND r.rule = 'direct'
        UNION
        SELECT m.resource_id FROM collection_rule r
            JOIN collection_member m ON m.collection_id = r.other_id
            WHERE r.collection_id = $1 AND r.rule = 'include'
        UNION
        -- The roots have everybody of their kind by definition.
        SELECT x.resource_id FROM collection_rule r
            JOIN resource x ON x.kind = r.kind
            WHERE r.collection_id = $1 AND r.rule = 'include'
                AND r.other_id IN ('SMS00001', 'SMS00004')
        UNION
        SELECT q FROM members_by_query($1) AS q
        UNION
        -- A query that was not read: as stored.
        SELECT m.resource_id FROM collection_member m, c
            WHERE m.collection_id = $1 AND c.by_query
    )
    SELECT w.resource_id FROM wanted w
    WHERE w.resource_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM collection_rule r
            JOIN collection_member m ON m.collection_id = r.other_id
                AND m.resource_id = w.resource_id
            WHERE r.collection_id = $1 AND r.rule = 'exclude')
        AND NOT EXISTS (SELECT FROM collection_rule r
            WHERE r.collection_id = $1 AND r.rule = 'exclude'
                AND r.other_id IN ('SMS00001', 'SMS00004'))
        AND EXISTS (SELECT FROM c WHERE c.limiting_id
                IN ('SMS00001', 'SMS00004')
            OR EXISTS (SELECT FROM collection_member m
                WHERE m.collection_id = c.limiting_id
                    AND m.resource_id = w.resource_id))
$$;
COMMENT ON FUNCTION reeve.members_by_rules(text) IS
'Who is a member of a collection by its rules and its limit, as those that it names are now.';

CREATE OR REPLACE FUNCTION reeve.belongs_to(resource_id bigint, c reeve.collection)
RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    WITH rule AS (
        SELECT r.rule, r.resource_id, r.predicate, r.other_id IN ('SMS00001', 'SMS00004')
            OR EXISTS (SELECT FROM collection_member m
                WHERE m.collection_id = r.other_id
                    AND m.resource_id = $1) AS names_it
        FROM collection_rule r WHERE r.collection_id = (c).collection_id
    )
    SELECT ((c).limiting_id IN ('SMS00001', 'SMS00004') OR EXISTS (
            SELECT FROM collection_member m
            WHERE m.collection_id = (c).limiting_id AND m.resource_id = $1))
        AND NOT EXISTS (SELECT FROM rule r
            WHERE r.rule = 'exclude' AND r.names_it)
        AND (EXISTS (SELECT FROM rule r WHERE r.rule = 'direct'
                    AND r.resource_id = $1
                OR r.rule = 'include' AND r.names_it)
            OR EXISTS (SELECT FROM rule r JOIN resource x
                ON x.resource_id = $1
                WHERE r.predicate IS NOT NULL AND query_holds(r.predicate, x))
            -- Without rules, and by a query that was not read: as stored.
            OR (NOT EXISTS (SELECT FROM rule)
                    OR EXISTS (SELECT FROM rule r WHERE r.rule = 'query'
                        AND r.predicate IS NULL))
                AND EXISTS (SELECT FROM collection_member m
                    WHERE m.collection_id = (c).collection_id
                        AND m.resource_id = $1))
$$;
COMMENT ON FUNCTION reeve.belongs_to(bigint, reeve.collection) IS
'Whether a resource of its kind is a member of a collection, by the rules of members_by_rules() and store_members(), for this resource alone.';

-- What callers send --------------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.wanted_rule(w jsonb, kind text)
RETURNS reeve.wanted_rule
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    r wanted_rule;
BEGIN
    IF jsonb_typeof(w) IS DISTINCT FROM 'object'
        OR coalesce(w ->> 'rule', '') NOT IN ('direct', 'include', 'exclude',
            'query')
        OR (w ->> 'rule' = 'direct')
            <> (coalesce(w ->> 'resource_id', '') ~ '^[1-9][0-9]{0,9}$')
        OR (w ->> 'rule' IN ('include', 'exclude'))
            <> (coalesce(w ->> 'other_id', '') <> '') THEN
        PERFORM refuse('RV400', 'A membership rule is direct with a'
            ' ResourceID, includes or excludes a collection by its'
            ' CollectionID, or has a QueryExpression.', '{"reason":"malformed_rule"}');
    ELSIF w ->> 'rule' = 'query' THEN
        r.query := w ->> 'query';
        r.predicate := checked_query(w, kind);
    END IF;
    r.rule := w ->> 'rule';
    r.resource_id := w ->> 'resource_id';
    r.other_id := w ->> 'other_id';
    r.name := coalesce(nullif(w ->> 'name', ''), CASE r.rule WHEN 'direct'
        THEN (SELECT x.name FROM resource x
            WHERE x.resource_id = r.resource_id)
        ELSE (SELECT c.name FROM collection c
            WHERE c.collection_id = r.other_id) END, '?');
    RETURN r;
END
$$;
COMMENT ON FUNCTION reeve.wanted_rule(jsonb, text) IS
'A rule as a caller sends it; RV400 when it is malformed, RV501 for a query that is not understood.';

CREATE OR REPLACE FUNCTION reeve.can_see_rule(who reeve.asker, at timestamptz,
    r reeve.wanted_rule) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    -- A query names nobody.
    IF r.rule = 'query' THEN
        RETURN true;
    END IF;
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, CASE
            WHEN r.rule <> 'direct' THEN '1'
            ELSE coalesce((SELECT CASE x.resource_type WHEN 5
                    THEN 'SMS_R_System' WHEN 4 THEN 'SMS_R_User'
                    ELSE 'SMS_R_UserGroup' END
                FROM resource x WHERE x.resource_id = r.resource_id),
                'SMS_R_System') END, 'Read',
        coalesce(r.other_id, r.resource_id::text));
    RETURN v.decision;
END
$$;
COMMENT ON FUNCTION reeve.can_see_rule(reeve.asker, timestamptz,
    reeve.wanted_rule) IS
'Whether the caller may Read what a rule names.';

CREATE OR REPLACE FUNCTION reeve.check_rules(who reeve.asker, at timestamptz, kind text,
    rules reeve.wanted_rule[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    r wanted_rule;
BEGIN
    FOREACH r IN ARRAY rules LOOP
        -- What one may not read is as what there is not.
        IF NOT can_see_rule(who, at, r) OR NOT (CASE r.rule
            WHEN 'direct' THEN EXISTS (SELECT FROM resource x
                WHERE x.resource_id = r.resource_id
                    AND x.kind = check_rules.kind)
            WHEN 'query' THEN true
            ELSE EXISTS (SELECT FROM collection c
                WHERE c.collection_id = r.other_id
                    AND c.kind = check_rules.kind) END) THEN
            IF NOT who.groups_known THEN
                PERFORM refuse_not_decidable();
            END IF;
            PERFORM refuse('RV400', format('A rule names a %s that there is'
                ' not: %s.', CASE r.rule WHEN 'direct' THEN kind
                ELSE 'collection of the same kind' END,
                left(coalesce(r.other_id, r.resource_id::text), 64)),
                '{"reason":"unknown_member"}');
        END IF;
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.check_rules(reeve.asker, timestamptz, text,
    reeve.wanted_rule[]) IS
'RV400 for a rule that names what there is not, is of another kind, or is not for the caller to read.';

CREATE OR REPLACE FUNCTION reeve.add_rules(who reeve.asker, at timestamptz,
    c reeve.collection, rules reeve.wanted_rule[]) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    circle text;
    n integer;
BEGIN
    SELECT r.other_id INTO circle FROM unnest(rules) r
        WHERE r.other_id = c.collection_id
            OR depends_on(r.other_id, c.collection_id) LIMIT 1;
    IF FOUND THEN
        PERFORM refuse_circle(who, at, c.collection_id, circle);
    END IF;
    INSERT INTO collection_rule (collection_id, kind, ordinal, name, rule,
            resource_id, other_id, query, predicate)
    SELECT c.collection_id, c.kind, coalesce((SELECT max(x.ordinal)
            FROM collection_rule x WHERE x.collection_id = c.collection_id),
            0) + row_number() OVER (ORDER BY r.i), r.name, r.rule,
        r.resource_id, r.other_id, r.query, r.predicate
    FROM (SELECT DISTINCT ON (u.rule, u.resource_id, u.other_id, u.query)
            u.rule, u.name, u.resource_id, u.other_id, u.query,
            u.predicate, u.i
        FROM unnest(rules) WITH ORDINALITY
            AS u (rule, name, resource_id, other_id, query, predicate, i)
        ORDER BY u.rule, u.resource_id, u.other_id, u.query, u.i) r
    WHERE NOT EXISTS (SELECT FROM collection_rule x
        WHERE x.collection_id = c.collection_id AND x.rule = r.rule
            AND (x.resource_id, x.other_id, x.query) IS NOT DISTINCT FROM
                (r.resource_id, r.other_id::text COLLATE "C", r.query));
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.add_rules(reeve.asker, timestamptz,
    reeve.collection, reeve.wanted_rule[]) IS
'Adds the rules that are missing; RV409 for one that closes a circle.';

CREATE OR REPLACE FUNCTION reeve.drop_rules(id text, rules reeve.wanted_rule[])
RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    DELETE FROM collection_rule x USING unnest(rules) r
        WHERE x.collection_id = id AND x.rule = r.rule
            AND (x.resource_id, x.other_id, x.query) IS NOT DISTINCT FROM
                (r.resource_id, r.other_id::text COLLATE "C", r.query);
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.drop_rules(text, reeve.wanted_rule[]) IS
'Takes rules away; how many there were.';

CREATE OR REPLACE FUNCTION reeve.rules_of(id text)
RETURNS reeve.wanted_rule[]
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(array_agg((r.rule, r.name, r.resource_id, r.other_id,
        r.query, r.predicate)::wanted_rule ORDER BY r.ordinal), '{}')
    FROM collection_rule r WHERE r.collection_id = $1
$$;
COMMENT ON FUNCTION reeve.rules_of(text) IS
'The rules of a collection.';

CREATE OR REPLACE FUNCTION reeve.is_same_rule(a reeve.wanted_rule,
    b reeve.wanted_rule) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN a.rule = b.rule AND (a.resource_id, a.other_id, a.query)
    IS NOT DISTINCT FROM (b.resource_id, b.other_id, b.query);
COMMENT ON FUNCTION reeve.is_same_rule(reeve.wanted_rule, reeve.wanted_rule)
IS 'Whether two rules say the same, under whatever names; queries by their text.';

CREATE FUNCTION reeve.sent_rules(given jsonb, kind text,
    had reeve.wanted_rule[]) RETURNS reeve.wanted_rule[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'array' THEN
        RETURN wanted_rules(given, kind);
    END IF;
    -- A query that is there need not be one that is read here.
    RETURN wanted_rules(coalesce((SELECT jsonb_agg(g ORDER BY i)
            FROM jsonb_array_elements(given) WITH ORDINALITY AS x (g, i)
            WHERE NOT EXISTS (SELECT FROM unnest(had) h
                WHERE h.rule = 'query' AND h.query = g ->> 'query')), '[]'),
            kind)
        || ARRAY(SELECT h FROM unnest(had) h WHERE h.rule = 'query'
            AND EXISTS (SELECT FROM jsonb_array_elements(given) AS g
                WHERE g ->> 'query' = h.query));
END
$$;
COMMENT ON FUNCTION reeve.sent_rules(jsonb, text, reeve.wanted_rule[]) IS
'The rules that a caller sends of a collection that has some: its own queries are taken as they are.';

CREATE OR REPLACE FUNCTION reeve.change_rules(who reeve.asker,
    at timestamptz, c reeve.collection, args jsonb) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    had wanted_rule[] := rules_of(c.collection_id);
    added wanted_rule[] := '{}';
    dropped wanted_rule[] := '{}';
BEGIN
    IF args ? 'rules' THEN
        added := sent_rules(args -> 'rules', c.kind, had);
        -- What the caller may not read stays.
        dropped := ARRAY(SELECT h FROM unnest(had) h
            WHERE NOT EXISTS (SELECT FROM unnest(added) a
                    WHERE is_same_rule(a, h))
                AND can_see_rule(who, at, h));
    ELSIF args ? 'add_rules' THEN
        added := sent_rules(args -> 'add_rules', c.kind, had);
    ELSIF args ? 'drop_rules' THEN
        dropped := sent_rules(args -> 'drop_rules', c.kind, had);
        PERFORM check_rules(who, at, c.kind, dropped);
    END IF;
    added := ARRAY(SELECT a FROM unnest(added) a WHERE NOT EXISTS (
        SELECT FROM unnest(had) h WHERE is_same_rule(a, h)));
    IF cardinality(added) + cardinality(dropped) = 0 THEN
        RETURN 0;
    END IF;
    RETURN write_rules(who, at, c, added, dropped);
END
$$;
COMMENT ON FUNCTION reeve.change_rules(reeve.asker, timestamptz,
    reeve.collection, jsonb) IS
'What a change says of rules: all of them (rules), some more (add_rules), or some less (drop_rules); how many came and went.';

CREATE OR REPLACE FUNCTION reeve.name_directly(who reeve.asker, at timestamptz,
    id bigint, c reeve.collection) RETURNS integer
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    is_stored boolean := NOT EXISTS (SELECT FROM collection_rule r
            WHERE r.collection_id = c.collection_id)
        AND EXISTS (SELECT FROM collection_member m
            WHERE m.collection_id = c.collection_id);
    n integer := 0;
BEGIN
    IF NOT is_stored THEN
        RETURN add_rules(who, at, c, ARRAY[ROW('direct', (SELECT r.name
            FROM resource r WHERE r.resource_id = id), id, NULL, NULL,
            NULL)::wanted_rule]);
    END IF;
    -- A first rule would make the others no members any more.
    INSERT INTO collection_member (collection_id, resource_id, kind)
        SELECT c.collection_id, id, c.kind
        WHERE c.limiting_id = 'SMS00001' OR EXISTS (
            SELECT FROM collection_member m
            WHERE m.collection_id = c.limiting_id AND m.resource_id = id)
        ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS n = ROW_COUNT;
    RETURN n;
END
$$;
COMMENT ON FUNCTION reeve.name_directly(reeve.asker, timestamptz, bigint,
    reeve.collection) IS
'Makes a device a direct member of a collection: by a rule, or where the members are stored without any, as they are.  How many rows are new.';

-- Resources that come and change --------------------------------------------------------------

CREATE FUNCTION reeve.place_by_queries(ids bigint[], of_kind text)
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    starts text[] := ARRAY(SELECT DISTINCT q.collection_id::text
        FROM collection_rule q
        WHERE q.kind = of_kind AND q.predicate IS NOT NULL);
BEGIN
    IF cardinality(starts) = 0 OR cardinality(ids) = 0 THEN
        RETURN;
    ELSIF cardinality(ids) > 200 THEN
        PERFORM refresh_members(s, false) FROM unnest(starts) AS s;
    ELSE
        PERFORM place_resource(i, starts) FROM unnest(ids) AS i;
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.place_by_queries(bigint[], text) IS
'Makes the memberships of resources anew that queries read; of many, those of all.';

CREATE FUNCTION reeve.place_new() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM place_by_queries(ARRAY(SELECT t.resource_id FROM touched t
        WHERE t.kind = k ORDER BY 1), k)
    FROM unnest('{device,user}'::text[]) AS k;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.place_new() IS
'Trigger: new resources are members where a query finds them.';
CREATE TRIGGER g_place AFTER INSERT ON reeve.resource
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.place_new();

CREATE FUNCTION reeve.place_changed() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM place_by_queries(ARRAY(SELECT t.resource_id FROM touched t
        JOIN was w ON w.resource_id = t.resource_id
        WHERE t.kind = k AND (t.name, t.properties)
            IS DISTINCT FROM (w.name, w.properties) ORDER BY 1), k)
    FROM unnest('{device,user}'::text[]) AS k;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.place_changed() IS
'Trigger: a resource whose values have changed is a member where a query finds it now.';
CREATE TRIGGER g_place_changed AFTER UPDATE ON reeve.resource
    REFERENCING OLD TABLE AS was NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.place_changed();

CREATE FUNCTION reeve.refuse_value(name text, what text) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT refuse('RV400', format('%s %s.', left($1, 64), $2),
        jsonb_build_object('reason', 'malformed_properties', 'member',
            left($1, 64)))
$$;
COMMENT ON FUNCTION reeve.refuse_value(text, text) IS
'RV400 for a value that a property does not have.';

CREATE FUNCTION reeve.check_value(class text, name text, value jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    p resource_property;
BEGIN
    SELECT x.* INTO p FROM resource_property x
        WHERE x.class_name = class AND x.name = check_value.name;
    IF NOT coalesce(p.is_written, false) THEN
        PERFORM refuse_value(name, 'is nothing that can be written here');
    ELSIF value = 'null' AND name <> 'Name' THEN
        RETURN;
    ELSIF p.kind = 'text' AND (jsonb_typeof(value) <> 'string'
            OR length(value #>> '{}') > 1024) THEN
        PERFORM refuse_value(name, 'is a text of at most 1024 characters');
    ELSIF p.kind = 'integer' AND (jsonb_typeof(value) <> 'number'
            OR value::text !~ '^-?[0-9]{1,9}$') THEN
        PERFORM refuse_value(name, 'is an integer');
    ELSIF p.kind = 'texts' AND (jsonb_typeof(value) <> 'array'
            OR jsonb_array_length(value) > 100 OR jsonb_path_exists(value,
                '$[*] ? (@.type() != "string")')
            OR octet_length(value::text) > 65536) THEN
        PERFORM refuse_value(name, 'is a list of at most 100 texts');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_value(text, text, jsonb) IS
'RV400 unless a property of a class can have a value, and be written.';

CREATE FUNCTION reeve.values_to_write(class text, r reeve.resource,
    sent jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(x.name, x.value), '{}')
    FROM (SELECT coalesce((SELECT p.name FROM resource_property p
            WHERE p.class_name = $1 AND lower(p.name) = lower(v.key)),
            v.key) AS name, v.value FROM jsonb_each($3) v) x
    -- No value and an empty list are shown alike.
    WHERE coalesce(nullif(resource_value($2, x.name), '[]'), 'null')
            <> coalesce(nullif(x.value, '[]'), 'null')
        AND NOT coalesce(as_time(resource_value($2, x.name))
            = as_time(x.value), false)
$$;
COMMENT ON FUNCTION reeve.values_to_write(text, reeve.resource, jsonb) IS
'What a caller sends that is not as it is: who has read a resource may send all of it back.';

CREATE FUNCTION reeve.refuse_gained(who reeve.asker, at timestamptz,
    id bigint, had text[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM refuse_self_widening(who, at, m.collection_id, true, false)
    FROM collection_member m
    WHERE m.resource_id = id AND m.collection_id <> ALL (had);
END
$$;
COMMENT ON FUNCTION reeve.refuse_gained(reeve.asker, timestamptz, bigint,
    text[]) IS
'RV403 self_widening when a resource has come into a collection by a value that a rule reads, where the caller has rights that it has not on what limits it.';

CREATE FUNCTION reeve.apply_resource_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    class text := args ->> 'class';
    wanted jsonb := coalesce(args -> 'values', '{}');
    matched bigint[];
    r resource;
    before jsonb;
    had text[];
BEGIN
    PERFORM require_gate(who);
    IF class IS NULL OR class NOT IN ('SMS_R_System', 'SMS_R_User',
            'SMS_R_UserGroup') THEN
        PERFORM refuse('RV400', 'Resources are devices, users and groups.',
            '{"reason":"op_not_applicable"}');
    END IF;
    matched := require_on_resource(who, at, class, 'Modify',
        coalesce(args ->> 'key', ''));
    SELECT x.* INTO STRICT r FROM resource x
        WHERE x.resource_id = resource_named(class, args ->> 'key');
    PERFORM require_match(request, etag_of(class, r.resource_id::text));
    wanted := values_to_write(class, r, wanted);
    PERFORM check_value(class, v.key, v.value) FROM jsonb_each(wanted) v;
    before := resource_image(r.resource_id);
    had := ARRAY(SELECT m.collection_id::text FROM collection_member m
        WHERE m.resource_id = r.resource_id);
    IF wanted = '{}' THEN
        RETURN ROW(0, jsonb_build_object('key', r.resource_id::text));
    END IF;
    UPDATE resource x SET
        name = CASE WHEN wanted ? 'Name' THEN check_label(wanted -> 'Name',
            'Name', 1, 256) ELSE x.name END,
        properties = x.properties - ARRAY(SELECT jsonb_object_keys(wanted))
            || jsonb_strip_nulls(wanted - 'Name')
        WHERE x.resource_id = r.resource_id;
    PERFORM refuse_gained(who, at, r.resource_id, had);
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000122,
        ARRAY[class, r.resource_id::text, before ->> 'name'], before,
        resource_image(r.resource_id))::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', r.resource_id::text));
END
$$;
COMMENT ON FUNCTION reeve.apply_resource_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'resource_change: {class, key, values}; null takes a value away.  RV403 self_widening where a value would bring it, by a query, into a collection of the caller''s own permissions.';

-- Rules of another site ---------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION reeve.import_rule(source text, c reeve.collection, r jsonb,
    OUT wanted reeve.wanted_rule, OUT why text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    wanted.name := left(coalesce(nullif(r ->> 'RuleName', ''), '?'), 256);
    IF coalesce(r ->> 'QueryExpression', '') <> '' THEN
        wanted.rule := 'query';
        wanted.query := r ->> 'QueryExpression';
        BEGIN
            wanted.predicate := checked_query(coalesce(r -> 'read', '{}')
                || jsonb_build_object('query', wanted.query), c.kind);
        EXCEPTION WHEN SQLSTATE 'RV400' OR SQLSTATE 'RV501' THEN
            why := SQLERRM;
        END;
    ELSIF coalesce(r ->> 'IncludeCollectionID', '') <> '' THEN
        wanted.rule := 'include';
        SELECT n.id, n.why INTO wanted.other_id, why
            FROM import_named_collection(source, r ->> 'IncludeCollectionID',
                c) n;
    ELSIF coalesce(r ->> 'ExcludeCollectionID', '') <> '' THEN
        wanted.rule := 'exclude';
        SELECT n.id, n.why INTO wanted.other_id, why
            FROM import_named_collection(source, r ->> 'ExcludeCollectionID',
                c) n;
    ELSIF coalesce(r ->> 'ResourceID', '') <> '' THEN
        wanted.rule := 'direct';
        SELECT n.id, n.why INTO wanted.resource_id, why
            FROM import_named_resource(r, c.kind) n;
    ELSE
        wanted.rule := 'unknown';
        why := 'it is no rule of a known kind';
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.import_rule(text, reeve.collection, jsonb) IS
'A rule of another site as one of here, or why it is left out.';

CREATE FUNCTION reeve.store_new_members(ids text[]) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    waiting text[] := ids;
    next text;
BEGIN
    WHILE cardinality(waiting) > 0 LOOP
        -- One that depends on none of the others: there is no circle.
        SELECT w INTO STRICT next FROM unnest(waiting) AS w
            WHERE NOT EXISTS (SELECT FROM links_of(w) AS l (id)
                WHERE l.id = ANY (waiting))
            ORDER BY w LIMIT 1;
        PERFORM store_members(next, true);
        waiting := array_remove(waiting, next);
    END LOOP;
END
$$;
COMMENT ON FUNCTION reeve.store_new_members(text[]) IS
'Makes the members of collections on which no others depend, each once, those first that others name.';

CREATE OR REPLACE FUNCTION reeve.import_rules(who reeve.asker, at timestamptz,
    args jsonb, plan jsonb[], OUT n integer, OUT lines jsonb[])
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    came record;
    done record;
    ids text[] := '{}';
BEGIN
    n := 0;
    lines := '{}';
    FOR came IN SELECT l, r -> 'CollectionRules' AS rules
        FROM unnest(plan) WITH ORDINALITY AS p (l, i)
        JOIN jsonb_array_elements(args -> 'SMS_Collection') r
            ON r ->> 'CollectionID' = p.l ->> 'source_id'
        WHERE p.l ->> 'entity' = 'collection' AND p.l ->> 'action' = 'made'
            AND jsonb_typeof(r -> 'CollectionRules') = 'array' ORDER BY p.i
    LOOP
        done := import_rules_of(who, at, args ->> 'source', came.l,
            came.rules);
        n := n + done.n;
        lines := lines || done.lines;
        IF done.n > 0 THEN
            ids := ids || (came.l ->> 'id');
        END IF;
    END LOOP;
    -- What is new is nobody's category yet: nobody's rights get wider.
    PERFORM store_new_members(ids);
END
$$;
COMMENT ON FUNCTION reeve.import_rules(reeve.asker, timestamptz, jsonb,
    jsonb[]) IS
'The rules of the collections that have just come, and their members; how many rules, and lines of the plan for those left out.';

-- What a dry run shows: queries bring many members ------------------------------------

CREATE OR REPLACE FUNCTION reeve.effects_of(who reeve.asker, revision bigint)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    -- Whoever may Read a collection may Read its members: the same bit by the
    -- same categories, since members lie within every limit.
    WITH image AS MATERIALIZED (
        SELECT c.entity, c.key, c.old, c.new, c.ordinal,
            CASE c.entity WHEN 'collection_member' THEN 'collection'
                ELSE c.entity END AS judged_as,
            CASE c.entity WHEN 'collection_member' THEN jsonb_build_object(
                    'collection_id', coalesce(c.new, c.old)
                        -> 'collection_id')
                ELSE coalesce(c.new, c.old) END AS about
        FROM change c WHERE c.revision = $2
    ), seen AS MATERIALIZED (
        SELECT d.judged_as, d.about FROM (SELECT DISTINCT i.judged_as, i.about
            FROM image i WHERE i.ordinal <= 1000) d
        WHERE may_see_image(who, decision_instant(), d.judged_as, d.about)
    ), judged AS (
        SELECT i.*, i.ordinal <= 1000 AND s.about IS NOT NULL AS shown
        FROM image i LEFT JOIN seen s ON s.judged_as = i.judged_as
            AND s.about = i.about
    )
    SELECT jsonb_build_object('effects', coalesce(jsonb_agg(
            jsonb_build_object('entity', i.entity, 'key', i.key, 'old', i.old,
                'new', i.new) ORDER BY i.ordinal) FILTER (WHERE i.shown),
            '[]'), 'effects_not_shown', count(*) FILTER (WHERE NOT i.shown))
    FROM judged i
$$;
COMMENT ON FUNCTION reeve.effects_of(reeve.asker, bigint) IS
'The first 1000 rows that a revision changed, before and after, as far as the caller may read what they are about, and how many more.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('resource_change', 'Values of a device, user or group are changed.');

REVOKE ALL ON TABLE reeve.resource_property FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.resource_property TO reeve_auditor;
RESET ROLE;
