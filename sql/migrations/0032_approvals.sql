-- Four eyes: where the site asks for it, a change that gives somebody rights
-- waits until another administrator approves of it.
--
-- The change is made and judged at once, as if nothing waited; what it would
-- give is read from the rows that it has changed; then it is taken back, and
-- the request is kept.  So no subject can forget to ask.  Who approves makes
-- the change anew, under that one's own rights: two people who may both give
-- it, neither of whom gains by it.

SET LOCAL ROLE reeve_owner;

DO $$ BEGIN PERFORM reeve.begin_migration(); END $$;
INSERT INTO reeve.audit_message
    (message_id, severity, area, action, object, insertion)
VALUES
    (1000050, 'info', 'rba', 'request', 'approval of a change',
     '1=actor;2=approval;3=change'),
    (1000051, 'info', 'rba', 'decide', 'approval of a change',
     '1=actor;2=approval;3=state'),
    (1000052, 'info', 'rba', 'set', 'whether changes need approval',
     '1=actor;2=true or false');

CREATE TABLE reeve.approval_setting (
    singleton       boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    is_required     boolean NOT NULL DEFAULT false,
    expires_after_s integer NOT NULL DEFAULT 604800
                    CHECK (expires_after_s BETWEEN 60 AND 2592000)
);
COMMENT ON TABLE reeve.approval_setting IS
'One row: whether a change that gives rights needs a second administrator, and for how many seconds a request waits for one.';
INSERT INTO reeve.approval_setting DEFAULT VALUES;

