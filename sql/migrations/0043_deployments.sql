-- Deployments: content x of kind k to a collection c (docs/rule.md section 4).
--
-- Who may is made of the two things alone.  Making and changing one needs
-- Deploy(k) on c and Read on x, both from one assignment (or as the site is
-- set); deleting it Deploy(k) on c alone; reading it Read on both.  No
-- provider has deployments in its snapshot: a row here is a row of the change
-- feed without effect.
--
-- Which content and which collection do not change: another deployment does.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000110, 'info', 'collection', 'add', 'deployment',
     '1=actor;2=class;3=key;4=content type;5=content;6=collection'),
    (1000111, 'info', 'collection', 'modify', 'deployment',
     '1=actor;2=class;3=key;4=content type;5=content;6=collection'),
    (1000112, 'info', 'collection', 'delete', 'deployment',
     '1=actor;2=class;3=key;4=content type;5=content;6=collection');

-- The table -----------------------------------------------------------------------

CREATE FUNCTION reeve.deployment_type_of(content_type_id integer)
RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN content_type_id IN (2, 20) THEN 201
    WHEN content_type_id IN (38, 47) THEN 202 ELSE 200 END;
COMMENT ON FUNCTION reeve.deployment_type_of(integer) IS
'The type of the deployments of content: 201 of packages and task sequences, 202 of settings, 200 of all else.';

CREATE SEQUENCE reeve.deployment_number_seq AS integer MINVALUE 16777217;
COMMENT ON SEQUENCE reeve.deployment_number_seq IS
'Numbers of deployments, never used again.';

CREATE TABLE reeve.deployment (
    deployment_id   bigint PRIMARY KEY CHECK (deployment_id > 0),
    object_type_id  integer NOT NULL REFERENCES reeve.object_type
                    CHECK (object_type_id
                        = reeve.deployment_type_of(content_type_id)),
    deployment_key  text COLLATE "C" NOT NULL
                    CHECK (length(deployment_key) BETWEEN 1 AND 1200),
    content_type_id integer NOT NULL REFERENCES reeve.deploy_operation,
    content_key     text COLLATE "C" NOT NULL,
    collection_id   text COLLATE "C" NOT NULL REFERENCES reeve.collection,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 512),
    comment         text NOT NULL DEFAULT '' CHECK (length(comment) <= 512),
    program         text NOT NULL DEFAULT '' CHECK (length(program) <= 128),
    is_required     boolean NOT NULL,
    is_uninstall    boolean NOT NULL DEFAULT false,
    is_enabled      boolean NOT NULL DEFAULT true,
    starts_at       timestamptz NOT NULL,
    deadline        timestamptz CHECK (deadline >= starts_at),
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    modified_by     text NOT NULL,
    modified_at     timestamptz NOT NULL,
    changed_revision bigint NOT NULL DEFAULT 0,
    UNIQUE (object_type_id, deployment_key),
    FOREIGN KEY (content_type_id, content_key)
        REFERENCES reeve.secured_object,
    CONSTRAINT only_applications_are_uninstalled
        CHECK (NOT is_uninstall OR (content_type_id = 31 AND is_required))
);
CREATE INDEX deployment_of_content
    ON reeve.deployment (content_type_id, content_key);
CREATE INDEX deployment_to_collection ON reeve.deployment (collection_id);
COMMENT ON TABLE reeve.deployment IS
'What is deployed to which collection: a policy table, but no part of the rule.';
COMMENT ON COLUMN reeve.deployment.deployment_key IS
'The key as paths have it: a number (200), a text as of packages (201), settings and collection (202).';
COMMENT ON COLUMN reeve.deployment.changed_revision IS
'Revision of the last change of the deployment: its ETag.';

DO $$
BEGIN
    PERFORM reeve.feed_changes_of('reeve.deployment');
    PERFORM reeve.never_reuse_ids_of('reeve.deployment', 'deployment_id');
END
$$;
CREATE TRIGGER c_stamp BEFORE INSERT OR UPDATE ON reeve.deployment
    FOR EACH ROW EXECUTE FUNCTION reeve.stamp_revision();

CREATE FUNCTION reeve.guard_fixed_deployment() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'deployment % keeps its content and its collection',
        OLD.deployment_id USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
COMMENT ON FUNCTION reeve.guard_fixed_deployment() IS
'Trigger: who could deploy one thing somewhere has not said yes to another thing elsewhere.';
CREATE TRIGGER d_fixed BEFORE UPDATE ON reeve.deployment FOR EACH ROW
    WHEN ((OLD.content_type_id, OLD.content_key, OLD.collection_id,
            OLD.deployment_key) IS DISTINCT FROM (NEW.content_type_id,
            NEW.content_key, NEW.collection_id, NEW.deployment_key))
    EXECUTE FUNCTION reeve.guard_fixed_deployment();

