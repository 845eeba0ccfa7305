-- Folders: made, renamed, put elsewhere, deleted, and what lies in them moved.
-- Objects of types that are secured by role only, which are written as the
-- others are.  Policies that have a type of their own besides.
--
-- A folder is for one type, ObjectType in its properties, and lies below one
-- for the same, or at the root of that type.  It is a scoped object itself and
-- gives no right on what it holds (docs/rule.md section 4).

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000093, 'info', 'provider', 'create', 'folder',
     '1=user;2=class;3=key;4=name'),
    (1000094, 'info', 'provider', 'modify', 'folder',
     '1=user;2=class;3=key;4=name'),
    (1000095, 'info', 'provider', 'delete', 'folder',
     '1=user;2=class;3=key;4=name'),
    (1000096, 'info', 'provider', 'move', 'secured object',
     '1=user;2=class;3=key;4=key of the folder, empty for the root');

-- Where things lie --------------------------------------------------------------

ALTER TABLE reeve.collection
    ADD COLUMN folder_type_id integer NOT NULL DEFAULT 226
        CHECK (folder_type_id = 226),
    ADD COLUMN folder_id text COLLATE "C",
    ADD FOREIGN KEY (folder_type_id, folder_id)
        REFERENCES reeve.secured_object;
CREATE INDEX collection_in_folder ON reeve.collection (folder_id)
    WHERE folder_id IS NOT NULL;
COMMENT ON COLUMN reeve.collection.folder_id IS
'Folder (an object of type 226) that the collection lies in; NULL: the root.  It gives no right.';

CREATE FUNCTION reeve.folder_for(properties jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE WHEN as_integer($1 -> 'ObjectType') BETWEEN 1 AND 2147483647
        THEN as_integer($1 -> 'ObjectType')::integer END
$$;
COMMENT ON FUNCTION reeve.folder_for(jsonb) IS
'The type that a folder with these properties is for; NULL for one that was made without.';

CREATE FUNCTION reeve.folder_content(folder text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (SELECT folder_for(o.properties) FROM secured_object o
        WHERE o.object_type_id = 226 AND o.object_key = folder);
END
$$;
COMMENT ON FUNCTION reeve.folder_content(text) IS
'The type that a folder is for.';

CREATE FUNCTION reeve.folder_numbered(number text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT o.object_key FROM secured_object o
        WHERE o.object_type_id = 226 AND (o.properties ->> 'ContainerNodeID')
            COLLATE "C" = number), '');
END
$$;
COMMENT ON FUNCTION reeve.folder_numbered(text) IS
'The key of the folder with a ContainerNodeID; empty, which is no key, for none.';

CREATE FUNCTION reeve.folder_number(folder text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT as_integer(o.properties -> 'ContainerNodeID')
        FROM secured_object o
        WHERE o.object_type_id = 226 AND o.object_key = folder), 0);
END
$$;
COMMENT ON FUNCTION reeve.folder_number(text) IS
'The ContainerNodeID of a folder; 0 for the root.';

CREATE FUNCTION reeve.folders_above(folder text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE up (key, next, n) AS (
            SELECT o.object_key, o.folder_id, 1 FROM secured_object o
                WHERE o.object_type_id = 226 AND o.object_key = folder
            UNION ALL
            SELECT o.object_key, o.folder_id, u.n + 1 FROM up u
                JOIN secured_object o ON o.object_type_id = 226
                    AND o.object_key = u.next
                WHERE u.n <= 32)
        SELECT coalesce(array_agg(u.key ORDER BY u.n), '{}') FROM up u);
END
$$;
COMMENT ON FUNCTION reeve.folders_above(text) IS
'A folder and those that it lies in, at most 33 of them; empty for the root.';