CREATE SEQUENCE reeve.approval_id_seq;
COMMENT ON SEQUENCE reeve.approval_id_seq IS 'ApprovalIDs.';
CREATE TABLE reeve.approval (
    approval_id     bigint PRIMARY KEY DEFAULT nextval('reeve.approval_id_seq'),
    op              text NOT NULL REFERENCES reeve.policy_operation,
    args            jsonb NOT NULL,
    if_match        jsonb,
    actor           jsonb NOT NULL,
    requested_by    text NOT NULL,
    requested_at    timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'pending' CHECK (state IN
                    ('pending', 'approved', 'rejected', 'withdrawn')),
    decided_by      text,
    decided_at      timestamptz,
    CHECK ((state = 'pending') = (decided_by IS NULL)),
    CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE INDEX approval_pending ON reeve.approval (approval_id)
    WHERE state = 'pending';
COMMENT ON TABLE reeve.approval IS
'Changes that give rights and wait for a second administrator, and those that were decided.';
COMMENT ON COLUMN reeve.approval.actor IS
'The caller that asked, as the pipeline described it: none of it may approve.';
COMMENT ON COLUMN reeve.approval.if_match IS
'Tags of what is changed, as it was when the request was made: another state is another question.';

DO $$
BEGIN
    PERFORM reeve.feed_changes_of('reeve.approval');
    PERFORM reeve.feed_changes_of('reeve.approval_setting');
    PERFORM reeve.never_reuse_ids_of('reeve.approval', 'approval_id');
END
$$;

-- What gives rights ----------------------------------------------------------------

CREATE FUNCTION reeve.is_wider(old jsonb, new jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE
RETURN old IS NULL
    OR coalesce((new ->> 'valid_from')::timestamptz, '-infinity')
        < coalesce((old ->> 'valid_from')::timestamptz, '-infinity')
    OR coalesce((new ->> 'valid_until')::timestamptz, 'infinity')
        > coalesce((old ->> 'valid_until')::timestamptz, 'infinity');
COMMENT ON FUNCTION reeve.is_wider(jsonb, jsonb) IS
'Whether an assignment counts at an instant at which it did not before, by the images of its row.';

CREATE FUNCTION reeve.gives_rights(c reeve.change) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT c.new IS NOT NULL AND CASE c.entity
        WHEN 'assignment' THEN is_wider(c.old, c.new)
        WHEN 'assignment_scope' THEN c.old IS NULL
        WHEN 'assignment_collection' THEN c.old IS NULL
        WHEN 'administrative_principal' THEN true
        WHEN 'role_operation' THEN EXISTS (SELECT FROM assignment a
            WHERE a.role_id = c.new ->> 'role_id')
        -- A new limit puts it within reach of who has one above.
        WHEN 'collection' THEN c.old ->> 'limiting_id'
            IS DISTINCT FROM c.new ->> 'limiting_id' AND c.old IS NOT NULL
        ELSE false END
$$;
COMMENT ON FUNCTION reeve.gives_rights(reeve.change) IS
'Whether a changed row gives somebody something.';

CREATE FUNCTION reeve.last_ordinal() RETURNS integer
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN (SELECT coalesce(max(c.ordinal), 0) FROM reeve.change c
    WHERE c.revision = held_revision());
COMMENT ON FUNCTION reeve.last_ordinal() IS
'The last row that the revision held has changed; 0 for none.';

CREATE FUNCTION reeve.has_given(after_ordinal integer) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT EXISTS (SELECT FROM change c
            WHERE c.revision = (SELECT held_revision())
                AND c.ordinal > $1 AND gives_rights(c)));
END
$$;
COMMENT ON FUNCTION reeve.has_given(integer) IS
'Whether the revision held has given somebody something behind a row of it.';

-- Asking -----------------------------------------------------------------------------

CREATE FUNCTION reeve.seen_tags(op text, args jsonb, request jsonb)
RETURNS jsonb
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT coalesce(nullif(request -> 'if_match', 'null'), CASE
        WHEN starts_with(op, 'admin_') AND args ? 'admin_id'
            THEN jsonb_build_array(etag_of('SMS_Admin', args ->> 'admin_id'))
        WHEN starts_with(op, 'role_') AND args ? 'role_id'
            THEN jsonb_build_array(etag_of('SMS_Role', args ->> 'role_id'))
        END)
$$;
COMMENT ON FUNCTION reeve.seen_tags(text, jsonb, jsonb) IS
'On which state a change is asked for: what its caller says, else the state that there is.';

CREATE FUNCTION reeve.ask_approval(who reeve.asker, actor jsonb, op text,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    waits approval;
BEGIN
    IF (SELECT count(*) >= 1000 FROM approval a WHERE a.state = 'pending'
            AND a.requested_by = who.principal AND a.expires_at > at) THEN
        PERFORM refuse('RV409', 'A thousand requests of yours wait for'
            ' approval: withdraw some.', '{"reason":"too_many_requests"}');
    END IF;
    INSERT INTO approval AS x (op, args, if_match, actor, requested_by,
            requested_at, expires_at)
        SELECT $3, $4, seen_tags($3, $4, request), $2, who.principal, at,
            at + s.expires_after_s * interval '1 second'
        FROM approval_setting s
        RETURNING x.* INTO waits;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000050,
        ARRAY[waits.approval_id::text, op], NULL, jsonb_build_object(
            'approval_id', waits.approval_id, 'op', op, 'args', args))
        ::audit_event], NULL);
    RETURN ROW(1, jsonb_build_object('approval_id', waits.approval_id,
        'approval_state', 'pending',
        'approval_expires_at', edm_time_ms(waits.expires_at)));
END
$$;
COMMENT ON FUNCTION reeve.ask_approval(reeve.asker, jsonb, text, jsonb, jsonb)
IS 'Keeps a change until somebody decides it; result: {approval_id, approval_state, approval_expires_at}.';

