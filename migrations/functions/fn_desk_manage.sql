-- Desks, the codes that pair an agent with them, and agents saying hello.

CREATE OR REPLACE FUNCTION fn_desk_body(p_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', d.id, 'name', d.name, 'active', d.active, 'created_at', d.created_at,
        'version', d.version, 'receipt_by', d.receipt_by, 'receipt_paper_mm', d.receipt_paper_mm,
        'receipt_language', d.receipt_language,
        'agent', (SELECT jsonb_build_object('id', a.id, 'simulated', a.simulated, 'host', a.host, 'paired_at', a.paired_at,
                      'seen_at', l.agent_seen_at) || fn_desk_agent_body(l)
                    FROM agent a WHERE a.desk_id = d.id AND a.revoked_at IS NULL),
        'session', (SELECT jsonb_build_object('operator_id', o.id, 'operator', o.full_name)
                      FROM session s JOIN operator o ON o.id = s.operator_id
                     WHERE s.desk_id = d.id AND s.ended_at IS NULL AND now() < s.expires_at))
      FROM desk d LEFT JOIN desk_live l ON l.desk_id = d.id WHERE d.id = p_id
$$;
COMMENT ON FUNCTION fn_desk_body(uuid) IS 'A desk with its agent and who works there, as the API shows it.';

CREATE OR REPLACE FUNCTION fn_desk_list()
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', jsonb_build_object('items', coalesce(jsonb_agg(fn_desk_body(d.id) ORDER BY d.name), '[]'))::text,
        NULL, NULL::bigint FROM desk d
$$;
COMMENT ON FUNCTION fn_desk_list() IS 'All desks by name.';