CREATE FUNCTION reeve.tell_deployed() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    UPDATE secured_object o SET properties = jsonb_set(o.properties,
        '{IsDeployed}', to_jsonb(x.is_deployed))
    FROM (SELECT DISTINCT t.content_key, EXISTS (SELECT FROM deployment d
            WHERE d.content_type_id = 31
                AND d.content_key = t.content_key) AS is_deployed
        FROM touched t WHERE t.content_type_id = 31) x
    WHERE o.object_type_id = 31 AND o.object_key = x.content_key
        AND o.properties -> 'IsDeployed' IS DISTINCT FROM
            to_jsonb(x.is_deployed);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.tell_deployed() IS
'Trigger: IsDeployed of an application says whether it has a deployment.';
CREATE TRIGGER g_tell_deployed AFTER INSERT ON reeve.deployment
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.tell_deployed();
CREATE TRIGGER g_tell_deployed_gone AFTER DELETE ON reeve.deployment
    REFERENCING OLD TABLE AS touched FOR EACH STATEMENT
    EXECUTE FUNCTION reeve.tell_deployed();

-- Which content a caller means ---------------------------------------------------------

CREATE FUNCTION reeve.deployable_types(class text, args jsonb)
RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    types integer[] := ARRAY(SELECT d.object_type_id FROM deploy_operation d
        WHERE CASE class
            WHEN 'SMS_ApplicationAssignment' THEN d.object_type_id = 31
            WHEN 'SMS_CIAssignment'
                THEN deployment_type_of(d.object_type_id) = 200
            WHEN 'SMS_Advertisement'
                THEN deployment_type_of(d.object_type_id) = 201
            WHEN 'SMS_ClientSettingsAssignment'
                THEN deployment_type_of(d.object_type_id) = 202
            ELSE false END
        ORDER BY d.object_type_id);
BEGIN
    IF coalesce(args -> 'content_type', 'null') <> 'null' THEN
        types := ARRAY(SELECT t FROM unnest(types) t
            WHERE to_jsonb(t) = args -> 'content_type');
    END IF;
    IF cardinality(types) = 0 THEN
        PERFORM refuse('RV400', 'ContentTypeID is no type whose objects are'
            ' deployed by this class.', '{"reason":"op_not_applicable"}');
    END IF;
    RETURN types;
END
$$;
COMMENT ON FUNCTION reeve.deployable_types(text, jsonb) IS
'The types of content that deployments of a class have, or the one of them that the request names; RV400 for another.';

