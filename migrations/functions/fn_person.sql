-- The holders of cards.

CREATE OR REPLACE FUNCTION fn_person_body(p_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object('id', p.id, 'name', p.name, 'personnel_no', p.personnel_no, 'external_id', p.external_id,
            'state', p.state, 'created_at', p.created_at, 'version', p.version, 'photo_version', fn_person_photo_version(p.id),
            'department', (SELECT jsonb_build_object('id', d.id, 'name', d.name) FROM department d WHERE d.id = p.department_id),
            'cards', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'card_no', c.card_no, 'printed_no', c.printed_no,
                    'state', c.state, 'block', c.block, 'has_purses', c.has_purses, 'issued_on', c.issued_on,
                    'expires_on', c.expires_on) ORDER BY c.card_no DESC), '[]') FROM card c WHERE c.person_id = p.id),
            'balances', fn_balances_body(p.id))
          FROM person p WHERE p.id = p_id);
END
$$;
COMMENT ON FUNCTION fn_person_body(uuid) IS 'A person with cards and balances, as the API shows it.';

CREATE OR REPLACE FUNCTION fn_person_read(p_token bytea, p_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_body jsonb;
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'people.read') s;
    IF outcome = 'ok' THEN
        v_body := fn_person_body(p_id);
        outcome := CASE WHEN v_body IS NULL THEN 'not_found' ELSE 'done' END;
        body := v_body::text;
        version := (v_body ->> 'version')::bigint;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_read(bytea, uuid) IS 'One person.';

-- Why these facts cannot be a person's; null: they can.
CREATE OR REPLACE FUNCTION fn_person_refused(p_id uuid, p_personnel_no text, p_department_id uuid, p_external_id text,
    OUT outcome text, OUT extra text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_person_id uuid;
BEGIN
    IF p_department_id IS NOT NULL AND NOT EXISTS (SELECT FROM department d WHERE d.id = p_department_id) THEN
        outcome := 'bad_field';
        extra := fn_field_error('/department_id', 'unknown', 'There is no such department.');
        RETURN;
    END IF;
    SELECT p.id INTO v_person_id FROM person p WHERE p.personnel_no = p_personnel_no AND p.id <> p_id;
    IF v_person_id IS NOT NULL THEN
        outcome := 'name_taken';
        extra := fn_field_error('/personnel_no', 'taken', 'Another person has this personnel number.')::jsonb
            || jsonb_build_object('person_id', v_person_id);
        RETURN;
    END IF;
    SELECT p.id INTO v_person_id FROM person p WHERE p.external_id = p_external_id AND p.id <> p_id;
    IF v_person_id IS NOT NULL THEN
        outcome := 'name_taken';
        extra := fn_field_error('/external_id', 'taken', 'Another person has this external id.')::jsonb
            || jsonb_build_object('person_id', v_person_id);
    END IF;
END
$$;
COMMENT ON FUNCTION fn_person_refused(uuid, text, uuid, text) IS 'Checks department and numbers of a person.';

-- outcome: created | done (the same person came again with the same id) | bad_field | name_taken.
-- Who is first among two of the same number is decided by the unique index; the loser looks again.
CREATE OR REPLACE FUNCTION fn_person_create(p_token bytea, p_id uuid, p_name text, p_personnel_no text,
    p_department_id uuid, p_external_id text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old person;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT r.outcome, r.extra INTO outcome, extra FROM fn_person_refused(p_id, p_personnel_no, p_department_id, p_external_id) r;
    IF outcome IS NULL THEN
        INSERT INTO person (id, name, personnel_no, department_id, external_id)
        VALUES (p_id, p_name, p_personnel_no, p_department_id, p_external_id) ON CONFLICT DO NOTHING;
        outcome := CASE WHEN FOUND THEN 'created' END;
    END IF;
    IF outcome = 'created' THEN
        PERFORM fn_audit(v_operator_id, NULL, 'person.create', 'person', p_id::text, jsonb_build_object(
            'personnel_no', p_personnel_no, 'department_id', p_department_id), p_request_id);
    ELSIF outcome IS NULL THEN
        SELECT * INTO v_old FROM person p WHERE p.id = p_id;
        outcome := CASE WHEN v_old.name = p_name AND v_old.personnel_no IS NOT DISTINCT FROM p_personnel_no
            AND v_old.department_id IS NOT DISTINCT FROM p_department_id
            AND v_old.external_id IS NOT DISTINCT FROM p_external_id THEN 'done' ELSE 'name_taken' END;
        extra := CASE WHEN v_old.id IS NOT NULL AND outcome = 'name_taken'
            THEN fn_field_error('/id', 'taken', 'Another person has this id.') END;
    END IF;
    IF outcome IN ('created', 'done') THEN
        body := fn_person_body(p_id)::text;
        version := coalesce(v_old.version, 1);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_create(bytea, uuid, text, text, uuid, text, text) IS 'Makes a person.';

-- p_change: only the members present change; null clears personnel_no, department_id, external_id.
-- outcome: done | not_found | precondition_failed | bad_field | name_taken.
CREATE OR REPLACE FUNCTION fn_person_change(p_token bytea, p_id uuid, p_version bigint, p_change jsonb, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old person;
    v_new person;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM person p WHERE p.id = p_id FOR NO KEY UPDATE;
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
                        ELSE 'ok' END;
    END IF;
    IF outcome = 'ok' THEN
        v_new := jsonb_populate_record(v_old, p_change);
        SELECT r.outcome, r.extra INTO outcome, extra
          FROM fn_person_refused(p_id, v_new.personnel_no, v_new.department_id, v_new.external_id) r;
    END IF;
    IF outcome IS NOT NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE person p SET name = v_new.name, personnel_no = v_new.personnel_no, department_id = v_new.department_id,
           external_id = v_new.external_id, version = p.version + 1
     WHERE p.id = p_id RETURNING p.version INTO version;
    PERFORM fn_audit(v_operator_id, NULL, 'person.change', 'person', p_id::text, jsonb_build_object('changed',
        (SELECT coalesce(jsonb_agg(key ORDER BY key), '[]') FROM jsonb_object_keys(p_change) AS key)), p_request_id);
    outcome := 'done';
    body := fn_person_body(p_id)::text;
    RETURN NEXT;
EXCEPTION WHEN unique_violation THEN -- another request took the number between check and write
    RETURN QUERY SELECT 'name_taken', NULL::text, NULL::text, NULL::bigint;
END
$$;
COMMENT ON FUNCTION fn_person_change(bytea, uuid, bigint, jsonb, text) IS 'Changes facts of a person.';

-- A state the person has already is done without a trace, so a repeat is harmless.
-- outcome: done | not_found | precondition_failed.
CREATE OR REPLACE FUNCTION fn_person_state(p_token bytea, p_id uuid, p_version bigint, p_state text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old person;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'people.write') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM person p WHERE p.id = p_id FOR NO KEY UPDATE;
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
                        ELSE 'done' END;
    END IF;
    IF outcome = 'done' THEN
        IF v_old.state <> p_state THEN
            UPDATE person p SET state = p_state, version = p.version + 1 WHERE p.id = p_id;
            PERFORM fn_audit(v_operator_id, NULL, CASE p_state WHEN 'active' THEN 'person.activate' ELSE 'person.deactivate' END,
                'person', p_id::text, jsonb_build_object('state_before', v_old.state), p_request_id);
        END IF;
        version := v_old.version + CASE WHEN v_old.state <> p_state THEN 1 ELSE 0 END;
        body := fn_person_body(p_id)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_state(bytea, uuid, bigint, text, text) IS 'Activates or deactivates a person.';