CREATE FUNCTION reeve.folder_height(folder text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    RETURN (
        WITH RECURSIVE down (key, n) AS (
            SELECT folder COLLATE "C", 1
            UNION
            SELECT o.object_key, d.n + 1 FROM down d
                JOIN secured_object o ON o.folder_id = d.key
                    AND o.object_type_id = 226
                WHERE d.n <= 32)
        SELECT max(d.n) FROM down d);
END
$$;
COMMENT ON FUNCTION reeve.folder_height(text) IS
'How many folders lie within each other below a folder, itself included; no more than 33 are counted.';

CREATE FUNCTION reeve.guard_folder() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    new_row jsonb := to_jsonb(NEW);
    was jsonb := CASE TG_OP WHEN 'UPDATE' THEN to_jsonb(OLD) END;
    type integer := coalesce((new_row ->> 'object_type_id')::integer, 1);
    content integer := CASE type WHEN 226
        THEN folder_for(new_row -> 'properties') ELSE type END;
    place text := new_row ->> 'folder_id';
BEGIN
    IF type = 226 AND folder_for(was -> 'properties') <> coalesce(content, 0)
    THEN
        RAISE EXCEPTION 'a folder stays what it is for'
            USING ERRCODE = 'check_violation';
    ELSIF folder_content(place) <> content THEN
        RAISE EXCEPTION 'folder % is for another type', place
            USING ERRCODE = 'check_violation';
    ELSIF type = 226 AND (place = new_row ->> 'object_key'
        OR was IS NOT NULL
        AND new_row ->> 'object_key' = ANY (folders_above(place))) THEN
        RAISE EXCEPTION 'folder % would lie in itself', place
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.guard_folder() IS
'Trigger: a folder is for one type for ever, holds objects and folders of that, and does not lie in itself.';
CREATE TRIGGER d_folder BEFORE INSERT OR UPDATE OF folder_id, properties
    ON reeve.secured_object FOR EACH ROW
    WHEN (NEW.folder_id IS NOT NULL OR NEW.object_type_id = 226)
    EXECUTE FUNCTION reeve.guard_folder();
CREATE TRIGGER d_folder BEFORE INSERT OR UPDATE OF folder_id
    ON reeve.collection FOR EACH ROW WHEN (NEW.folder_id IS NOT NULL)
    EXECUTE FUNCTION reeve.guard_folder();

-- Folders of former times are for what lies in them, if that is of one type.
UPDATE reeve.secured_object f
SET properties = f.properties || jsonb_build_object('ObjectType', x.type)
FROM (SELECT o.folder_id, min(o.object_type_id) AS type
    FROM reeve.secured_object o
    WHERE o.folder_id IS NOT NULL AND o.object_type_id <> 226
    GROUP BY o.folder_id HAVING count(DISTINCT o.object_type_id) = 1) x
WHERE f.object_type_id = 226 AND f.object_key = x.folder_id
    AND reeve.folder_for(f.properties) IS NULL;

CREATE OR REPLACE VIEW reeve.list_sms_objectcontaineritem AS
SELECT format('InstanceKey=%s,ObjectType=%s', reeve.edm_key(o.object_key),
        o.object_type_id) COLLATE "C" AS key,
    NULL::text[] AS scopes, o.etag AS etag,
    o.object_type_id AS object_type, o.object_key AS object_key,
    json_build_object(
        'InstanceKey', o.object_key,
        'ObjectType', o.object_type_id,
        'ObjectTypeName', (SELECT coalesce(t.class_name, t.sdk_name)
            FROM reeve.object_type t
            WHERE t.object_type_id = o.object_type_id),
        'ContainerNodeID', reeve.as_integer(f.properties
            -> 'ContainerNodeID'),
        'FolderGuid', f.object_key,
        'SourceSite', (SELECT st.site_code FROM reeve.site_setting st))
        AS body,
    o.object_key::text AS instancekey, o.object_type_id AS objecttype,
    reeve.as_integer(f.properties -> 'ContainerNodeID') AS containernodeid,
    f.object_key::text AS folderguid
FROM (SELECT s.object_type_id, s.object_key, s.folder_type_id, s.folder_id,
        s.changed_revision::text AS etag
    FROM reeve.secured_object s
    UNION ALL
    SELECT 1, c.collection_id, c.folder_type_id, c.folder_id,
        c.folder_id COLLATE "default"
    FROM reeve.collection c) o
JOIN reeve.secured_object f ON f.object_type_id = o.folder_type_id
    AND f.object_key = o.folder_id
-- Here, not above: so PostgreSQL may begin with the few folders.
WHERE o.object_type_id <> 226 AND f.object_type_id = 226;
COMMENT ON VIEW reeve.list_sms_objectcontaineritem IS
'SMS_ObjectContainerItem: which object or collection lies in which folder.';

-- What is asked for ---------------------------------------------------------------

CREATE FUNCTION reeve.content_named(number jsonb, class jsonb)
RETURNS reeve.object_type
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    t object_type;
    -- Configuration Manager's numbers of what folders are for.
    known jsonb := '{"5000":1,"5001":1,"6000":31,"1011":37,"2011":11,"6001":11}';
    id text := number #>> '{}';
    said text := regexp_replace(class #>> '{}',
        '^(SMS_[A-Za-z]+?)(Latest|_Device|_User)$', '\1');
BEGIN
    SELECT x.* INTO t FROM object_type x
        WHERE x.object_type_id::text = coalesce(known ->> id, id)
            OR id IS NULL AND said IN (x.class_name, x.sdk_name);
    IF t.object_type_id IS NULL
        OR said NOT IN (coalesce(t.class_name, t.sdk_name), t.sdk_name) THEN
        PERFORM refuse('RV400', 'ObjectType is the number of the type that the'
            ' folder is for, ObjectTypeName the name of its class.',
            '{"reason":"unknown_type"}');
    ELSIF NOT EXISTS (SELECT FROM operation o WHERE o.name = 'Modify Folder'
            AND o.object_type_id = t.object_type_id) THEN
        PERFORM refuse('RV400', 'There are no folders for this type.',
            '{"reason":"op_not_applicable"}');
    END IF;
    RETURN t;
END
$$;
COMMENT ON FUNCTION reeve.content_named(jsonb, jsonb) IS
'The type that a caller means by ObjectType or ObjectTypeName, Configuration Manager''s own numbers of folders included; RV400 for none that has folders.';

CREATE FUNCTION reeve.named_folder(number jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF coalesce(number::text, '') !~ '^(0|[1-9][0-9]{0,9})$' THEN
        PERFORM refuse('RV400', 'A folder is named by its ContainerNodeID, a'
            ' number; 0 is the root.', '{"reason":"malformed_folder"}');
    END IF;
    RETURN CASE WHEN number <> '0' THEN folder_numbered(number::text) END;
END
$$;
COMMENT ON FUNCTION reeve.named_folder(jsonb) IS
'The key of a folder that a caller names, empty for one that there is not, NULL for the root; RV400.';

CREATE FUNCTION reeve.readable_folder(who reeve.asker, at timestamptz,
    number jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    folder text := named_folder(number);
BEGIN
    IF folder IS NOT NULL THEN
        PERFORM require_on_object(who, at, 226, 'Read', folder);
    END IF;
    RETURN folder;
END
$$;
COMMENT ON FUNCTION reeve.readable_folder(reeve.asker, timestamptz, jsonb) IS
'The key of a folder that a caller names, NULL for the root; RV404 for one that there is not or that it may not read.';

CREATE FUNCTION reeve.require_same_content(folder text, type_id integer)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF folder IS NOT NULL AND folder_content(folder) IS DISTINCT FROM type_id
    THEN
        PERFORM refuse('RV409', 'The folder is for objects of another type.',
            '{"reason":"another_type"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_same_content(text, integer) IS
'RV409 unless a folder, or the root, is for a type.';

CREATE FUNCTION reeve.require_depth(parent text, height integer) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF cardinality(folders_above(parent)) + height > 32 THEN
        PERFORM refuse('RV409', 'No more than 32 folders lie within each'
            ' other: choose one further up.', '{"reason":"too_deep"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_depth(text, integer) IS
'RV409 when so many folders below another would be more than 32 within each other.';

CREATE FUNCTION reeve.check_folder_properties(wanted jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    own text[] := '{ObjectType,ObjectTypeName,ParentContainerNodeID,FolderFlags,SearchFolder}';
    wrong text := (SELECT min(k) FROM jsonb_object_keys(wanted) AS k
        WHERE k <> ALL (own));
BEGIN
    IF wrong IS NOT NULL THEN
        PERFORM refuse('RV400', format('%s is no property of a folder.',
            left(wrong, 128)), '{"reason":"malformed_properties"}');
    ELSIF coalesce(wanted -> 'FolderFlags', 'null') NOT IN ('0', 'null')
        OR coalesce(wanted -> 'SearchFolder', 'null') NOT IN ('false', 'null')
    THEN
        PERFORM refuse('RV400', 'Search folders are not made here:'
            ' FolderFlags is 0, SearchFolder false.',
            '{"reason":"search_folder"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_folder_properties(jsonb) IS
'RV400 for what no folder has, and for a search folder.';

CREATE FUNCTION reeve.folder_question(type_id integer, source text,
    target text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('object',
        jsonb_build_object('type', $1::text), 'from', $2, 'to', $3))
$$;
COMMENT ON FUNCTION reeve.folder_question(integer, text, text) IS
'The question of making, changing or deleting a folder, for allowed_pair().';

CREATE FUNCTION reeve.require_folder_in(who reeve.asker, at timestamptz,
    type_id integer, parent text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    question jsonb := folder_question(type_id, NULL, parent);
    v record;
BEGIN
    SELECT * INTO v FROM allowed_pair(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, 'create-folder',
        question);
    IF NOT v.decision AND parent IS NOT NULL THEN
        -- What the caller may not read is as what there is not.
        PERFORM require_on_object(who, at, 226, 'Read', parent);
    END IF;
    RETURN require_pair(who, at, 'create-folder', question);
END
$$;
COMMENT ON FUNCTION reeve.require_folder_in(reeve.asker, timestamptz, integer,
    text) IS
'The assignments that allow making a folder in another, or at the root; RV403, RV404 when the caller may not read that, RV503.';

CREATE FUNCTION reeve.folder_told(folder text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT object_told(t, $1)
        || jsonb_build_object('key', folder_number($1)::text)
    FROM object_type t WHERE t.object_type_id = 226
$$;
COMMENT ON FUNCTION reeve.folder_told(text) IS
'What the maker of a folder is told of it: as object_told().';

CREATE FUNCTION reeve.folder_image(folder text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT object_image(226, $1) || jsonb_build_object('folder_id',
        (SELECT o.folder_id FROM secured_object o
            WHERE o.object_type_id = 226 AND o.object_key = $1))
$$;
COMMENT ON FUNCTION reeve.folder_image(text) IS
'A folder for the admin stream, with its scopes and where it lies.';

CREATE FUNCTION reeve.audit_folder(message integer, at timestamptz,
    actor jsonb, request jsonb, before jsonb, after jsonb, matched bigint[])
RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    SELECT write_admin_audit($2, $3, $4, ARRAY[ROW($1, ARRAY[
        'SMS_ObjectContainerNode', coalesce(after, before) ->> 'object_key',
        coalesce(after, before) ->> 'name'], $5, $6)::audit_event],
        ARRAY(SELECT DISTINCT unnest($7) ORDER BY 1))
$$;
COMMENT ON FUNCTION reeve.audit_folder(integer, timestamptz, jsonb, jsonb,
    jsonb, jsonb, bigint[]) IS
'A row of the admin stream about a folder.';

-- Folders ----------------------------------------------------------------------------

CREATE FUNCTION reeve.apply_folder_create(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    wanted jsonb := coalesce(args -> 'properties', '{}');
    t object_type := content_named(wanted -> 'ObjectType',
        wanted -> 'ObjectTypeName');
    matched bigint[] := require_creating(who, at, 226);
    parent text := named_folder(
        coalesce(wanted -> 'ParentContainerNodeID', '0'));
    label text := check_label(args -> 'name', 'Name', 1, 256);
    scopes text[];
    new_key text := gen_random_uuid();
BEGIN
    PERFORM check_folder_properties(wanted);
    matched := matched || require_folder_in(who, at, t.object_type_id, parent);
    PERFORM require_same_content(parent, t.object_type_id);
    PERFORM require_depth(parent, 1);
    scopes := scopes_of_new(who, at, 226, args);
    INSERT INTO secured_object (object_type_id, object_key, name, folder_id,
            properties)
        VALUES (226, new_key, label, parent, jsonb_build_object(
            'ObjectType', t.object_type_id, 'CreatedBy', who.principal,
            'DateCreated', edm_time(at), 'LastModifiedBy', who.principal,
            'DateLastModified', edm_time(at)));
    INSERT INTO object_scope (object_type_id, object_key, scope_id)
        SELECT 226, new_key, s FROM unnest(scopes) s;
    PERFORM audit_folder(1000093, at, actor, request, NULL,
        folder_image(new_key), matched);
    RETURN ROW(1, folder_told(new_key));
END
$$;
COMMENT ON FUNCTION reeve.apply_folder_create(reeve.asker, jsonb, jsonb,
    jsonb) IS
'folder_create: {name, properties: {ObjectType or ObjectTypeName, ParentContainerNodeID}, scopes (ids), scope_names}.';

CREATE FUNCTION reeve.require_folder(who reeve.asker, at timestamptz,
    operation text, args jsonb, request jsonb, OUT f reeve.secured_object,
    OUT content integer, OUT matched bigint[])
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    id text := folder_numbered(coalesce(args ->> 'key', ''));
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, 226, operation, id);
    SELECT o.* INTO STRICT f FROM secured_object o
        WHERE o.object_type_id = 226 AND o.object_key = id;
    content := folder_for(f.properties);
    IF content IS NULL THEN
        PERFORM refuse('RV409', 'It is not known for which type this folder'
            ' is: the operator of the store has to say it.',
            '{"reason":"folder_without_type"}');
    END IF;
    matched := matched || require_pair(who, at, CASE operation
        WHEN 'Modify' THEN 'change-folder' ELSE 'delete-folder' END,
        folder_question(content, id, NULL));
    PERFORM require_match(request, f.changed_revision::text);
END
$$;
COMMENT ON FUNCTION reeve.require_folder(reeve.asker, timestamptz, text, jsonb,
    jsonb) IS
'A folder that the caller may change or delete, what it is for, and the assignments that allow it; otherwise RV403, RV404, RV409, RV412.';

CREATE FUNCTION reeve.require_same_folder(f reeve.secured_object, args jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted jsonb := coalesce(args -> 'properties', '{}');
    t object_type;
BEGIN
    PERFORM check_folder_properties(wanted);
    PERFORM require_same_scopes(226, f.object_key, args);
    IF coalesce(args ->> 'own_key', f.object_key) <> f.object_key THEN
        PERFORM refuse('RV400', 'FolderGuid is not that of the folder: keys do'
            ' not change.', '{"reason":"another_key"}');
    ELSIF wanted ? 'ObjectType' OR wanted ? 'ObjectTypeName' THEN
        t := content_named(wanted -> 'ObjectType', wanted -> 'ObjectTypeName');
        IF t.object_type_id <> folder_for(f.properties) THEN
            PERFORM refuse('RV400', 'A folder stays what it is for: make'
                ' another for this type.', '{"reason":"another_type"}');
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_same_folder(reeve.secured_object, jsonb) IS
'RV400 when a change of a folder names another key, type or scopes than it has.';

CREATE FUNCTION reeve.require_reading_folder(who reeve.asker, at timestamptz,
    folder text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    v record;
BEGIN
    IF folder IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, '226', 'Read', folder);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(226, 'Read', v.missing, v.level_needed,
            v.reason);
    END IF;
    RETURN v.assignments;
END
$$;
COMMENT ON FUNCTION reeve.require_reading_folder(reeve.asker, timestamptz,
    text) IS
'The assignments that let the caller read a folder that something lies in; RV403, RV503 when none does.';

CREATE FUNCTION reeve.require_folder_place(who reeve.asker, at timestamptz,
    f reeve.secured_object, parent text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    content integer := folder_for(f.properties);
    matched bigint[] := require_reading_folder(who, at, f.folder_id);
BEGIN
    -- It comes there as a new one would.
    matched := matched || require_folder_in(who, at, content, parent);
    PERFORM require_same_content(parent, content);
    IF f.object_key = ANY (folders_above(parent)) THEN
        PERFORM refuse('RV409', 'The folder would lie in itself.',
            '{"reason":"circular_dependency"}');
    END IF;
    PERFORM require_depth(parent, folder_height(f.object_key));
    RETURN matched;
END
$$;
COMMENT ON FUNCTION reeve.require_folder_place(reeve.asker, timestamptz,
    reeve.secured_object, text) IS
'The assignments that let the caller put a folder into another, or at the root; RV403, RV409 otherwise.';

CREATE FUNCTION reeve.wanted_parent(who reeve.asker, at timestamptz,
    f reeve.secured_object, args jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    number jsonb := args -> 'properties' -> 'ParentContainerNodeID';
BEGIN
    IF number IS NULL AND coalesce((args ->> 'replace')::boolean, false) THEN
        number := '0';
    END IF;
    -- Who sends back what was read need not be able to read where it lies.
    RETURN CASE WHEN number IS NULL
            OR number = to_jsonb(folder_number(f.folder_id)) THEN f.folder_id
        ELSE readable_folder(who, at, number) END;
END
$$;
COMMENT ON FUNCTION reeve.wanted_parent(reeve.asker, timestamptz,
    reeve.secured_object, jsonb) IS
'Where a change wants a folder to lie: where it lies, when it says nothing.';

CREATE FUNCTION reeve.apply_folder_change(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_folder(who, at, 'Modify', args, request);
    f secured_object := found.f;
    matched bigint[] := found.matched;
    before jsonb := folder_image(f.object_key);
    label text;
    parent text;
BEGIN
    PERFORM require_same_folder(f, args);
    label := check_label(CASE WHEN args ? 'name' OR coalesce(
            (args ->> 'replace')::boolean, false) THEN args -> 'name'
        ELSE to_jsonb(f.name) END, 'Name', 1, 256);
    parent := wanted_parent(who, at, f, args);
    IF parent IS DISTINCT FROM f.folder_id::text THEN
        matched := matched || require_folder_place(who, at, f, parent);
    ELSIF label = f.name THEN
        RETURN ROW(0, folder_told(f.object_key));
    END IF;
    UPDATE secured_object o SET name = label, folder_id = parent,
        properties = o.properties || jsonb_build_object('LastModifiedBy',
            who.principal, 'DateLastModified', edm_time(at))
        WHERE o.object_type_id = 226 AND o.object_key = f.object_key;
    PERFORM audit_folder(1000094, at, actor, request, before,
        folder_image(f.object_key), matched);
    RETURN ROW(1, folder_told(f.object_key));
END
$$;
COMMENT ON FUNCTION reeve.apply_folder_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'folder_change: {key (ContainerNodeID), name, properties: {ParentContainerNodeID}}; replace: what is not said takes its default.';

CREATE FUNCTION reeve.require_empty_folder(who reeve.asker, at timestamptz,
    folder text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    objects jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('object_type_id', x.type,
            'object_key', x.key, 'name', x.name) ORDER BY x.type, x.key)
        FILTER (WHERE may_read_object(who, at, x.type, x.key))
    INTO objects
    FROM (SELECT o.object_type_id AS type, o.object_key AS key, o.name
            FROM secured_object o WHERE o.folder_id = folder
        UNION ALL SELECT 1, c.collection_id, c.name
            FROM collection c WHERE c.folder_id = folder
        ORDER BY 1, 2 LIMIT 100) x
    HAVING count(*) > 0;
    IF FOUND THEN
        PERFORM refuse('RV409', 'Something lies in this folder, of which you'
            ' may not be able to read all: it has to be moved first.',
            jsonb_build_object('reason', 'not_empty', 'objects',
                coalesce(objects, '[]')));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_empty_folder(reeve.asker, timestamptz, text)
IS 'RV409 while something lies in a folder, with the first of it, as far as the caller may read it.';

CREATE FUNCTION reeve.apply_folder_delete(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    found record := require_folder(who, at, 'Delete', args, request);
    f secured_object := found.f;
    before jsonb := folder_image(f.object_key);
BEGIN
    PERFORM require_empty_folder(who, at, f.object_key);
    DELETE FROM secured_object o
        WHERE o.object_type_id = 226 AND o.object_key = f.object_key;
    INSERT INTO retired_id AS r (entity, id, revision)
        VALUES ('secured_object', '226/' || f.object_key, held_revision());
    PERFORM audit_folder(1000095, at, actor, request, before, NULL,
        found.matched);
    RETURN ROW(1, jsonb_build_object('key', args ->> 'key'));
END
$$;
COMMENT ON FUNCTION reeve.apply_folder_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'folder_delete: {key (ContainerNodeID)}; RV409 while something lies in it.';

-- Moving what lies in them ----------------------------------------------------------

CREATE FUNCTION reeve.keys_to_move(given jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF jsonb_typeof(given) IS DISTINCT FROM 'array'
        OR jsonb_array_length(given) NOT BETWEEN 1 AND 200
        OR jsonb_path_exists(given, '$[*] ? (@.type() != "string")') THEN
        PERFORM refuse('RV400', 'InstanceKeys are 1 to 200 texts.',
            '{"reason":"malformed_keys"}');
    END IF;
    RETURN ARRAY(SELECT DISTINCT k COLLATE "C"
        FROM jsonb_array_elements_text(given) AS k ORDER BY 1);
END
$$;
COMMENT ON FUNCTION reeve.keys_to_move(jsonb) IS
'The keys of what shall be moved, each once; RV400.';

CREATE FUNCTION reeve.lying(type_id integer, keys text[])
RETURNS TABLE (key text, name text, folder_id text)
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF type_id = 1 THEN
        RETURN QUERY SELECT c.collection_id::text, c.name, c.folder_id::text
            FROM collection c WHERE c.collection_id = ANY (keys);
    ELSE
        RETURN QUERY SELECT o.object_key::text, o.name, o.folder_id::text
            FROM secured_object o WHERE o.object_type_id = type_id
                AND o.object_key = ANY (keys);
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.lying(integer, text[]) IS
'Objects or collections, and in which folder each lies.';

CREATE FUNCTION reeve.moving(who reeve.asker, at timestamptz,
    type_id integer, keys text[], source text, target text) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    matched bigint[] := '{}';
    id text;
    v record;
BEGIN
    FOREACH id IN ARRAY keys LOOP
        SELECT * INTO v FROM allowed_pair(who.ids, cardinality(who.ids),
            who.groups_known, who.level, who.delegated, at, 'move',
            folder_question(type_id, source, target)
            || jsonb_build_object('object', jsonb_build_object(
                'type', type_id::text, 'key', id)));
        IF NOT v.decision THEN
            RETURN NULL;
        END IF;
        matched := matched || v.assignments;
    END LOOP;
    RETURN ARRAY(SELECT DISTINCT unnest(matched) ORDER BY 1);
END
$$;
COMMENT ON FUNCTION reeve.moving(reeve.asker, timestamptz, integer, text[],
    text, text) IS
'The assignments that allow moving objects from one folder to another; NULL when one is not allowed.';

CREATE FUNCTION reeve.refuse_moving(who reeve.asker, at timestamptz,
    type_id integer, keys text[], args jsonb) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    source text;
    target text;
    id text;
BEGIN
    -- Why not: the objects come first, what may not be read before the rest.
    FOREACH id IN ARRAY keys LOOP
        PERFORM require_on_object(who, at, type_id, 'Move Object', id);
    END LOOP;
    source := readable_folder(who, at, args -> 'from');
    target := readable_folder(who, at, args -> 'to');
    FOREACH id IN ARRAY keys LOOP
        PERFORM require_pair(who, at, 'move',
            folder_question(type_id, source, target)
            || jsonb_build_object('object', jsonb_build_object(
                'type', type_id::text, 'key', id)));
    END LOOP;
    -- Nothing is lacking by itself: it is not moved all the same.
    PERFORM refuse('RV404', 'There is no such object.',
        '{"reason":"no_such_object"}');
END
$$;
COMMENT ON FUNCTION reeve.refuse_moving(reeve.asker, timestamptz, integer,
    text[], jsonb) IS
'RV403, RV404, RV503 that says why objects may not be moved; always one of them.';

CREATE FUNCTION reeve.require_lying(type_id integer, keys text[],
    source text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    elsewhere jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('object_type_id', type_id,
            'object_key', l.key, 'name', l.name) ORDER BY l.key)
        INTO elsewhere FROM lying(type_id, keys) l
        WHERE l.folder_id IS DISTINCT FROM source;
    IF elsewhere IS NOT NULL THEN
        PERFORM refuse('RV409', 'These do not lie in the folder that'
            ' ContainerNodeID says.', jsonb_build_object('reason',
            'not_in_folder', 'objects', elsewhere));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_lying(integer, text[], text) IS
'RV409 with those of some objects that the caller may read which do not lie in a folder.';

CREATE FUNCTION reeve.apply_folder_move(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := content_named(args -> 'object_type', NULL);
    keys text[] := keys_to_move(args -> 'keys');
    source text;
    target text;
    matched bigint[];
    events audit_event[];
BEGIN
    PERFORM require_gate(who);
    source := named_folder(args -> 'from');
    target := named_folder(args -> 'to');
    matched := moving(who, at, t.object_type_id, keys, source, target);
    IF matched IS NULL THEN
        PERFORM refuse_moving(who, at, t.object_type_id, keys, args);
    END IF;
    PERFORM require_same_content(target, t.object_type_id);
    PERFORM require_lying(t.object_type_id, keys, source);
    IF source IS NOT DISTINCT FROM target THEN
        RETURN ROW(0, jsonb_build_object('moved', 0));
    END IF;
    events := ARRAY(SELECT ROW(1000096, ARRAY[coalesce(t.class_name,
            t.sdk_name), k, coalesce(target, '')],
        jsonb_build_object('object_type_id', t.object_type_id, 'object_key', k,
            'folder_id', source),
        jsonb_build_object('object_type_id', t.object_type_id, 'object_key', k,
            'folder_id', target))::audit_event
        FROM unnest(keys) AS k ORDER BY k);
    IF t.object_type_id = 1 THEN
        UPDATE collection c SET folder_id = target
            WHERE c.collection_id = ANY (keys);
    ELSE
        UPDATE secured_object o SET folder_id = target
            WHERE o.object_type_id = t.object_type_id
                AND o.object_key = ANY (keys);
    END IF;
    PERFORM write_admin_audit(at, actor, request, events, matched);
    RETURN ROW(cardinality(keys),
        jsonb_build_object('moved', cardinality(keys)));
END
$$;
COMMENT ON FUNCTION reeve.apply_folder_move(reeve.asker, jsonb, jsonb, jsonb)
IS 'folder_move: {object_type, keys, from, to}, folders by ContainerNodeID, 0 for the root; all or nothing.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('folder_create', 'A folder is made, in security scopes.'),
    ('folder_change', 'A folder is renamed, or put into another.'),
    ('folder_delete', 'A folder is deleted.'),
    ('folder_move', 'Objects are moved from one folder to another.');

-- Objects of types secured by role, and policies with a type of their own ------------

CREATE OR REPLACE FUNCTION reeve.scoped_type(args jsonb)
RETURNS reeve.object_type
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    t object_type;
BEGIN
    IF coalesce(args ->> 'type', '') ~ '^[1-9][0-9]{0,8}$' THEN
        SELECT x.* INTO t FROM object_type x
            WHERE x.object_type_id = (args ->> 'type')::integer
                AND x.secured_by IN ('scope', 'role')
                -- What has ways of its own, or is no object.
                AND x.object_type_id NOT IN (4, 27, 28, 29, 226)
                AND NOT (x.is_shipped AND x.class_name LIKE 'RVE\_%');
    END IF;
    IF t.object_type_id IS NULL THEN
        PERFORM refuse('RV400', 'Objects of this type are not written this'
            ' way.', '{"reason":"op_not_applicable"}');
    END IF;
    RETURN t;
END
$$;
COMMENT ON FUNCTION reeve.scoped_type(jsonb) IS
'The type that a change of an object names: one secured by scope or by role whose instances are objects, and not that of folders; RV400.';

CREATE FUNCTION reeve.own_type_of(type_id integer, properties jsonb)
RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = reeve, pg_temp AS $$
    SELECT CASE
        WHEN $1 = 11 AND $2 -> 'OwnObjectTypeID' IN ('52', '59')
            OR $1 = 48 AND $2 -> 'OwnObjectTypeID' IN ('56', '57', '58', '60',
                '61', '62', '64', '65', '69')
        THEN ($2 ->> 'OwnObjectTypeID')::integer END
$$;
COMMENT ON FUNCTION reeve.own_type_of(integer, jsonb) IS
'The type of its own that a configuration item or policy has besides (docs/rule.md section 1); NULL for none.';

CREATE FUNCTION reeve.guard_own_type() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF own_type_of(OLD.object_type_id, OLD.properties)
        IS DISTINCT FROM own_type_of(NEW.object_type_id, NEW.properties) THEN
        RAISE EXCEPTION 'object % stays of the type that it is of',
            OLD.object_key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.guard_own_type() IS
'Trigger: the own type of an object does not change.';
CREATE TRIGGER d_own_type BEFORE UPDATE OF properties ON reeve.secured_object
    FOR EACH ROW WHEN (OLD.object_type_id IN (11, 48))
    EXECUTE FUNCTION reeve.guard_own_type();

CREATE FUNCTION reeve.require_author_policy(who reeve.asker, at timestamptz,
    type_id integer, properties jsonb) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    own integer := own_type_of(type_id, properties);
    v record;
BEGIN
    IF own IS NULL THEN
        RETURN '{}';
    END IF;
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, own::text,
        'Author Policy', NULL);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(own, 'Author Policy', v.missing,
            v.level_needed, v.reason);
    END IF;
    RETURN v.assignments;
END
$$;
COMMENT ON FUNCTION reeve.require_author_policy(reeve.asker, timestamptz,
    integer, jsonb) IS
'The assignments that allow writing an object of its own type, none where it has none; RV403, RV503.';

CREATE FUNCTION reeve.check_own_type(type_id integer, given jsonb, had jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    wanted jsonb := nullif(given -> 'OwnObjectTypeID', 'null');
BEGIN
    IF type_id NOT IN (11, 48) OR NOT given ? 'OwnObjectTypeID' THEN
        RETURN;
    ELSIF had IS NOT NULL
        AND wanted IS DISTINCT FROM had -> 'OwnObjectTypeID' THEN
        PERFORM refuse('RV400', 'OwnObjectTypeID does not change: make another'
            ' object.', '{"reason":"another_type"}');
    ELSIF had IS NULL AND wanted IS NOT NULL
        AND own_type_of(type_id, given) IS NULL THEN
        PERFORM refuse('RV400', 'OwnObjectTypeID is a number: 52 or 59 of a'
            ' configuration item; 56 to 58, 60 to 62, 64, 65 or 69 of a'
            ' configuration policy.', '{"reason":"unknown_type"}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.check_own_type(integer, jsonb, jsonb) IS
'RV400 for an own type that such an object cannot have, or another than it has (had; NULL for a new one).';

CREATE FUNCTION reeve.new_scopes(who reeve.asker, at timestamptz,
    t reeve.object_type, args jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF t.secured_by = 'scope' THEN
        RETURN scopes_of_new(who, at, t.object_type_id, args);
    ELSIF named_scopes(args) <> '{}' THEN
        PERFORM refuse('RV400', 'Objects of this type are in no security'
            ' scope: it is secured by role only.', '{"reason":"not_scoped"}');
    END IF;
    RETURN '{}';
END
$$;
COMMENT ON FUNCTION reeve.new_scopes(reeve.asker, timestamptz,
    reeve.object_type, jsonb) IS
'The scopes of a new object: none for a type that is secured by role only; RV400 when some are named there.';

CREATE OR REPLACE FUNCTION reeve.apply_object_create(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := type_with_create(args);
    matched bigint[] := require_creating(who, at, t.object_type_id);
    wanted text := check_label(args -> 'name', 'Name', 1, 512);
    content jsonb := check_object_properties(
        coalesce(args -> 'properties', '{}'));
    scopes text[] := new_scopes(who, at, t, args);
    new_key text := new_object_key(t, args -> 'key');
BEGIN
    PERFORM check_own_type(t.object_type_id, content, NULL);
    matched := matched || require_author_policy(who, at, t.object_type_id,
        content);
    INSERT INTO secured_object (object_type_id, object_key, name, properties)
        VALUES (t.object_type_id, new_key, wanted,
            jsonb_strip_nulls(content) || jsonb_build_object(
            'CreatedBy', who.principal, 'DateCreated', edm_time(at),
            'LastModifiedBy', who.principal,
            'DateLastModified', edm_time(at)));
    INSERT INTO object_scope (object_type_id, object_key, scope_id)
        SELECT t.object_type_id, new_key, s FROM unnest(scopes) s;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000090,
        ARRAY[coalesce(t.class_name, t.sdk_name), new_key, wanted], NULL,
        object_image(t.object_type_id, new_key))::audit_event], matched);
    RETURN ROW(1, object_told(t, new_key));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_create(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_create: {type, name, properties, scopes (ids), scope_names, key}; OwnObjectTypeID among the properties of a configuration item or policy is its own type.';

CREATE FUNCTION reeve.wanted_content(had reeve.secured_object, args jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    given jsonb := check_object_properties(
        coalesce(args -> 'properties', '{}'));
    -- What is not the caller's to say.
    kept text[] := '{CI_ID,OwnObjectTypeID,CreatedBy,DateCreated,LastModifiedBy,DateLastModified,IsDeployed,NumberOfDeploymentTypes}';
    content jsonb := had.properties;
BEGIN
    PERFORM check_own_type(had.object_type_id, given, had.properties);
    IF coalesce((args ->> 'replace')::boolean, false) THEN
        content := coalesce((SELECT jsonb_object_agg(p.key, p.value)
            FROM jsonb_each(had.properties) p WHERE p.key = ANY (kept)), '{}');
    END IF;
    content := jsonb_strip_nulls(content || given);
    IF octet_length(content::text) > 65536 + 1024 THEN
        PERFORM refuse('RV400', 'Properties of an object have at most 64 KiB'
            ' together.', '{"reason":"malformed_properties"}');
    END IF;
    RETURN content;
END
$$;
COMMENT ON FUNCTION reeve.wanted_content(reeve.secured_object, jsonb) IS
'The properties that an object shall have after a change; RV400.';

CREATE OR REPLACE FUNCTION reeve.apply_object_change(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    had secured_object;
    before jsonb;
    wanted text;
    content jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Modify', id);
    SELECT o.* INTO STRICT had FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    matched := matched || require_author_policy(who, at, t.object_type_id,
        had.properties);
    PERFORM require_match(request, had.changed_revision::text);
    PERFORM require_same_scopes(t.object_type_id, id, args);
    IF coalesce(args ->> 'own_key', id) <> id THEN
        PERFORM refuse('RV400', 'The key in the body is not that of the'
            ' path: keys do not change.', '{"reason":"another_key"}');
    END IF;
    wanted := check_label(CASE WHEN args ? 'name' OR coalesce(
            (args ->> 'replace')::boolean, false) THEN args -> 'name'
        ELSE to_jsonb(had.name) END, 'Name', 1, 512);
    content := wanted_content(had, args);
    IF (wanted, content) = (had.name, jsonb_strip_nulls(had.properties)) THEN
        RETURN ROW(0, object_told(t, id));
    END IF;
    before := object_image(t.object_type_id, id);
    UPDATE secured_object o SET name = wanted, properties = content
            || jsonb_build_object('LastModifiedBy', who.principal,
                'DateLastModified', edm_time(at))
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000091,
        ARRAY[coalesce(t.class_name, t.sdk_name), id, wanted], before,
        object_image(t.object_type_id, id))::audit_event], matched);
    RETURN ROW(1, object_told(t, id));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_change(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_change: {type, key (as paths have it), own_key, name, properties}; of properties those named change, null takes one away.  replace: those not named go.';

CREATE OR REPLACE FUNCTION reeve.apply_object_delete(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    t object_type := scoped_type(args);
    id text := key_in_url(t.object_type_id, args ->> 'key');
    matched bigint[];
    had secured_object;
    before jsonb;
BEGIN
    PERFORM require_gate(who);
    matched := require_on_object(who, at, t.object_type_id, 'Delete', id);
    SELECT o.* INTO STRICT had FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    matched := matched || require_author_policy(who, at, t.object_type_id,
        had.properties);
    PERFORM require_match(request, had.changed_revision::text);
    PERFORM require_no_default(t.object_type_id, id);
    before := object_image(t.object_type_id, id);
    DELETE FROM secured_object o
        WHERE o.object_type_id = t.object_type_id AND o.object_key = id;
    INSERT INTO retired_id AS r (entity, id, revision) VALUES ('secured_object',
        t.object_type_id || '/' || id, held_revision());
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000092,
        ARRAY[coalesce(t.class_name, t.sdk_name), id, had.name], before,
        NULL)::audit_event], matched);
    RETURN ROW(1, jsonb_build_object('key', args ->> 'key'));
END
$$;
COMMENT ON FUNCTION reeve.apply_object_delete(reeve.asker, jsonb, jsonb,
    jsonb) IS
'object_delete: {type, key (as paths have it)}; its key is not used again.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