CREATE FUNCTION reeve.deployed_content(types integer[], args jsonb,
    OUT type_id integer, OUT key text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    cis jsonb := coalesce(args -> 'cis', '[]');
    wanted text := args ->> 'content_key';
BEGIN
    IF jsonb_array_length(cis) > 1
        OR jsonb_path_exists(cis, '$[*] ? (@.type() != "number")')
        OR (wanted IS NULL) = (cis = '[]') THEN
        PERFORM refuse('RV400', 'A deployment has one content: its key, or'
            ' its CI_ID in AssignedCIs.', '{"reason":"malformed_content"}');
    END IF;
    SELECT o.object_type_id, o.object_key INTO type_id, key
    FROM unnest(types) WITH ORDINALITY AS t (id, place)
    JOIN secured_object o ON o.object_type_id = t.id
        AND CASE WHEN wanted IS NOT NULL THEN o.object_key = wanted
            ELSE o.object_key = key_in_url(t.id, cis ->> 0)
                AND t.id IN (11, 31, 34) END
    ORDER BY t.place LIMIT 1;
    -- What there is not is asked about like what there is.
    type_id := coalesce(type_id, types[1]);
    key := coalesce(key, '');
END
$$;
COMMENT ON FUNCTION reeve.deployed_content(integer[], jsonb) IS
'The content that a request names among objects of some types; an empty key for none.  RV400.';

-- Who may ------------------------------------------------------------------------------

CREATE FUNCTION reeve.deployment_question(type_id integer, content_key text,
    collection_id text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
RETURN jsonb_build_object('object', jsonb_build_object('type', type_id::text,
    'key', content_key), 'collection', collection_id);
COMMENT ON FUNCTION reeve.deployment_question(integer, text, text) IS
'The question of deploying something somewhere, for allowed_pair().';

CREATE FUNCTION reeve.reads_deployment(who reeve.asker, at timestamptz,
    question jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (SELECT v.decision FROM allowed_pair(who.ids,
        cardinality(who.ids), who.groups_known, who.level, who.delegated, at,
        'read-deployment', question) v);
END
$$;
COMMENT ON FUNCTION reeve.reads_deployment(reeve.asker, timestamptz, jsonb) IS
'Whether the caller may read both content and collection.';

CREATE FUNCTION reeve.refuse_no_deployment(who reeve.asker) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    PERFORM refuse('RV404', 'There is no such object.',
        '{"reason":"no_such_object"}');
END
$$;
COMMENT ON FUNCTION reeve.refuse_no_deployment(reeve.asker) IS
'RV404, in the same words for what is missing as for what is hidden; RV503 while groups are unknown.';

CREATE FUNCTION reeve.lacking_halves(halves jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
            'half', CASE o.object_type_id WHEN 1 THEN 'collection'
                ELSE 'content' END,
            'operation', o.name, 'type', coalesce(t.class_name, t.sdk_name),
            'conditions', h -> 'missing', 'level',
            level_name(nullif((h ->> 'level')::integer, 0))))
        ORDER BY h -> 'half')
    FROM jsonb_array_elements($1) AS h
    JOIN operation o ON o.object_type_id = (h ->> 'object_type_id')::integer
        AND o.bit = (h ->> 'bit')::integer
    JOIN object_type t ON t.object_type_id = o.object_type_id
    WHERE jsonb_array_length(h -> 'missing') > 0
$$;
COMMENT ON FUNCTION reeve.lacking_halves(jsonb) IS
'What the nearest assignments lack in which half of a deployment, of what allowed_pair() has said.';

CREATE FUNCTION reeve.refuse_halves(reason text, halves jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    lacking jsonb := lacking_halves(halves);
BEGIN
    PERFORM refuse('RV403', 'No assignment of yours has all that this needs'
        ' together; the nearest lack ' || (SELECT string_agg(format(
                '%s on %s', h ->> 'operation', h ->> 'type'), ' and '
                ORDER BY i)
            FROM jsonb_array_elements(lacking) WITH ORDINALITY AS x (h, i))
        || '.', jsonb_build_object('reason', reason, 'missing',
            (lacking -> 0) - 'half' || jsonb_build_object('halves',
                lacking)));
END
$$;
COMMENT ON FUNCTION reeve.refuse_halves(text, jsonb) IS
'RV403 that names each half of a deployment which the nearest assignments do not hold.';

CREATE FUNCTION reeve.require_deployment(who reeve.asker, at timestamptz,
    operation text, question jsonb) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    SELECT * INTO v FROM allowed_pair(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, operation, question);
    IF v.decision THEN
        RETURN v.assignments;
    ELSIF v.reason = 'groups_unknown' OR v.reason = 'no_such_object'
        OR NOT reads_deployment(who, at, question) THEN
        PERFORM refuse_no_deployment(who);
    END IF;
    PERFORM refuse_halves(v.reason, v.halves);
END
$$;
COMMENT ON FUNCTION reeve.require_deployment(reeve.asker, timestamptz, text,
    jsonb) IS
'The assignments that allow an operation on a deployment; RV404 when the caller may not read both its things, else RV403 with what is missing in which half; RV503.';

CREATE FUNCTION reeve.require_some_deploying(who reeve.asker, at timestamptz,
    types integer[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    nearest record;
BEGIN
    -- About the caller alone: the same whatever things the request names.
    SELECT o.name, o.bit, w.failed, w.level_needed INTO nearest
    FROM unnest(types) WITH ORDINALITY AS t (id, place)
    JOIN deploy_operation d ON d.object_type_id = t.id
    JOIN operation o ON o.object_type_id = d.collection_type_id
        AND o.bit = d.bit
    LEFT JOIN LATERAL weigh(who.ids, who.level, who.delegated, at, 1, o.bit,
        'role', '{}', '{}', false) w ON true
    ORDER BY cardinality(w.failed), t.place, w.assignment_id LIMIT 1;
    IF nearest.failed = '{}' THEN
        RETURN;
    ELSIF NOT who.groups_known THEN
        PERFORM refuse_not_decidable();
    END IF;
    IF nearest.failed IS NULL THEN
        PERFORM refuse_missing(1, nearest.name, '{}', 0, 'no_assignment');
    END IF;
    PERFORM refuse_halves('not_permitted', jsonb_build_array(
        jsonb_build_object('half', 1, 'object_type_id', 1, 'bit',
            nearest.bit, 'missing', nearest.failed, 'level',
            nearest.level_needed)));
END
$$;
COMMENT ON FUNCTION reeve.require_some_deploying(reeve.asker, timestamptz,
    integer[]) IS
'RV403 for a caller who may deploy content of these types nowhere at all; RV503.';

-- What callers say of a deployment -------------------------------------------------------

CREATE FUNCTION reeve.deployment_time(args jsonb, member text,
    had timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    given timestamptz := as_time(args -> member);
BEGIN
    IF NOT args ? member THEN
        RETURN had;
    ELSIF coalesce(args ->> member, '') <> '' AND given IS NULL THEN
        PERFORM refuse('RV400', 'An instant is written like'
            ' 2026-01-31T18:00:00Z.', '{"reason":"malformed_time"}');
    END IF;
    RETURN given;
END
$$;
COMMENT ON FUNCTION reeve.deployment_time(jsonb, text, timestamptz) IS
'An instant as a caller has sent it, NULL for an empty text; had when it has not.  RV400.';

CREATE FUNCTION reeve.deployment_choice(args jsonb, member text,
    one integer, other integer, had boolean) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF NOT args ? member THEN
        RETURN had;
    ELSIF args -> member NOT IN (to_jsonb(one), to_jsonb(other)) THEN
        PERFORM refuse('RV400', format('%s is %s or %s.', member, one,
            other), jsonb_build_object('reason', 'malformed_' || member));
    END IF;
    RETURN args -> member = to_jsonb(one);
END
$$;
COMMENT ON FUNCTION reeve.deployment_choice(jsonb, text, integer, integer,
    boolean) IS
'Whether a caller has chosen the first of two numbers; had when it says nothing.  RV400.';

CREATE FUNCTION reeve.deployment_said(d reeve.deployment, args jsonb)
RETURNS reeve.deployment
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    d.name := check_label(coalesce(args -> 'name', to_jsonb(d.name)), 'Name',
        1, 512);
    d.comment := check_label(coalesce(args -> 'comment',
        to_jsonb(d.comment)), 'Comment', 0, 512);
    d.program := check_label(coalesce(args -> 'program',
        to_jsonb(d.program)), 'ProgramName', 0, 128);
    d.is_required := deployment_choice(args, 'offer', 0, 2, d.is_required);
    d.is_uninstall := deployment_choice(args, 'action', 2, 1,
        d.is_uninstall);
    d.is_enabled := coalesce((args -> 'enabled')::boolean, d.is_enabled);
    d.starts_at := coalesce(deployment_time(args, 'start', d.starts_at),
        d.starts_at);
    d.deadline := deployment_time(args, 'deadline', d.deadline);
    IF d.deadline < d.starts_at THEN
        PERFORM refuse('RV400', 'The deadline is before the start.',
            '{"reason":"malformed_deadline"}');
    ELSIF d.is_uninstall AND (d.content_type_id <> 31 OR NOT d.is_required)
    THEN
        PERFORM refuse('RV400', 'Only applications are uninstalled, and only'
            ' where that is required.', '{"reason":"malformed_action"}');
    END IF;
    RETURN d;
END
$$;
COMMENT ON FUNCTION reeve.deployment_said(reeve.deployment, jsonb) IS
'A deployment as a request wants it: {name, comment, program, offer (0 required, 2 available), action (1 install, 2 uninstall), enabled, start, deadline}; RV400.';

CREATE FUNCTION reeve.new_deployment_key(d reeve.deployment) RETURNS text
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE ($1).object_type_id
        -- As of packages: XYZ20000 is the first.
        WHEN 201 THEN (SELECT s.site_code FROM site_setting s) || upper(
            lpad(to_hex(($1).deployment_id - 16777217 + 131072), 5, '0'))
        WHEN 202 THEN format('ClientSettingsID=%s,CollectionID=%s',
            edm_key(($1).content_key), edm_key(($1).collection_id))
        ELSE ($1).deployment_id::text END
$$;
COMMENT ON FUNCTION reeve.new_deployment_key(reeve.deployment) IS
'The key of a new deployment as paths have it.';

-- The changes ------------------------------------------------------------------------------

CREATE FUNCTION reeve.audit_deployment(message integer, at timestamptz,
    actor jsonb, request jsonb, before reeve.deployment,
    after reeve.deployment, matched bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    d deployment := CASE WHEN after.deployment_id IS NULL THEN before
        ELSE after END;
    classes text[] := ARRAY(SELECT coalesce(t.class_name, t.sdk_name)
        FROM unnest(ARRAY[d.object_type_id, d.content_type_id])
            WITH ORDINALITY AS x (id, i)
        JOIN object_type t ON t.object_type_id = x.id ORDER BY x.i);
BEGIN
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(message,
        ARRAY[classes[1], d.deployment_key, classes[2], d.content_key,
            d.collection_id],
        CASE WHEN before.deployment_id IS NOT NULL
            THEN to_jsonb(before) END,
        CASE WHEN after.deployment_id IS NOT NULL
            THEN to_jsonb(after) END)::audit_event], matched);
END
$$;
COMMENT ON FUNCTION reeve.audit_deployment(integer, timestamptz, jsonb, jsonb,
    reeve.deployment, reeve.deployment, bigint[]) IS
'A row of the admin stream about a deployment.';

CREATE FUNCTION reeve.new_deployment(who reeve.asker, at timestamptz,
    type_id integer, key text, args jsonb) RETURNS reeve.deployment
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    d deployment;
BEGIN
    IF EXISTS (SELECT FROM default_instance i
            WHERE i.object_type_id = type_id AND i.object_key = key) THEN
        PERFORM refuse('RV400', 'Default settings are in force everywhere,'
            ' and are not deployed.', '{"reason":"op_not_applicable"}');
    END IF;
    d.object_type_id := deployment_type_of(type_id);
    d.content_type_id := type_id;
    d.content_key := key;
    d.collection_id := args ->> 'collection_id';
    d.name := left((SELECT o.name FROM secured_object o
        WHERE o.object_type_id = type_id AND o.object_key = key), 512);
    d.comment := '';
    d.program := '';
    -- Nobody is made to install what was not said to be required.
    d.is_required := type_id NOT IN (2, 20, 31);
    d.is_uninstall := false;
    d.is_enabled := true;
    d.starts_at := date_trunc('second', at);
    d := deployment_said(d, args);
    d.deployment_id := nextval('deployment_number_seq');
    d.deployment_key := new_deployment_key(d);
    d.created_by := who.principal;
    d.created_at := at;
    d.modified_by := who.principal;
    d.modified_at := at;
    d.changed_revision := held_revision();
    RETURN d;
END
$$;
COMMENT ON FUNCTION reeve.new_deployment(reeve.asker, timestamptz, integer,
    text, jsonb) IS
'A deployment of some content as a request wants it; RV400.';

CREATE FUNCTION reeve.apply_deployment_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    types integer[] := deployable_types(args ->> 'class', args);
    x record;
    matched bigint[];
    d deployment;
BEGIN
    PERFORM require_gate(who);
    PERFORM require_some_deploying(who, at, types);
    x := deployed_content(types, args);
    IF coalesce(args ->> 'collection_id', '') = '' THEN
        PERFORM refuse('RV400', 'A deployment has a target collection.',
            '{"reason":"malformed_collection"}');
    END IF;
    matched := require_deployment(who, at, 'deploy', deployment_question(
        x.type_id, x.key, args ->> 'collection_id'));
    d := new_deployment(who, at, x.type_id, x.key, args);
    IF EXISTS (SELECT FROM deployment o
            WHERE o.object_type_id = d.object_type_id
                AND o.deployment_key = d.deployment_key) THEN
        PERFORM refuse('RV409', 'These settings are deployed to this'
            ' collection already.', jsonb_build_object('reason',
            'already_deployed', 'objects', jsonb_build_array(
                jsonb_build_object('object_type_id', d.object_type_id,
                    'object_key', d.deployment_key))));
    END IF;
    INSERT INTO deployment SELECT d.*;
    PERFORM audit_deployment(1000110, at, actor, request, NULL, d, matched);
    RETURN ROW(1, jsonb_build_object('key', d.deployment_key, 'etag',
        d.changed_revision::text));
END
$$;
COMMENT ON FUNCTION reeve.apply_deployment_create(reeve.asker, jsonb, jsonb,
    jsonb) IS
'deployment_create: {class, collection_id, content_key or cis, content_type} and what deployment_said() takes; result: {key, etag}.';

CREATE FUNCTION reeve.require_named_deployment(who reeve.asker,
    at timestamptz, operation text, args jsonb, request jsonb,
    OUT d reeve.deployment, OUT matched bigint[])
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    types integer[] := deployable_types(args ->> 'class', '{}');
BEGIN
    PERFORM require_gate(who);
    SELECT o.* INTO d FROM deployment o
        WHERE o.object_type_id = deployment_type_of(types[1])
            AND o.deployment_key = coalesce(args ->> 'key', '')
            AND o.content_type_id = ANY (types);
    IF d.deployment_id IS NULL THEN
        PERFORM refuse_no_deployment(who);
    END IF;
    matched := require_deployment(who, at, operation, deployment_question(
        d.content_type_id, d.content_key, d.collection_id));
    PERFORM require_match(request, d.changed_revision::text);
END
$$;
COMMENT ON FUNCTION reeve.require_named_deployment(reeve.asker, timestamptz,
    text, jsonb, jsonb) IS
'A deployment on which the caller may do this, with the assignments that allow it; otherwise RV403, RV404, RV412, RV503.';

CREATE FUNCTION reeve.require_same_things(d reeve.deployment, args jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF coalesce(args ->> 'own_key', d.deployment_key) <> d.deployment_key
    THEN
        PERFORM refuse('RV400', 'The key in the body is not that of the'
            ' path: keys do not change.', '{"reason":"another_key"}');
    ELSIF coalesce(args ->> 'collection_id', d.collection_id)
            <> d.collection_id
        OR coalesce(args -> 'content_type', to_jsonb(d.content_type_id))
            <> to_jsonb(d.content_type_id)
        OR coalesce(args ->> 'content_key', d.content_key) <> d.content_key
        OR args ? 'cis' AND args -> 'cis' <> (SELECT jsonb_build_array(
            o.properties -> 'CI_ID') FROM secured_object o
            WHERE o.object_type_id = d.content_type_id
                AND o.object_key = d.content_key) THEN
        PERFORM refuse('RV409', 'A deployment keeps its content and its'
            ' collection: delete it, and make another.',
            '{"reason":"deployment_is_fixed"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_same_things(reeve.deployment, jsonb) IS
'RV409 for a change of the content or the collection of a deployment, RV400 for another key.';

CREATE FUNCTION reeve.apply_deployment_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_named_deployment(who, at, 'deploy', args,
        request);
    had deployment := found.d;
    d deployment;
BEGIN
    PERFORM require_same_things(had, args);
    d := deployment_said(had, args);
    IF d IS NOT DISTINCT FROM had THEN
        RETURN ROW(0, jsonb_build_object('key', had.deployment_key, 'etag',
            had.changed_revision::text));
    END IF;
    UPDATE deployment o SET name = d.name, comment = d.comment,
        program = d.program, is_required = d.is_required,
        is_uninstall = d.is_uninstall, is_enabled = d.is_enabled,
        starts_at = d.starts_at, deadline = d.deadline,
        modified_by = who.principal, modified_at = at
        WHERE o.deployment_id = had.deployment_id RETURNING o.* INTO d;
    PERFORM audit_deployment(1000111, at, actor, request, had, d,
        found.matched);
    RETURN ROW(1, jsonb_build_object('key', d.deployment_key, 'etag',
        d.changed_revision::text));
END
$$;
COMMENT ON FUNCTION reeve.apply_deployment_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'deployment_change: {class, key (as paths have it), own_key} and what deployment_said() takes; result: {key, etag}.';

CREATE FUNCTION reeve.apply_deployment_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_named_deployment(who, at, 'delete-deployment',
        args, request);
    had deployment := found.d;
BEGIN
    DELETE FROM deployment o WHERE o.deployment_id = had.deployment_id;
    PERFORM audit_deployment(1000112, at, actor, request, had, NULL,
        found.matched);
    RETURN ROW(1, jsonb_build_object('key', had.deployment_key));
END
$$;
COMMENT ON FUNCTION reeve.apply_deployment_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'deployment_delete: {class, key (as paths have it)}; its id is not used again.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('deployment_create', 'Something is deployed to a collection.'),
    ('deployment_change', 'A deployment is changed, but not what goes where.'),
    ('deployment_delete', 'A deployment is deleted.');

-- What is deployed, and where, stays ---------------------------------------------------------

CREATE FUNCTION reeve.refuse_deployed(who reeve.asker, at timestamptz,
    thing text, ids bigint[]) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    seen jsonb;
    others boolean;
BEGIN
    IF cardinality(ids) = 0 THEN
        RETURN;
    END IF;
    SELECT coalesce(jsonb_agg(jsonb_build_object('object_type_id',
            d.object_type_id, 'object_key', d.deployment_key, 'name', d.name)
            ORDER BY d.deployment_id) FILTER (WHERE d.is_seen), '[]'),
        bool_or(NOT d.is_seen)
    INTO seen, others
    FROM (SELECT o.*, reads_deployment(who, at, deployment_question(
            o.content_type_id, o.content_key, o.collection_id)) AS is_seen
        FROM deployment o WHERE o.deployment_id = ANY (ids)) d;
    -- Whether there are others, not how many.
    IF others THEN
        seen := seen || '["others"]';
    END IF;
    PERFORM refuse('RV409', format('This %s is deployed: delete these'
        ' deployments first%s.', thing, CASE WHEN others
            THEN ', and others that you may not read' ELSE '' END),
        jsonb_build_object('reason', 'is_deployed', 'objects', seen));
END
$$;
COMMENT ON FUNCTION reeve.refuse_deployed(reeve.asker, timestamptz, text,
    bigint[]) IS
'RV409 when there are any of these deployments; with those that the caller may read, and whether there are others.';

ALTER FUNCTION reeve.require_unused_collection(reeve.asker, timestamptz, text)
    RENAME TO require_no_dependents;
CREATE FUNCTION reeve.require_unused_collection(who reeve.asker,
    at timestamptz, id text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM require_no_dependents(who, at, id);
    PERFORM refuse_deployed(who, at, 'collection', ARRAY(
        SELECT d.deployment_id FROM deployment d
        WHERE d.collection_id = id ORDER BY 1));
END
$$;
COMMENT ON FUNCTION reeve.require_unused_collection(reeve.asker, timestamptz,
    text) IS
'RV409 when an assignment names a collection, another depends on it, or something is deployed to it; with these, as far as the caller may read them.';

ALTER FUNCTION reeve.apply_object_delete(reeve.asker, jsonb, jsonb, jsonb)
    RENAME TO delete_object;
CREATE FUNCTION reeve.apply_object_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
BEGIN
    PERFORM require_gate(who);
    PERFORM require_on_object(who, at, t.object_type_id, 'Delete', id);
    PERFORM refuse_deployed(who, at, 'object', ARRAY(
        SELECT d.deployment_id FROM deployment d
        WHERE d.content_type_id = t.object_type_id AND d.content_key = id
        ORDER BY 1));
    RETURN delete_object(who, actor, args, request);
END
$$;
COMMENT ON FUNCTION reeve.apply_object_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_delete: {type, key (as paths have it)}; its key is not used again.  RV409 while it is deployed.';

-- What a dry run shows of it.
ALTER FUNCTION reeve.may_see_image(reeve.asker, timestamptz, text, jsonb)
    RENAME TO may_see_policy_image;
CREATE FUNCTION reeve.may_see_image(who reeve.asker, at timestamptz,
    entity text, image jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF entity = 'deployment' THEN
        RETURN reads_deployment(who, at, deployment_question(
            (image ->> 'content_type_id')::integer, image ->> 'content_key',
            image ->> 'collection_id'));
    END IF;
    RETURN may_see_policy_image(who, at, entity, image);
END
$$;
COMMENT ON FUNCTION reeve.may_see_image(reeve.asker, timestamptz, text, jsonb)
IS 'Whether the caller may see a row of a policy table: whoever may Read what it is about (docs/rule.md section 8).';

-- The classes ------------------------------------------------------------------------------------

-- Read on the collection is decided here, set by set; on the content, which
-- object_type and object_key name, by the provider, as of any row.
CREATE VIEW reeve.readable_deployment AS
SELECT d.*, o.name AS content_name, c.name AS collection_name,
    CASE WHEN d.content_type_id IN (11, 31, 34)
        THEN reeve.as_integer(o.properties -> 'CI_ID') END AS ci_id,
    CASE WHEN d.is_required THEN 0 ELSE 2 END AS offer,
    (SELECT s.site_code::text FROM reeve.site_setting s) AS source_site
FROM reeve.deployment d
JOIN reeve.secured_object o ON o.object_type_id = d.content_type_id
    AND o.object_key = d.content_key
JOIN reeve.collection c ON c.collection_id = d.collection_id
-- As a filter, and no join: a page takes as many rows as it shows.
WHERE (d.collection_id IN (SELECT reeve.caller_reads('SMS_Collection')))
    IS TRUE;
COMMENT ON VIEW reeve.readable_deployment IS
'Deployments to collections that the caller may read, with names.';

CREATE VIEW reeve.list_sms_ciassignment AS
SELECT d.deployment_key AS key, NULL::text[] AS scopes,
    d.changed_revision::text AS etag, d.content_type_id AS object_type,
    d.content_key AS object_key,
    json_build_object(
        'AssignmentID', d.deployment_id,
        'AssignmentName', d.name,
        'AssignmentDescription', d.comment,
        'TargetCollectionID', d.collection_id,
        'CollectionName', d.collection_name,
        'AssignedCIs', array_remove(ARRAY[d.ci_id], NULL),
        'OfferTypeID', d.offer,
        'DesiredConfigType', CASE WHEN d.is_uninstall THEN 2 ELSE 1 END,
        'Enabled', d.is_enabled,
        'StartTime', reeve.edm_time(d.starts_at),
        'EnforcementDeadline', reeve.edm_time(d.deadline),
        'CreationTime', reeve.edm_time(d.created_at),
        'LastModificationTime', reeve.edm_time(d.modified_at),
        'LastModifiedBy', d.modified_by,
        'SourceSite', d.source_site,
        'CreatedBy', d.created_by,
        'ContentTypeID', d.content_type_id,
        'ContentKey', d.content_key,
        'ContentName', d.content_name) AS body,
    d.deployment_id AS assignmentid, d.name AS assignmentname,
    d.comment AS assignmentdescription,
    d.collection_id::text AS targetcollectionid,
    d.collection_name::text AS collectionname, d.offer AS offertypeid,
    CASE WHEN d.is_uninstall THEN 2 ELSE 1 END AS desiredconfigtype,
    d.is_enabled AS enabled, d.starts_at AS starttime,
    d.deadline AS enforcementdeadline,
    date_trunc('second', d.created_at) AS creationtime,
    date_trunc('second', d.modified_at) AS lastmodificationtime,
    d.modified_by AS lastmodifiedby, d.source_site AS sourcesite,
    d.created_by AS createdby, d.content_type_id AS contenttypeid,
    d.content_key::text AS contentkey, d.content_name AS contentname
FROM reeve.readable_deployment d WHERE d.object_type_id = 200;
COMMENT ON VIEW reeve.list_sms_ciassignment IS
'SMS_CIAssignment: deployments of applications, configuration items and the like.';

CREATE VIEW reeve.list_sms_applicationassignment AS
SELECT d.deployment_key AS key, NULL::text[] AS scopes,
    d.changed_revision::text AS etag, d.content_type_id AS object_type,
    d.content_key AS object_key,
    json_build_object(
        'AssignmentID', d.deployment_id,
        'AssignmentName', d.name,
        'AssignmentDescription', d.comment,
        'ApplicationName', d.content_name,
        'TargetCollectionID', d.collection_id,
        'CollectionName', d.collection_name,
        'AssignedCIs', array_remove(ARRAY[d.ci_id], NULL),
        'OfferTypeID', d.offer,
        'DesiredConfigType', CASE WHEN d.is_uninstall THEN 2 ELSE 1 END,
        'Enabled', d.is_enabled,
        'StartTime', reeve.edm_time(d.starts_at),
        'EnforcementDeadline', reeve.edm_time(d.deadline),
        'CreationTime', reeve.edm_time(d.created_at),
        'LastModificationTime', reeve.edm_time(d.modified_at),
        'LastModifiedBy', d.modified_by,
        'SourceSite', d.source_site,
        'CreatedBy', d.created_by,
        'ContentTypeID', d.content_type_id,
        'ContentKey', d.content_key) AS body,
    d.deployment_id AS assignmentid, d.name AS assignmentname,
    d.comment AS assignmentdescription, d.content_name AS applicationname,
    d.collection_id::text AS targetcollectionid,
    d.collection_name::text AS collectionname, d.offer AS offertypeid,
    CASE WHEN d.is_uninstall THEN 2 ELSE 1 END AS desiredconfigtype,
    d.is_enabled AS enabled, d.starts_at AS starttime,
    d.deadline AS enforcementdeadline,
    date_trunc('second', d.created_at) AS creationtime,
    date_trunc('second', d.modified_at) AS lastmodificationtime,
    d.modified_by AS lastmodifiedby, d.source_site AS sourcesite,
    d.created_by AS createdby, d.content_type_id AS contenttypeid,
    d.content_key::text AS contentkey
FROM reeve.readable_deployment d
WHERE d.object_type_id = 200 AND d.content_type_id = 31;
COMMENT ON VIEW reeve.list_sms_applicationassignment IS
'SMS_ApplicationAssignment: deployments of applications.';

CREATE VIEW reeve.list_sms_advertisement AS
SELECT d.deployment_key AS key, NULL::text[] AS scopes,
    d.changed_revision::text AS etag, d.content_type_id AS object_type,
    d.content_key AS object_key,
    json_build_object(
        'AdvertisementID', d.deployment_key,
        'AdvertisementName', d.name,
        'Comment', d.comment,
        'PackageID', d.content_key,
        'ProgramName', d.program,
        'CollectionID', d.collection_id,
        'OfferType', d.offer,
        'PresentTime', reeve.edm_time(d.starts_at),
        'SourceSite', d.source_site,
        'CollectionName', d.collection_name,
        'PackageName', d.content_name,
        'Enabled', d.is_enabled,
        'EnforcementDeadline', reeve.edm_time(d.deadline),
        'CreationTime', reeve.edm_time(d.created_at),
        'CreatedBy', d.created_by,
        'LastModificationTime', reeve.edm_time(d.modified_at),
        'LastModifiedBy', d.modified_by,
        'ContentTypeID', d.content_type_id) AS body,
    d.deployment_key::text AS advertisementid, d.name AS advertisementname,
    d.comment AS comment, d.content_key::text AS packageid,
    d.program AS programname, d.collection_id::text AS collectionid,
    d.offer AS offertype, d.starts_at AS presenttime,
    d.source_site AS sourcesite, d.collection_name::text AS collectionname,
    d.content_name AS packagename, d.is_enabled AS enabled,
    d.deadline AS enforcementdeadline,
    date_trunc('second', d.created_at) AS creationtime,
    d.created_by AS createdby,
    date_trunc('second', d.modified_at) AS lastmodificationtime,
    d.modified_by AS lastmodifiedby, d.content_type_id AS contenttypeid
FROM reeve.readable_deployment d WHERE d.object_type_id = 201;
COMMENT ON VIEW reeve.list_sms_advertisement IS
'SMS_Advertisement: deployments of packages and task sequences.';

CREATE VIEW reeve.list_sms_clientsettingsassignment AS
SELECT d.deployment_key AS key, NULL::text[] AS scopes,
    d.changed_revision::text AS etag, d.content_type_id AS object_type,
    d.content_key AS object_key,
    json_build_object(
        'ClientSettingsID', d.content_key,
        'CollectionID', d.collection_id,
        'CollectionName', d.collection_name,
        'CreationTime', reeve.edm_time(d.created_at),
        'UniqueID', d.deployment_id::text,
        'Name', d.name,
        'Comment', d.comment,
        'Enabled', d.is_enabled,
        'StartTime', reeve.edm_time(d.starts_at),
        'CreatedBy', d.created_by,
        'LastModificationTime', reeve.edm_time(d.modified_at),
        'LastModifiedBy', d.modified_by,
        'SourceSite', d.source_site,
        'ContentTypeID', d.content_type_id,
        'ContentName', d.content_name) AS body,
    d.content_key::text AS clientsettingsid,
    d.collection_id::text AS collectionid,
    d.collection_name::text AS collectionname,
    date_trunc('second', d.created_at) AS creationtime,
    d.deployment_id::text AS uniqueid, d.name AS name, d.comment AS comment,
    d.is_enabled AS enabled, d.starts_at AS starttime,
    d.created_by AS createdby,
    date_trunc('second', d.modified_at) AS lastmodificationtime,
    d.modified_by AS lastmodifiedby, d.source_site AS sourcesite,
    d.content_type_id AS contenttypeid, d.content_name AS contentname
FROM reeve.readable_deployment d WHERE d.object_type_id = 202;
COMMENT ON VIEW reeve.list_sms_clientsettingsassignment IS
'SMS_ClientSettingsAssignment: deployments of client settings and antimalware policies.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.list_sms_ciassignment,
    reeve.list_sms_applicationassignment, reeve.list_sms_advertisement,
    reeve.list_sms_clientsettingsassignment TO reeve_runtime;
RESET ROLE;
