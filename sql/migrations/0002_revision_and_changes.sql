-- One counter for the site, and one row for every change of a policy row.
--
-- UPDATE of the counter is the lock that orders all policy changes: it is
-- taken first, and its number becomes visible with the rows it stands for.
-- The triggers below make that the only way: a policy table refuses a
-- statement of a transaction that does not hold a revision, whoever runs it,
-- and each statement writes the full images of its rows into reeve.change.

SET LOCAL ROLE reeve_owner;

CREATE TABLE reeve.site_revision (
    singleton       boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch           uuid NOT NULL DEFAULT gen_random_uuid(),
    n               bigint NOT NULL DEFAULT 0 CHECK (n >= 0),
    decided_at      timestamptz NOT NULL
                    DEFAULT date_trunc('milliseconds', clock_timestamp()),
    holder          xid8,
    migrating       xid8,
    had_full_admin  boolean NOT NULL DEFAULT false,
    orphaning       boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE reeve.site_revision IS
'One row: the revision of the site is (epoch, n).  The other columns describe the transaction that took n last.';
COMMENT ON COLUMN reeve.site_revision.epoch IS
'Random id of this history of the database; renewed after a restore, so that nobody mistakes one history for the other.';
COMMENT ON COLUMN reeve.site_revision.decided_at IS
'The instant for which the write with revision n was decided: never earlier than the one before, so that a clock that was stepped back revives no expired right.';
COMMENT ON COLUMN reeve.site_revision.holder IS
'The top-level transaction that took n.  Only a statement of that transaction may change policy.';
COMMENT ON COLUMN reeve.site_revision.migrating IS
'The transaction of the last migration that changed catalogue data; only it may change what is built in.';
COMMENT ON COLUMN reeve.site_revision.had_full_admin IS
'Whether a full administrator existed when n was taken; if so, one must exist when the transaction ends.';
COMMENT ON COLUMN reeve.site_revision.orphaning IS
'The transaction marks an orphan, which may leave the site without a full administrator.';
INSERT INTO reeve.site_revision DEFAULT VALUES;

CREATE TABLE reeve.change (
    revision    bigint NOT NULL CHECK (revision > 0),
    ordinal     integer NOT NULL CHECK (ordinal > 0),
    entity      text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    old         jsonb,
    new         jsonb,
    PRIMARY KEY (revision, ordinal),
    CHECK (old IS NOT NULL OR new IS NOT NULL)
);
CREATE INDEX change_of_key ON reeve.change (entity, key, revision);
COMMENT ON TABLE reeve.change IS
'The change feed, the history and the before/after of the admin audit: full row images, in order, never altered.';
COMMENT ON COLUMN reeve.change.entity IS 'Name of the table.';
COMMENT ON COLUMN reeve.change.key IS
'Primary key of the row: its text, or for several columns a JSON array of their texts.';
COMMENT ON COLUMN reeve.change.old IS 'The row before; NULL for a new one.';
COMMENT ON COLUMN reeve.change.new IS 'The row after; NULL for a deleted one.';

-- Revision ------------------------------------------------------------------

CREATE FUNCTION reeve.guard_site_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'the row of site_revision is neither added nor removed'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF NEW.n = OLD.n + 1 AND NEW.epoch = OLD.epoch THEN
        NEW.holder := pg_current_xact_id();
        NEW.decided_at := greatest(OLD.decided_at,
            date_trunc('milliseconds', clock_timestamp()));
        IF OLD.holder IS DISTINCT FROM NEW.holder THEN
            NEW.migrating := NULL;
            NEW.orphaning := false;
            NEW.had_full_admin := full_admin_exists();
        END IF;
    ELSIF NEW.n <> OLD.n THEN
        RAISE EXCEPTION 'the revision goes up by one, from % to %, not to %',
            OLD.n, OLD.n + 1, NEW.n
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF NEW.holder IS DISTINCT FROM OLD.holder THEN
        RAISE EXCEPTION 'the holder of a revision is not written by hand'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    ELSIF NEW.migrating IS DISTINCT FROM OLD.migrating
        AND OLD.holder IS DISTINCT FROM pg_current_xact_id() THEN
        RAISE EXCEPTION 'a migration holds the revision first'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION reeve.guard_site_revision() IS
'Trigger: the counter goes up by one at a time and notes the transaction that holds it.';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON reeve.site_revision
    FOR EACH ROW EXECUTE FUNCTION reeve.guard_site_revision();

CREATE FUNCTION reeve.take_revision() RETURNS bigint
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    taken bigint;
BEGIN
    UPDATE site_revision SET n = n + 1 RETURNING n INTO STRICT taken;
    -- A bell without a message: listeners read the feed.  Equal
    -- notifications of one transaction are delivered once.
    NOTIFY reeve_change;
    RETURN taken;
END
$$;
COMMENT ON FUNCTION reeve.take_revision() IS
'Takes the next revision, and with it the lock that orders all policy changes; the first act of every write.';

CREATE FUNCTION reeve.begin_migration() RETURNS bigint
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    taken bigint := take_revision();
BEGIN
    UPDATE site_revision SET migrating = pg_current_xact_id();
    RETURN taken;
END
$$;
COMMENT ON FUNCTION reeve.begin_migration() IS
'Takes a revision in which built-in roles, scopes, collections and the shipped catalogue may be changed; for migrations, never granted.';

CREATE FUNCTION reeve.held_revision() RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = reeve, pg_temp AS $$
DECLARE
    held bigint;
BEGIN
    SELECT n INTO held FROM site_revision
        WHERE holder = pg_current_xact_id_if_assigned();
    IF held IS NULL THEN
        RAISE EXCEPTION 'this transaction holds no revision'
            USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Policy changes go through the functions of the write path.';
    END IF;
    RETURN held;
END
$$;
COMMENT ON FUNCTION reeve.held_revision() IS
'The revision that this transaction holds; an error when it holds none.';

CREATE FUNCTION reeve.is_migrating() RETURNS boolean
LANGUAGE sql STABLE SET search_path = reeve, pg_temp
RETURN EXISTS (SELECT FROM reeve.site_revision
    WHERE migrating = pg_current_xact_id_if_assigned());
COMMENT ON FUNCTION reeve.is_migrating() IS
'True in the transaction of a migration that changes catalogue data.';

CREATE FUNCTION reeve.renew_epoch() RETURNS uuid
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    UPDATE site_revision
        SET epoch = gen_random_uuid(), migrating = NULL RETURNING epoch
$$;
COMMENT ON FUNCTION reeve.renew_epoch() IS
'To be run once after a restore: providers then load everything anew instead of taking the restored history for the lost one.';

-- Change rows ---------------------------------------------------------------

CREATE FUNCTION reeve.change_key(image jsonb, columns text[]) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = reeve, pg_temp AS $$
    SELECT CASE WHEN cardinality(columns) = 1 THEN image ->> columns[1]
        ELSE (SELECT jsonb_agg(image ->> c ORDER BY i)::text
              FROM unnest(columns) WITH ORDINALITY AS k (c, i)) END
$$;
COMMENT ON FUNCTION reeve.change_key(jsonb, text[]) IS
'The key of a change row from the image of a row and the columns of its primary key.';

CREATE FUNCTION reeve.write_changes(entity text, keys text[],
    olds jsonb[], news jsonb[]) RETURNS void
LANGUAGE sql SET search_path = reeve, pg_temp AS $$
    INSERT INTO change (revision, ordinal, entity, key, old, new)
    SELECT r.n,
        coalesce((SELECT max(ordinal) FROM change WHERE revision = r.n), 0)
            + row_number() OVER (ORDER BY p.key COLLATE "C"),
        $1, p.key, p.old, p.new
    FROM (SELECT held_revision() AS n) r,
        (SELECT coalesce(o.key, n.key) AS key, o.image AS old, n.image AS new
         FROM (SELECT change_key(i, keys) AS key, i AS image
               FROM unnest(olds) AS i) o
         FULL JOIN (SELECT change_key(i, keys) AS key, i AS image
                    FROM unnest(news) AS i) n ON o.key = n.key) p
    WHERE p.old IS DISTINCT FROM p.new
$$;
COMMENT ON FUNCTION reeve.write_changes(text, text[], jsonb[], jsonb[]) IS
'Writes the change rows of one statement under the revision held.';

-- Statement triggers with transition tables: a bulk load of 10,000 rows is
-- one call.  PostgreSQL wants one trigger for each kind of statement.
CREATE FUNCTION reeve.change_on_insert() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM write_changes(TG_TABLE_NAME, TG_ARGV[0]::text[], '{}',
        (SELECT coalesce(array_agg(to_jsonb(x)), '{}') FROM new_rows x));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.change_on_insert() IS
'Trigger: change rows of an INSERT.';

CREATE FUNCTION reeve.change_on_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM write_changes(TG_TABLE_NAME, TG_ARGV[0]::text[],
        (SELECT coalesce(array_agg(to_jsonb(x)), '{}') FROM old_rows x),
        (SELECT coalesce(array_agg(to_jsonb(x)), '{}') FROM new_rows x));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.change_on_update() IS
'Trigger: change rows of an UPDATE.';

CREATE FUNCTION reeve.change_on_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM write_changes(TG_TABLE_NAME, TG_ARGV[0]::text[],
        (SELECT coalesce(array_agg(to_jsonb(x)), '{}') FROM old_rows x), '{}');
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.change_on_delete() IS
'Trigger: change rows of a DELETE.';

CREATE FUNCTION reeve.require_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    PERFORM held_revision();
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.require_revision() IS
'Trigger: refuses a statement of a transaction that holds no revision, before it does anything.';

CREATE FUNCTION reeve.refuse_statement() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of table % is not possible', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
COMMENT ON FUNCTION reeve.refuse_statement() IS
'Trigger: refuses the statement, whoever runs it.';

CREATE FUNCTION reeve.refuse_key_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the key of a row of % does not change', TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;
COMMENT ON FUNCTION reeve.refuse_key_change() IS
'Trigger: ids stay with what they were given to.';

CREATE FUNCTION reeve.feed_changes_of(tab regclass) RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    keys text[];
    differ text;
BEGIN
    SELECT array_agg(a.attname ORDER BY k.i),
        string_agg(format('OLD.%1$I IS DISTINCT FROM NEW.%1$I', a.attname),
            ' OR ')
    INTO STRICT keys, differ
    FROM pg_index x, unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, i)
    JOIN pg_attribute a ON a.attnum = k.attnum
    WHERE x.indrelid = tab AND x.indisprimary AND a.attrelid = tab;

    EXECUTE format('CREATE TRIGGER a_require_revision'
        ' BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.require_revision()', tab);
    EXECUTE format('CREATE TRIGGER a_refuse_truncate'
        ' BEFORE TRUNCATE ON %s FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.refuse_statement()', tab);
    EXECUTE format('CREATE TRIGGER a_keep_key'
        ' BEFORE UPDATE ON %s FOR EACH ROW WHEN (%s)'
        ' EXECUTE FUNCTION reeve.refuse_key_change()', tab, differ);
    EXECUTE format('CREATE TRIGGER z_change_insert'
        ' AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.change_on_insert(%L)', tab, keys);
    EXECUTE format('CREATE TRIGGER z_change_update AFTER UPDATE ON %s'
        ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.change_on_update(%L)', tab, keys);
    EXECUTE format('CREATE TRIGGER z_change_delete'
        ' AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows'
        ' FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.change_on_delete(%L)', tab, keys);
END
$$;
COMMENT ON FUNCTION reeve.feed_changes_of(regclass) IS
'Makes a table a policy table: it needs a revision, feeds reeve.change, and keeps its keys.  Migrations call it once a table.';

-- What is written once stays as it was.
CREATE TRIGGER a_require_revision BEFORE INSERT ON reeve.change
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.require_revision();
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON reeve.change
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_statement();

-- Ids -----------------------------------------------------------------------

CREATE TABLE reeve.retired_id (
    entity      text COLLATE "C" NOT NULL,
    id          text COLLATE "C" NOT NULL,
    revision    bigint NOT NULL,
    PRIMARY KEY (entity, id)
);
COMMENT ON TABLE reeve.retired_id IS
'Ids of deleted roles, scopes, collections, resources, administrative users and assignments: never used again.';
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE OR TRUNCATE
    ON reeve.retired_id
    FOR EACH STATEMENT EXECUTE FUNCTION reeve.refuse_statement();

CREATE FUNCTION reeve.retire_id() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    INSERT INTO retired_id (entity, id, revision)
    SELECT TG_TABLE_NAME, to_jsonb(x) ->> TG_ARGV[0], held_revision()
    FROM old_rows x;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.retire_id() IS
'Trigger: keeps the ids of deleted rows.';

CREATE FUNCTION reeve.refuse_retired_id() RETURNS trigger
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
DECLARE
    again text;
BEGIN
    SELECT r.id INTO again
    FROM new_rows x
    JOIN retired_id r
        ON r.entity = TG_TABLE_NAME AND r.id = to_jsonb(x) ->> TG_ARGV[0]
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'id % of a deleted % is never used again',
            again, TG_TABLE_NAME USING ERRCODE = 'unique_violation';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reeve.refuse_retired_id() IS
'Trigger: refuses a new row with the id of a deleted one.';

CREATE FUNCTION reeve.never_reuse_ids_of(tab regclass, id_column text)
RETURNS void
LANGUAGE plpgsql SET search_path = reeve, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER b_retire_id AFTER DELETE ON %s'
        ' REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.retire_id(%L)', tab, id_column);
    EXECUTE format('CREATE TRIGGER b_refuse_retired_id AFTER INSERT ON %s'
        ' REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT'
        ' EXECUTE FUNCTION reeve.refuse_retired_id(%L)', tab, id_column);
END
$$;
COMMENT ON FUNCTION reeve.never_reuse_ids_of(regclass, text) IS
'Makes the ids of a table be used once only.';

REVOKE ALL ON ALL TABLES IN SCHEMA reeve FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reeve FROM PUBLIC;
RESET ROLE;
