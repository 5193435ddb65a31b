-- Departments: a tree without cycles, at most 16 levels deep.

-- The department and everything below it. UNION, not UNION ALL: ends even on a tree that somebody broke by hand.
CREATE OR REPLACE FUNCTION fn_department_subtree(p_id uuid) RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE below AS (
        SELECT id FROM department WHERE id = p_id
        UNION
        SELECT d.id FROM department d JOIN below b ON d.parent_id = b.id)
    SELECT coalesce(array_agg(id), '{}') FROM below
$$;
COMMENT ON FUNCTION fn_department_subtree(uuid) IS 'A department with all that belong to it.';

-- Levels from the top down to this one; 0 for none.
CREATE OR REPLACE FUNCTION fn_department_depth(p_id uuid) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE above AS (
        SELECT id, parent_id, 1 AS level FROM department WHERE id = p_id
        UNION ALL
        SELECT d.id, d.parent_id, a.level + 1 FROM department d JOIN above a ON d.id = a.parent_id WHERE a.level < 64)
    SELECT coalesce(max(level), 0) FROM above
$$;
COMMENT ON FUNCTION fn_department_depth(uuid) IS 'Level of a department in the tree; 1 at the top.';

CREATE OR REPLACE FUNCTION fn_department_height(p_id uuid) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE below AS (
        SELECT id, 1 AS level FROM department WHERE id = p_id
        UNION ALL
        SELECT d.id, b.level + 1 FROM department d JOIN below b ON d.parent_id = b.id WHERE b.level < 64)
    SELECT coalesce(max(level), 0) FROM below
$$;
COMMENT ON FUNCTION fn_department_height(uuid) IS 'Levels from a department down to its deepest descendant; 1 for a leaf.';

CREATE OR REPLACE FUNCTION fn_department_body(p_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', d.id, 'parent_id', d.parent_id, 'name', d.name, 'created_at', d.created_at,
        'people_count', (SELECT count(*) FROM person p WHERE p.department_id = d.id),
        'children_count', (SELECT count(*) FROM department c WHERE c.parent_id = d.id), 'version', d.version)
      FROM department d WHERE d.id = p_id
$$;
COMMENT ON FUNCTION fn_department_body(uuid) IS 'A department as the API shows it.';

-- Why a department cannot stand under this parent with this name; null: it can. Whoever changes the tree holds its lock,
-- or two moves at once could make a circle that neither makes alone.
CREATE OR REPLACE FUNCTION fn_department_refused(p_id uuid, p_parent_id uuid, p_name text,
    OUT outcome text, OUT extra text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_depth_max CONSTANT integer := 16;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('cardwright.department_tree'));
    IF p_parent_id IS NOT NULL AND NOT EXISTS (SELECT FROM department d WHERE d.id = p_parent_id) THEN
        outcome := 'bad_field';
        extra := fn_field_error('/parent_id', 'unknown', 'There is no such department.');
    ELSIF p_parent_id = ANY (fn_department_subtree(p_id)) THEN
        outcome := 'bad_field';
        extra := fn_field_error('/parent_id', 'cycle', 'A department cannot be moved into itself or below itself.');
    ELSIF fn_department_depth(p_parent_id) + greatest(fn_department_height(p_id), 1) > v_depth_max THEN
        outcome := 'bad_field';
        extra := fn_field_error('/parent_id', 'too_deep', format('Departments have at most %s levels.', v_depth_max));
    ELSIF EXISTS (SELECT FROM department d
                   WHERE d.parent_id IS NOT DISTINCT FROM p_parent_id AND d.name = p_name AND d.id <> p_id) THEN
        outcome := 'name_taken';
        extra := fn_field_error('/name', 'taken', 'Another department in the same place has this name.');
    END IF;
END
$$;
COMMENT ON FUNCTION fn_department_refused(uuid, uuid, text) IS 'Checks place and name of a department; takes the lock of the tree.';

