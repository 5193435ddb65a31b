-- Asks for a void. It never decides: it answers the state. Nothing handed out, or all of it burnt, is void at once; else
-- the agents are asked to burn, and what may be on the card is fenced at its next presentation.
-- p_scrap: give a half-issued or half-wiped card up for ever. p_reason: why, for the audit.
DROP FUNCTION IF EXISTS fn_operation_cancel(bytea, uuid, boolean, text);
CREATE OR REPLACE FUNCTION fn_operation_cancel(p_token_sha256 bytea, p_operation_id uuid, p_scrap boolean, p_request_id text,
    p_reason text DEFAULT NULL)
RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_session record;
    v_operation operation;
BEGIN
    SELECT * INTO v_operation FROM operation WHERE id = p_operation_id;
    SELECT * INTO v_session FROM fn_session(p_token_sha256,
        CASE WHEN v_operation.kind IN ('issue', 'unissue') THEN 'cards.issue' ELSE 'money' END);
    outcome := v_session.outcome;
    IF outcome = 'ok' AND v_operation.id IS NULL THEN
        outcome := 'not_found';
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    PERFORM FROM card WHERE id = v_operation.card_id FOR UPDATE;
    SELECT * INTO v_operation FROM operation WHERE id = p_operation_id;
    IF v_operation.finished_at IS NOT NULL THEN
        outcome := CASE WHEN v_operation.state = 'completed' THEN 'too_late' ELSE 'replayed' END;
        body := fn_operation_body(p_operation_id);
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    -- Nothing could prove that an un-issue which was begun is not on the card: it is finished or given up.
    IF v_operation.kind = 'unissue' AND NOT p_scrap AND EXISTS (SELECT FROM plan WHERE operation_id = p_operation_id
        AND kind = 'operation' AND burnt_at IS NULL) THEN
        body := fn_operation_body(p_operation_id);
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE operation SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()) WHERE id = p_operation_id;
    IF NOT fn_operation_void_if_burnt(p_operation_id) AND p_scrap AND v_operation.kind IN ('issue', 'unissue') THEN
        PERFORM fn_leg_void(id, 'scrapped') FROM leg WHERE operation_id = p_operation_id AND state = 'P';
        PERFORM fn_operation_settle(p_operation_id);
    END IF;
    UPDATE card SET ledger_version = ledger_version + 1 WHERE id = v_operation.card_id;
    PERFORM fn_audit(v_session.operator_id, NULL, 'operation.cancel', 'operation', p_operation_id::text,
        jsonb_strip_nulls(jsonb_build_object('scrap', p_scrap, 'reason', p_reason)), p_request_id);
    body := fn_operation_body(p_operation_id);
    wake := fn_operation_tell(p_operation_id) || ARRAY(SELECT DISTINCT desk_id FROM plan
        WHERE operation_id = p_operation_id AND reported_at IS NULL);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_cancel(bytea, uuid, boolean, text, text) IS 'Asks for a void of an operation and answers its state.';

-- Every two seconds on every server: operations without a report for 30 s are in doubt, silent agents are off line, and
-- events older than an hour go. Returns the desks to wake.
CREATE OR REPLACE FUNCTION fn_sweep() RETURNS TABLE (desk_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_id uuid;
    v_ids uuid[];
BEGIN
    IF NOT pg_try_advisory_xact_lock(3, 0) THEN
        RETURN; -- another server is at it
    END IF;
    v_ids := ARRAY(SELECT id FROM operation WHERE state = 'writing' AND handed_at < clock_timestamp() - interval '30 seconds'
                    FOR UPDATE SKIP LOCKED LIMIT 50);
    -- All desks concerned in the order of their ids, as everywhere, before the events are added one operation after another.
    PERFORM FROM desk_live l WHERE v_ids <> '{}' AND EXISTS (SELECT FROM operation o
                WHERE o.id = ANY (v_ids) AND (o.desk_id = l.desk_id OR o.uid = l.uid)) ORDER BY l.desk_id FOR UPDATE;
    FOREACH v_id IN ARRAY v_ids LOOP
        UPDATE operation SET state = 'in_doubt' WHERE id = v_id;
        RETURN QUERY SELECT unnest(fn_operation_tell(v_id));
    END LOOP;
    FOR v_id IN SELECT desk_id FROM desk_live WHERE agent_online AND agent_seen_at < clock_timestamp() - interval '20 seconds'
                 ORDER BY desk_id FOR UPDATE SKIP LOCKED LIMIT 50 LOOP
        UPDATE desk_live SET agent_online = false WHERE desk_id = v_id;
        PERFORM fn_desk_event(v_id, 'agent_offline', jsonb_build_object('online', false, 'reader_state', reader_state))
           FROM desk_live WHERE desk_id = v_id;
        desk_id := v_id;
        RETURN NEXT;
    END LOOP;
    DELETE FROM desk_event WHERE (desk_id, no) IN (SELECT desk_id, no FROM desk_event
        WHERE at < clock_timestamp() - interval '1 hour' ORDER BY at LIMIT 200);
    DELETE FROM idempotency WHERE (principal, key) IN (SELECT principal, key FROM idempotency
        WHERE created_at < clock_timestamp() - interval '30 days' ORDER BY created_at LIMIT 200);
    PERFORM fn_accounts_roll_up();
    PERFORM fn_forget();
END
$$;
COMMENT ON FUNCTION fn_sweep() IS 'What time changes: what the screen says and how long sums take, never money.';