-- What these are about is no row that they change: its own function would
-- not look at it.
CREATE FUNCTION reeve.require_source_match(op text, args jsonb, request jsonb)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
BEGIN
    IF op = 'role_create' AND args ->> 'copied_from_id' <> '' THEN
        PERFORM require_match(request, etag_of('SMS_Role',
            args ->> 'copied_from_id'));
    ELSIF op = 'role_export' AND jsonb_array_length(args -> 'role_ids') = 1
    THEN
        PERFORM require_match(request, etag_of('SMS_Role',
            args #>> '{role_ids,0}'));
    ELSIF op = 'admin_principal_add' THEN
        PERFORM require_match(request, etag_of('SMS_Admin',
            args ->> 'admin_id'));
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_source_match(text, jsonb, jsonb) IS
'RV412 when what is copied, exported or given a principal is no longer as the caller saw it; asked when the change is allowed, so that nobody learns of it who may not.';

CREATE FUNCTION reeve.make_change(op text, who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    done outcome;
BEGIN
    EXECUTE format('SELECT * FROM reeve.%I($1, $2, $3, $4)', 'apply_' || op)
        INTO done USING who, actor, args, request;
    IF request ? 'if_match' THEN
        PERFORM require_source_match(op, args, request);
    END IF;
    RETURN done;
END
$$;
COMMENT ON FUNCTION reeve.make_change(text, reeve.asker, jsonb, jsonb, jsonb)
IS 'Decides, stores and audits one change, whose name is known.';

CREATE FUNCTION reeve.make_or_ask(op text, who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    mark integer := last_ordinal();
    done outcome;
BEGIN
    -- Leaving the block by RV002 takes the change back.
    BEGIN
        done := make_change(op, who, actor, args, request);
        IF (op = 'approval_setting_change' AND done.changed > 0)
            OR has_given(mark) THEN
            RAISE SQLSTATE 'RV002' USING MESSAGE = 'needs approval';
        END IF;
        RETURN done;
    EXCEPTION WHEN SQLSTATE 'RV002' THEN
        NULL;
    END;
    RETURN ask_approval(who, actor, op, args, request);
END
$$;
COMMENT ON FUNCTION reeve.make_or_ask(text, reeve.asker, jsonb, jsonb, jsonb)
IS 'Makes a change that gives nobody anything; one that does is kept until it is approved.  To end the asking is to be approved as well.';

CREATE OR REPLACE FUNCTION reeve.apply_change(change jsonb, who reeve.asker,
    actor jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    op_name text := change ->> 'op';
    own jsonb := '{}';
BEGIN
    IF NOT EXISTS (SELECT FROM policy_operation p WHERE p.name = op_name)
        OR jsonb_typeof(change -> 'args') IS DISTINCT FROM 'object' THEN
        PERFORM refuse('RV400', 'There is no such change.',
            '{"reason":"unknown_change"}');
    END IF;
    IF change ? 'if_match' THEN
        own := jsonb_build_object('if_match', change -> 'if_match');
    END IF;
    IF (SELECT s.is_required FROM approval_setting s)
        AND NOT starts_with(op_name, 'approval_decide') THEN
        RETURN make_or_ask(op_name, who, actor, change -> 'args',
            request || own);
    END IF;
    RETURN make_change(op_name, who, actor, change -> 'args', request || own);
END
$$;
COMMENT ON FUNCTION reeve.apply_change(jsonb, reeve.asker, jsonb, jsonb) IS
'Decides, stores and audits one change under the revision held, or keeps it until it is approved; if_match of the change goes before that of the request.';

-- Further principals are given by a function of their own (0018).
CREATE FUNCTION reeve.guard_unapproved() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF (SELECT s.is_required FROM approval_setting s) AND NOT is_migrating()
        AND coalesce(current_setting('reeve.approved', true), '') <>
            pg_current_xact_id()::text THEN
        PERFORM refuse('RV409', 'This site asks a second administrator'
            ' before somebody is given another way to sign in: send the'
            ' change admin_principal_add, by AdminService.AddPrincipal.',
            '{"reason":"approval_needed"}');
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.guard_unapproved() IS
'Trigger: where the site asks for approval nobody gets a further principal but by a change that can wait for it.';
CREATE TRIGGER e_approved AFTER INSERT ON reeve.administrative_principal
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_unapproved();

CREATE FUNCTION reeve.apply_admin_principal_add(who reeve.asker, actor jsonb,
    args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    n integer;
BEGIN
    -- Whether it waits is apply_change()'s affair.
    PERFORM set_config('reeve.approved', pg_current_xact_id()::text, true);
    n := apply_principal_add(who, actor, args, request);
    PERFORM set_config('reeve.approved', '', true);
    RETURN ROW(n, jsonb_build_object('key', args ->> 'admin_id'));
END
$$;
COMMENT ON FUNCTION reeve.apply_admin_principal_add(reeve.asker, jsonb, jsonb,
    jsonb) IS
'admin_principal_add: {admin_id, principal_id}, as principal_add().';

-- Deciding -----------------------------------------------------------------------------

CREATE FUNCTION reeve.own_ids(actor jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
RETURN ARRAY(SELECT i.id FROM jsonb_array_elements_text(actor -> 'ids')
    WITH ORDINALITY AS i (id, n) WHERE i.n <= (actor -> 'own')::integer);
COMMENT ON FUNCTION reeve.own_ids(jsonb) IS
'What a caller signed in as, without its groups.';

CREATE FUNCTION reeve.is_same_person(a jsonb, b jsonb) RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp AS $$
    SELECT own_ids(a) && own_ids(b) OR a ->> 'principal' = b ->> 'principal'
        OR EXISTS (SELECT admin_of_principal(i) FROM unnest(own_ids(a)) i
            WHERE admin_of_principal(i) IS NOT NULL
            INTERSECT
            SELECT admin_of_principal(i) FROM unnest(own_ids(b)) i)
$$;
COMMENT ON FUNCTION reeve.is_same_person(jsonb, jsonb) IS
'Whether two callers share something that they sign in as, or are one administrative user.';

CREATE FUNCTION reeve.waiting_approval(who reeve.asker, at timestamptz,
    operation text, args jsonb) RETURNS reeve.approval
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    waits approval;
    v record;
BEGIN
    PERFORM require_gate(who);
    SELECT * INTO v FROM allowed(who.ids, cardinality(who.ids),
        who.groups_known, who.level, who.delegated, at, 'RVE_Approval',
        operation, NULL);
    IF v.reason = 'groups_unknown' THEN
        PERFORM refuse_not_decidable();
    ELSIF NOT v.decision THEN
        PERFORM refuse_missing(1000102, operation, v.missing, v.level_needed,
            v.reason);
    END IF;
    SELECT a.* INTO waits FROM approval a
        WHERE a.approval_id::text = $4 ->> 'approval_id';
    IF NOT FOUND THEN
        PERFORM refuse('RV404', 'There is no such object.',
            '{"reason":"no_such_object"}');
    ELSIF waits.state <> 'pending' OR waits.expires_at <= at THEN
        PERFORM refuse('RV409', CASE waits.state WHEN 'pending'
            THEN 'This request has expired: it has to be made again.'
            ELSE 'This request was decided already.' END,
            jsonb_build_object('reason', CASE waits.state WHEN 'pending'
                THEN 'approval_expired' ELSE 'decided_already' END));
    END IF;
    RETURN waits;
END
$$;
COMMENT ON FUNCTION reeve.waiting_approval(reeve.asker, timestamptz, text,
    jsonb) IS
'The request that args name, which waits; RV403 without the operation on Approval, RV404, RV409 when it was decided or has expired.';

CREATE FUNCTION reeve.close_approval(id bigint, state text, who reeve.asker,
    at timestamptz, actor jsonb, request jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    UPDATE approval a SET state = $2, decided_by = who.principal,
        decided_at = at WHERE a.approval_id = id;
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000051,
        ARRAY[id::text, $2], NULL, jsonb_build_object('approval_id', id,
            'state', $2))::audit_event], NULL);
END
$$;
COMMENT ON FUNCTION reeve.close_approval(bigint, text, reeve.asker,
    timestamptz, jsonb, jsonb) IS
'Writes how a request was decided, and by whom.';

CREATE FUNCTION reeve.require_asker_apart(asked jsonb, mark integer)
RETURNS void
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    requester asker := asker_of(asked);
BEGIN
    IF NOT EXISTS (SELECT FROM subject_assignments(requester.ids)) THEN
        PERFORM refuse('RV409', 'Who asked for this is no administrative user'
            ' any more: somebody who is has to ask.',
            '{"reason":"requester_gone"}');
    ELSIF EXISTS (SELECT FROM change c
            JOIN assignment a ON CASE c.entity
                WHEN 'role_operation' THEN a.role_id = c.new ->> 'role_id'
                WHEN 'administrative_principal'
                    THEN a.admin_id = (c.new ->> 'admin_id')::bigint
                ELSE a.assignment_id = (c.new ->> 'assignment_id')::bigint
                END
            WHERE c.revision = held_revision() AND c.ordinal > mark
                AND gives_rights(c) AND is_caller(requester, a.admin_id)) THEN
        PERFORM refuse_self_gain();
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.require_asker_apart(jsonb, integer) IS
'RV409 when who asked is no administrator any more, RV403 when what was changed behind mark accrues to that one.';

CREATE FUNCTION reeve.apply_approval_decide_approve(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    waits approval := waiting_approval(who, at, 'Approve', args);
    mark integer := last_ordinal();
    done outcome;
BEGIN
    PERFORM require_match(request, md5(waits::text));
    IF is_same_person(actor, waits.actor) THEN
        PERFORM refuse('RV403', 'Nobody approves of one''s own request:'
            ' another administrator has to.', '{"reason":"own_request"}');
    END IF;
    done := make_change(waits.op, who, actor, waits.args, request
        || jsonb_build_object('if_match', waits.if_match));
    PERFORM require_asker_apart(waits.actor, mark);
    PERFORM close_approval(waits.approval_id, 'approved', who, at, actor,
        request);
    RETURN ROW(done.changed + 1, coalesce(done.result, '{}')
        || jsonb_build_object('approval_id', waits.approval_id,
            'approval_state', 'approved'));
END
$$;
COMMENT ON FUNCTION reeve.apply_approval_decide_approve(reeve.asker, jsonb,
    jsonb, jsonb) IS
'approval_decide_approve: {approval_id}; makes the change under the rights of who approves, on the state that was seen.';

CREATE FUNCTION reeve.apply_approval_decide_reject(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    waits approval;
BEGIN
    -- One's own needs no power: who asked may take it back.
    SELECT a.* INTO waits FROM approval a
        WHERE a.approval_id::text = $3 ->> 'approval_id'
            AND a.state = 'pending' AND is_same_person($2, a.actor);
    IF FOUND THEN
        PERFORM require_gate(who);
        PERFORM require_match(request, md5(waits::text));
        PERFORM close_approval(waits.approval_id, 'withdrawn', who, at,
            actor, request);
    ELSE
        waits := waiting_approval(who, at, 'Approve', args);
        PERFORM require_match(request, md5(waits::text));
        PERFORM close_approval(waits.approval_id, 'rejected', who, at,
            actor, request);
    END IF;
    RETURN ROW(1, (SELECT jsonb_build_object('approval_id', a.approval_id,
        'approval_state', a.state) FROM approval a
        WHERE a.approval_id = waits.approval_id));
END
$$;
COMMENT ON FUNCTION reeve.apply_approval_decide_reject(reeve.asker, jsonb,
    jsonb, jsonb) IS
'approval_decide_reject: {approval_id}; of one''s own request: it is withdrawn.';

CREATE FUNCTION reeve.apply_approval_setting_change(who reeve.asker,
    actor jsonb, args jsonb, request jsonb) RETURNS reeve.outcome
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    at timestamptz := decision_instant();
    matched bigint[] := require_set_level(who, at);
    was approval_setting := (SELECT s FROM approval_setting s);
BEGIN
    IF jsonb_typeof(args -> 'required') IS DISTINCT FROM 'boolean'
        OR coalesce(args ->> 'expires_after_s', '60') !~ '^[1-9][0-9]{1,6}$'
        OR coalesce((args ->> 'expires_after_s')::integer, 60)
            NOT BETWEEN 60 AND 2592000 THEN
        PERFORM refuse('RV400', 'required is true or false, expires_after_s'
            ' 60 to 2592000 seconds.', '{"reason":"malformed_setting"}');
    END IF;
    IF was.is_required = (args ->> 'required')::boolean
        AND was.expires_after_s = coalesce(
            (args ->> 'expires_after_s')::integer, was.expires_after_s) THEN
        RETURN ROW(0, '{}'::jsonb);
    END IF;
    UPDATE approval_setting s SET is_required = (args ->> 'required')::boolean,
        expires_after_s = coalesce((args ->> 'expires_after_s')::integer,
            s.expires_after_s);
    PERFORM write_admin_audit(at, actor, request, ARRAY[ROW(1000052,
        ARRAY[args ->> 'required'], to_jsonb(was), args)::audit_event],
        matched);
    RETURN ROW(1, '{}'::jsonb);
END
$$;
COMMENT ON FUNCTION reeve.apply_approval_setting_change(reeve.asker, jsonb,
    jsonb, jsonb) IS
'approval_setting_change: {required, expires_after_s}; needs Set Authentication Level, and, to change it where approval is required, approval.';

-- A revision of the admin stream alone ------------------------------------------------

CREATE FUNCTION reeve.mark_audit_only(at_revision bigint) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    -- By the end of the index: to look whether there is any may scan all.
    IF (SELECT max(c.ordinal) FROM change c WHERE c.revision = $1) IS NULL THEN
        INSERT INTO change (revision, ordinal, entity, key, new)
            VALUES ($1, 1, 'audit_only', '', '{}');
    END IF;
END
$$;
COMMENT ON FUNCTION reeve.mark_audit_only(bigint) IS
'Marks a revision that has changed no row, such as that of an export: else who follows the changes would miss it, and load all.';

CREATE OR REPLACE FUNCTION reeve.change_site(actor jsonb, changes jsonb,
    idempotency_key text, request jsonb)
RETURNS TABLE (revision bigint, changed integer, replayed boolean,
    result jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    who asker := asker_of(actor);
    is_dry boolean := coalesce((request ->> 'dry_run')::boolean, false);
    kept_as text := CASE WHEN NOT is_dry THEN idempotency_key END;
    -- What is asked for need not be in the body alone.
    asked text := 'change ' || encode(sha256(convert_to(changes::text,
        'UTF8')), 'hex');
    kept idempotency_key;
    one jsonb;
    done outcome;
BEGIN
    PERFORM check_request(kept_as, request);
    PERFORM check_changes(changes);
    replayed := false;
    changed := 0;
    result := '[]';
    -- Leaving the block by RV001 gives the revision back, and all of it.
    BEGIN
        revision := take_revision();
        kept := replayed_answer(who.principal, kept_as, asked,
            request ->> 'body_sha256');
        IF kept.key IS NOT NULL THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'replayed';
        END IF;
        FOR one IN SELECT c FROM jsonb_array_elements(changes) AS x (c) LOOP
            done := apply_change(one, who, actor, request);
            changed := changed + done.changed;
            result := result || jsonb_build_array(
                coalesce(done.result, '{}'));
        END LOOP;
        IF NOT is_dry AND changed > 0 THEN
            PERFORM mark_audit_only(revision);
        END IF;
        SET CONSTRAINTS ALL IMMEDIATE;
        SET CONSTRAINTS ALL DEFERRED;
        IF is_dry THEN
            result := jsonb_build_array(jsonb_build_object('results', result)
                || effects_of(who, revision));
        END IF;
        IF is_dry OR changed = 0 THEN
            RAISE SQLSTATE 'RV001' USING MESSAGE = 'nothing to keep';
        END IF;
    EXCEPTION WHEN SQLSTATE 'RV001' THEN
        NULL;
    END;
    IF kept.key IS NOT NULL THEN
        revision := kept.revision;
        changed := kept.changed;
        result := coalesce(kept.result, '[]');
        replayed := true;
    ELSE
        IF is_dry OR changed = 0 THEN
            SELECT s.n INTO revision FROM site_revision s;
        END IF;
        INSERT INTO idempotency_key AS k (actor, key, operation, body_sha256,
            revision, changed, result)
        SELECT who.principal, kept_as, asked, request ->> 'body_sha256',
            change_site.revision, change_site.changed, change_site.result
        WHERE kept_as IS NOT NULL ON CONFLICT DO NOTHING;
    END IF;
    RETURN NEXT;
END
$$;
-- What is shown --------------------------------------------------------------------------

CREATE FUNCTION reeve.caller_decides_approvals() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = reeve, pg_temp AS $$
DECLARE
    c caller := caller_now();
    who asker := (c).who;
BEGIN
    RETURN (c).at IS NOT NULL AND coalesce((SELECT a.decision
        FROM allowed(who.ids, cardinality(who.ids), true, who.level,
            who.delegated, (c).at, 'RVE_Approval', 'Approve', NULL) a), false);
END
$$;
COMMENT ON FUNCTION reeve.caller_decides_approvals() IS
'Whether the caller may Approve, and so has to see what it would approve of.';

CREATE VIEW reeve.list_rve_approval AS
SELECT a.approval_id::text COLLATE "C" AS key, NULL::text[] AS scopes,
    md5(a::text) AS etag, 1000102 AS object_type, NULL::text AS object_key,
    json_build_object('ApprovalID', a.approval_id, 'State', s.state,
        'RequestedBy', a.requested_by,
        'RequestedDate', reeve.edm_time_ms(a.requested_at),
        'ExpiresDate', reeve.edm_time_ms(a.expires_at),
        'DecidedBy', a.decided_by,
        'DecidedDate', reeve.edm_time_ms(a.decided_at),
        'Operation', a.op, 'Request', CASE
            WHEN reeve.caller_decides_approvals() THEN a.args::text END)
        AS body,
    a.approval_id AS approvalid, s.state, a.requested_by AS requestedby,
    date_trunc('milliseconds', a.requested_at) AS requesteddate,
    date_trunc('milliseconds', a.expires_at) AS expiresdate,
    a.decided_by AS decidedby,
    date_trunc('milliseconds', a.decided_at) AS decideddate,
    a.op AS operation
FROM reeve.approval a, LATERAL (SELECT CASE
        WHEN a.state = 'pending' AND a.expires_at <= clock_timestamp()
        THEN 'expired' ELSE a.state END AS state) s;
COMMENT ON VIEW reeve.list_rve_approval IS
'RVE_Approval: requests that wait for a second administrator, and how they were decided; what is asked for, for who may Approve.';

CREATE VIEW reeve.feed_approval_setting AS
SELECT is_required, expires_after_s FROM reeve.approval_setting;
COMMENT ON VIEW reeve.feed_approval_setting IS
'Whether this site asks a second administrator.';

INSERT INTO reeve.policy_operation (name, description) VALUES
    ('admin_principal_add', 'An administrative user may sign in as another'
        ' principal, too.'),
    ('approval_decide_approve', 'A request is approved, and made.'),
    ('approval_decide_reject', 'A request is rejected or withdrawn.'),
    ('approval_setting_change', 'Whether a second administrator is asked.');

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
GRANT SELECT ON reeve.list_rve_approval, reeve.feed_approval_setting
    TO reeve_runtime;
GRANT EXECUTE ON FUNCTION reeve.caller_decides_approvals()
    TO reeve_runtime, reeve_auditor;
RESET ROLE;