CREATE OR REPLACE FUNCTION fn_desk_read(p_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT 'done', fn_desk_body(d.id)::text, NULL, d.version FROM desk d WHERE d.id = p_id
$$;
COMMENT ON FUNCTION fn_desk_read(uuid) IS 'One desk.';

-- outcome: created | done (the same desk came again with the same id) | name_taken.
CREATE OR REPLACE FUNCTION fn_desk_create(p_token bytea, p_id uuid, p_name text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old desk;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'desks.manage') s;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO desk (id, name, receipt_language)
    SELECT p_id, p_name, o.language FROM operator o WHERE o.id = v_operator_id ON CONFLICT DO NOTHING;
    IF FOUND THEN
        INSERT INTO desk_live (desk_id) VALUES (p_id);
        PERFORM fn_audit(v_operator_id, NULL, 'desk.create', 'desk', p_id::text, jsonb_build_object('name', p_name),
            p_request_id);
        outcome := 'created';
    ELSE
        SELECT * INTO v_old FROM desk d WHERE d.id = p_id;
        outcome := CASE WHEN v_old.name = p_name THEN 'done' ELSE 'name_taken' END;
    END IF;
    IF outcome = 'name_taken' THEN
        extra := CASE WHEN v_old.id IS NULL THEN fn_field_error('/name', 'taken', 'Another desk has this name.')
                      ELSE fn_field_error('/id', 'taken', 'Another desk has this id.') END;
    ELSE
        body := fn_desk_body(p_id)::text;
        version := coalesce(v_old.version, 1);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_desk_create(bytea, uuid, text, text) IS 'Makes a desk.';

-- Takes the agent from a desk; its screen is told. Returns the agent, null if there was none.
CREATE OR REPLACE FUNCTION fn_agent_revoke(p_desk_id uuid) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent_id uuid;
    v_live desk_live;
BEGIN
    SELECT * INTO v_live FROM desk_live l WHERE l.desk_id = p_desk_id;
    UPDATE agent a SET revoked_at = clock_timestamp() WHERE a.desk_id = p_desk_id AND a.revoked_at IS NULL
    RETURNING a.id INTO v_agent_id;
    IF v_agent_id IS NULL THEN
        RETURN NULL;
    END IF;
    IF v_live.presence_id IS NOT NULL THEN
        PERFORM fn_desk_presence_end(p_desk_id);
    END IF;
    UPDATE desk_live l SET run = NULL, agent_version = NULL, reader_state = 'absent', reader_name = '', agent_seen_at = NULL,
           agent_online = false, agent_update = NULL, agent_needs = NULL, printer_name = NULL WHERE l.desk_id = p_desk_id;
    IF v_live.agent_online OR v_live.agent_update IS NOT NULL THEN
        PERFORM fn_desk_event(p_desk_id, 'agent_offline', fn_desk_agent_body(l)) FROM desk_live l WHERE l.desk_id = p_desk_id;
    END IF;
    RETURN v_agent_id;
END
$$;
COMMENT ON FUNCTION fn_agent_revoke(uuid) IS 'Revokes the agent of a desk.';

-- The card on a desk is not seen any more, because its agent is gone or is another process now: what was being written is
-- in doubt until the card is presented again.
CREATE OR REPLACE FUNCTION fn_desk_presence_end(p_desk_id uuid) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_live desk_live;
    v_operation operation;
BEGIN
    -- The operation before the desks, and the desks in the order of their ids, as everywhere.
    SELECT * INTO v_live FROM desk_live l WHERE l.desk_id = p_desk_id;
    UPDATE operation o SET state = 'in_doubt' WHERE o.uid = v_live.uid AND o.finished_at IS NULL AND o.state = 'writing'
    RETURNING o.* INTO v_operation;
    PERFORM FROM desk_live l WHERE l.desk_id IN (p_desk_id, v_operation.desk_id) OR l.uid = v_operation.uid ORDER BY l.desk_id FOR UPDATE;
    UPDATE desk_live l SET presence_id = NULL, presence_kind = NULL, read_mode = NULL, uid = NULL, sak = NULL,
           presentation_id = NULL, floor = NULL WHERE l.desk_id = p_desk_id;
    PERFORM fn_desk_event(p_desk_id, 'card_removed', jsonb_build_object('presence_id', v_live.presence_id,
        'uid', encode(v_live.uid, 'hex')));
    RETURN ARRAY[p_desk_id] || CASE WHEN v_operation.id IS NOT NULL THEN fn_operation_tell(v_operation.id) END;
END
$$;
COMMENT ON FUNCTION fn_desk_presence_end(uuid) IS 'Forgets the card on a desk; returns the desks to wake.';

-- A desk is retired by active = false: only when nobody works there; its agent is revoked.
-- p_change holds what changes of name, active, receipt_by, receipt_paper_mm and receipt_language.
-- outcome: done | not_found | precondition_failed | name_taken | still_in_use. agent_id: the agent revoked by it.
CREATE OR REPLACE FUNCTION fn_desk_change(p_token bytea, p_id uuid, p_version bigint, p_change jsonb, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint, agent_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old desk;
    v_name text := p_change ->> 'name';
    v_retire boolean := (p_change ->> 'active')::boolean IS FALSE;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'desks.manage') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM desk d WHERE d.id = p_id FOR NO KEY UPDATE;
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
            WHEN EXISTS (SELECT FROM desk d WHERE d.name = v_name AND d.id <> p_id) THEN 'name_taken'
            WHEN v_retire AND (
                EXISTS (SELECT FROM session s WHERE s.desk_id = p_id AND s.ended_at IS NULL AND now() < s.expires_at)
                OR EXISTS (SELECT FROM operation o WHERE o.desk_id = p_id AND o.finished_at IS NULL)) THEN 'still_in_use'
            ELSE 'done' END;
    END IF;
    IF outcome = 'name_taken' THEN
        extra := fn_field_error('/name', 'taken', 'Another desk has this name.');
    ELSIF outcome = 'done' THEN
        UPDATE desk d SET name = coalesce(v_name, d.name), active = coalesce((p_change ->> 'active')::boolean, d.active),
               receipt_by = coalesce(p_change ->> 'receipt_by', d.receipt_by),
               receipt_paper_mm = coalesce((p_change ->> 'receipt_paper_mm')::smallint, d.receipt_paper_mm),
               receipt_language = coalesce(p_change ->> 'receipt_language', d.receipt_language), version = d.version + 1
         WHERE d.id = p_id RETURNING d.version INTO version;
        IF v_retire THEN
            agent_id := fn_agent_revoke(p_id);
        END IF;
        PERFORM fn_audit(v_operator_id, NULL, 'desk.change', 'desk', p_id::text,
            jsonb_strip_nulls(p_change || jsonb_build_object('agent_revoked', agent_id)), p_request_id);
        body := fn_desk_body(p_id)::text;
    END IF;
    RETURN NEXT;
EXCEPTION WHEN unique_violation THEN -- another request took the name between check and write
    RETURN QUERY SELECT 'name_taken', NULL::text, NULL::text, NULL::bigint, NULL::uuid;
END
$$;
COMMENT ON FUNCTION fn_desk_change(bytea, uuid, bigint, jsonb, text) IS 'Renames, retires or revives a desk, or says how it prints.';

-- outcome: empty | not_found. A desk without an agent is empty too, so a repeat is harmless.
CREATE OR REPLACE FUNCTION fn_desk_agent_delete(p_token bytea, p_desk_id uuid, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint, agent_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'desks.manage') s;
    IF outcome = 'ok' THEN
        outcome := CASE WHEN EXISTS (SELECT FROM desk d WHERE d.id = p_desk_id) THEN 'empty' ELSE 'not_found' END;
    END IF;
    IF outcome = 'empty' THEN
        agent_id := fn_agent_revoke(p_desk_id);
        IF agent_id IS NOT NULL THEN
            PERFORM fn_audit(v_operator_id, NULL, 'agent.revoke', 'agent', agent_id::text,
                jsonb_build_object('desk_id', p_desk_id), p_request_id);
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_desk_agent_delete(bytea, uuid, text) IS 'Revokes the agent of a desk.';

-- A new code replaces the desk's older ones. The code itself is known to the caller only; it goes into the body there.
-- outcome: created | not_found (no such desk, or it is retired).
CREATE OR REPLACE FUNCTION fn_pairing_create(p_token bytea, p_id uuid, p_desk_id uuid, p_code_sha256 bytea, p_code text,
    p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_active boolean;
    v_expires_at timestamptz := clock_timestamp() + interval '10 minutes';
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'desks.manage') s;
    IF outcome = 'ok' THEN
        SELECT d.active INTO v_active FROM desk d WHERE d.id = p_desk_id FOR UPDATE;
        outcome := CASE WHEN v_active THEN 'created' ELSE 'not_found' END;
    END IF;
    IF outcome = 'created' THEN
        UPDATE pairing p SET expires_at = clock_timestamp()
         WHERE p.desk_id = p_desk_id AND p.used_at IS NULL AND p.expires_at > clock_timestamp();
        INSERT INTO pairing (id, desk_id, code_sha256, created_by, expires_at)
        VALUES (p_id, p_desk_id, p_code_sha256, v_operator_id, v_expires_at);
        PERFORM fn_audit(v_operator_id, NULL, 'pairing.create', 'desk', p_desk_id::text, NULL, p_request_id);
        body := jsonb_build_object('code', p_code, 'expires_at', v_expires_at, 'desk_id', p_desk_id)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_pairing_create(bytea, uuid, uuid, bytea, text, text) IS 'Makes a one-time code for a desk.';

-- A wrong code counts against every code that is open: none can be guessed beside another. The fifth voids them.
-- p_key_sealed was made for p_agent_id before. outcome: created | pairing_code_invalid | training_only.
CREATE OR REPLACE FUNCTION fn_agent_pair(p_code_sha256 bytea, p_agent_id uuid, p_key_sealed bytea, p_simulated boolean,
    p_host text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint, agent_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_pairing pairing;
    v_desk desk;
BEGIN
    SELECT p.* INTO v_pairing FROM pairing p JOIN desk d ON d.id = p.desk_id
     WHERE p.code_sha256 = p_code_sha256 AND p.used_at IS NULL AND p.expires_at > clock_timestamp() AND p.wrong_tries < 5
       AND d.active FOR UPDATE OF p;
    IF v_pairing.id IS NULL THEN
        UPDATE pairing p SET wrong_tries = p.wrong_tries + 1
          FROM (SELECT o.id FROM pairing o WHERE o.used_at IS NULL AND o.expires_at > clock_timestamp()
                   AND o.wrong_tries < 5 ORDER BY o.id FOR UPDATE) AS open
         WHERE p.id = open.id;
        outcome := 'pairing_code_invalid';
    ELSIF p_simulated AND (SELECT s.mode FROM site s) <> 'training' THEN
        outcome := 'training_only';
    ELSE
        SELECT * INTO v_desk FROM desk d WHERE d.id = v_pairing.desk_id;
        agent_id := fn_agent_revoke(v_pairing.desk_id);
        UPDATE pairing p SET used_at = clock_timestamp() WHERE p.id = v_pairing.id;
        INSERT INTO agent (id, desk_id, key_sealed, simulated, host, paired_by)
        VALUES (p_agent_id, v_pairing.desk_id, p_key_sealed, p_simulated, p_host, v_pairing.created_by);
        PERFORM fn_audit(v_pairing.created_by, p_agent_id, 'agent.pair', 'agent', p_agent_id::text, jsonb_build_object(
            'desk_id', v_pairing.desk_id, 'host', p_host, 'simulated', p_simulated, 'replaces', agent_id), p_request_id);
        outcome := 'created';
        body := jsonb_build_object('agent_id', p_agent_id, 'desk_id', v_desk.id, 'desk_name', v_desk.name)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_agent_pair(bytea, uuid, bytea, boolean, text, text) IS
    'Makes an agent of whoever has an open code; replaces the desk''s older agent (returned as agent_id).';

-- A new process of the agent: from here on only its run speaks for the desk. A repeat of the same run changes nothing
-- that is told. p_hello: {version, simulated, reader_state, reader_name, update, needs, printer}. With update "required" it is
-- too old to be let in: the desk is told what it needs, and no run speaks for it until a newer one says hello.
-- outcome: done | agent_unknown | training_only | agent_too_old. wake: desks with news.
CREATE OR REPLACE FUNCTION fn_agent_hello(p_agent_id uuid, p_run bytea, p_hello jsonb)
RETURNS TABLE (outcome text, body text, extra text, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_desk desk;
    v_live desk_live;
    v_now desk_live;
    v_mode text := (SELECT s.mode FROM site s);
    v_simulated boolean := (p_hello ->> 'simulated')::boolean;
    v_run bytea := CASE WHEN p_hello ->> 'update' = 'required' THEN NULL ELSE p_run END;
BEGIN
    SELECT d.* INTO v_desk FROM agent a JOIN desk d ON d.id = a.desk_id
     WHERE a.id = p_agent_id AND a.revoked_at IS NULL AND d.active;
    SELECT * INTO v_live FROM desk_live l WHERE l.desk_id = v_desk.id;
    outcome := CASE WHEN v_desk.id IS NULL THEN 'agent_unknown' WHEN v_simulated AND v_mode <> 'training' THEN 'training_only'
                    WHEN v_run IS NULL THEN 'agent_too_old' ELSE 'done' END;
    wake := '{}';
    IF outcome NOT IN ('done', 'agent_too_old') THEN
        RETURN NEXT;
        RETURN;
    END IF;
    IF v_live.run IS DISTINCT FROM v_run AND v_live.presence_id IS NOT NULL THEN
        wake := fn_desk_presence_end(v_desk.id);
    END IF;
    UPDATE agent a SET simulated = v_simulated WHERE a.id = p_agent_id AND a.simulated <> v_simulated;
    UPDATE desk_live l SET run = v_run, agent_version = p_hello ->> 'version', agent_update = p_hello ->> 'update',
           agent_needs = p_hello ->> 'needs', reader_state = p_hello ->> 'reader_state', reader_name = p_hello ->> 'reader_name',
           presence_newest = CASE WHEN l.run = p_run THEN l.presence_newest END, agent_seen_at = clock_timestamp(),
           agent_online = v_run IS NOT NULL, printer_name = p_hello ->> 'printer'
     WHERE l.desk_id = v_desk.id RETURNING * INTO v_now;
    IF v_live.run IS DISTINCT FROM v_run OR fn_desk_agent_body(v_live) <> fn_desk_agent_body(v_now) THEN
        PERFORM fn_desk_event(v_desk.id, CASE outcome WHEN 'done' THEN 'agent_online' ELSE 'agent_offline' END,
            fn_desk_agent_body(v_now));
        wake := wake || v_desk.id;
    END IF;
    body := jsonb_build_object('desk_id', v_desk.id, 'desk_name', v_desk.name, 'site_mode', v_mode)::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_agent_hello(uuid, bytea, jsonb) IS 'An agent process begins to speak for its desk.';