-- outcome: created | done (the same department came again with the same id) | bad_field | name_taken.
CREATE OR REPLACE FUNCTION fn_department_create(p_token bytea, p_id uuid, p_parent_id uuid, p_name text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old department;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT r.outcome, r.extra INTO outcome, extra FROM fn_department_refused(p_id, p_parent_id, p_name) r;
    SELECT * INTO v_old FROM department d WHERE d.id = p_id;
    IF v_old.id IS NOT NULL THEN
        outcome := CASE WHEN v_old.name = p_name AND v_old.parent_id IS NOT DISTINCT FROM p_parent_id THEN 'done'
                        ELSE 'name_taken' END;
        extra := CASE WHEN outcome = 'name_taken' THEN fn_field_error('/id', 'taken', 'Another department has this id.') END;
    END IF;
    IF outcome IS NULL THEN
        INSERT INTO department (id, parent_id, name) VALUES (p_id, p_parent_id, p_name);
        PERFORM fn_audit(v_operator_id, NULL, 'department.create', 'department', p_id::text,
            jsonb_build_object('name', p_name, 'parent_id', p_parent_id), p_request_id);
        outcome := 'created';
    END IF;
    IF outcome IN ('created', 'done') THEN
        body := fn_department_body(p_id)::text;
        version := coalesce(v_old.version, 1);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_department_create(bytea, uuid, uuid, text, text) IS 'Makes a department.';

-- p_name null: stays; p_move: whether p_parent_id counts. p_version null: any.
-- outcome: done | not_found | precondition_failed | bad_field | name_taken.
CREATE OR REPLACE FUNCTION fn_department_change(p_token bytea, p_id uuid, p_version bigint, p_name text, p_move boolean,
    p_parent_id uuid, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old department;
    v_name text;
    v_parent_id uuid;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        PERFORM pg_advisory_xact_lock(hashtext('cardwright.department_tree'));
        SELECT * INTO v_old FROM department d WHERE d.id = p_id FOR UPDATE;
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
                        ELSE 'ok' END;
    END IF;
    IF outcome = 'ok' THEN
        v_name := coalesce(p_name, v_old.name);
        v_parent_id := CASE WHEN p_move THEN p_parent_id ELSE v_old.parent_id END;
        SELECT r.outcome, r.extra INTO outcome, extra FROM fn_department_refused(p_id, v_parent_id, v_name) r;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE department d SET name = v_name, parent_id = v_parent_id, version = d.version + 1
     WHERE d.id = p_id RETURNING d.version INTO version;
    PERFORM fn_audit(v_operator_id, NULL, 'department.change', 'department', p_id::text,
        jsonb_build_object('name', v_name, 'parent_id', v_parent_id, 'name_before', v_old.name,
            'parent_id_before', v_old.parent_id), p_request_id);
    outcome := 'done';
    body := fn_department_body(p_id)::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_department_change(bytea, uuid, bigint, text, boolean, uuid, text) IS 'Renames or moves a department.';

-- outcome: empty | not_found | precondition_failed | still_in_use.
CREATE OR REPLACE FUNCTION fn_department_delete(p_token bytea, p_id uuid, p_version bigint, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old department;
    v_people bigint;
    v_children bigint;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        PERFORM pg_advisory_xact_lock(hashtext('cardwright.department_tree'));
        SELECT * INTO v_old FROM department d WHERE d.id = p_id FOR UPDATE;
        SELECT count(*) INTO v_people FROM person p WHERE p.department_id = p_id;
        SELECT count(*) INTO v_children FROM department d WHERE d.parent_id = p_id;
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
                        WHEN v_people + v_children > 0 THEN 'still_in_use' ELSE 'empty' END;
    END IF;
    IF outcome = 'still_in_use' THEN
        extra := jsonb_build_object('people_count', v_people, 'children_count', v_children)::text;
    ELSIF outcome = 'empty' THEN
        DELETE FROM department d WHERE d.id = p_id;
        PERFORM fn_audit(v_operator_id, NULL, 'department.delete', 'department', p_id::text,
            jsonb_build_object('name', v_old.name), p_request_id);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_department_delete(bytea, uuid, bigint, text) IS 'Removes a department that is empty.';

-- The whole tree, each department after its parent, brothers by name.
CREATE OR REPLACE FUNCTION fn_department_list()
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH RECURSIVE tree AS (
        SELECT d.id, 1 AS level, ARRAY[d.name] AS path FROM department d WHERE d.parent_id IS NULL
        UNION ALL
        SELECT d.id, t.level + 1, t.path || d.name FROM department d JOIN tree t ON d.parent_id = t.id WHERE t.level < 64)
    SELECT 'done', jsonb_build_object('items', coalesce(jsonb_agg(
        fn_department_body(t.id) || jsonb_build_object('level', t.level, 'path', t.path) ORDER BY t.path), '[]'))::text,
        NULL, NULL::bigint
      FROM tree t
$$;
COMMENT ON FUNCTION fn_department_list() IS 'All departments in the order of the tree.';
