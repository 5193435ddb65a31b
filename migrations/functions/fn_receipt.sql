-- Receipts: what one says, who prints it, and whether it is a copy. The text itself is made outside (server/flow/receipt.c).

-- The last 12 of 32 digits, which are random: two among a million acts are alike with a chance of 1 in 500. The screen makes
-- the same (webroot/lib/money.js).
CREATE OR REPLACE FUNCTION fn_receipt_number(p_operation_id uuid) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT regexp_replace(upper(right(p_operation_id::text, 12)), '(....)(....)(....)', '\1-\2-\3')
$$;
COMMENT ON FUNCTION fn_receipt_number(uuid) IS 'Number of a receipt: three groups of four hex digits of its act.';

-- Members of a receipt in plain values; amounts in minor units of `currency`, times as counts.
CREATE OR REPLACE FUNCTION fn_receipt_body(p_print receipt_print) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', p_print.id, 'operation_id', o.id, 'kind', p_print.kind, 'made_by', p_print.made_by,
        'copy_no', p_print.copy_no, 'language', d.receipt_language, 'paper_mm', d.receipt_paper_mm, 'site', s.name,
        'training', s.mode = 'training', 'currency', s.currency_code, 'exponent', s.currency_exponent,
        'number', fn_receipt_number(o.id),
        'at', to_char(coalesce(o.finished_at, o.created_at) AT TIME ZONE s.time_zone, 'YYYY-MM-DD HH24:MI:SS'),
        'desk', (SELECT w.name FROM desk w WHERE w.id = o.desk_id), 'operator', a.full_name, 'person', h.name,
        'card_no', c.card_no, 'act', o.kind, 'undo', o.reverses IS NOT NULL, 'state', o.state,
        'legs', fn_operation_body(o.id) -> 'legs', 'entries', fn_act_entries(o.id, NULL, o.person_id),
        'cash_taken_minor', (b.cash ->> 'cash_to_take_minor')::bigint - (b.cash ->> 'cash_to_return_minor')::bigint,
        'cash_paid_minor', (b.cash ->> 'cash_to_pay_minor')::bigint)
      FROM operation o JOIN card c ON c.id = o.card_id JOIN person h ON h.id = o.person_id
      JOIN operator a ON a.id = o.operator_id, site s, desk d, LATERAL (SELECT fn_operation_body(o.id) AS cash) b
     WHERE o.id = p_print.operation_id AND d.id = p_print.desk_id
$$;
COMMENT ON FUNCTION fn_receipt_body(receipt_print) IS 'What a receipt says, in values.';

-- Asks for a receipt of a finished act, or for the slip of an open one. p_browser: by the browser, whatever the desk prints
-- with. A repeat with the same id answers where that printing stands. A printing that may have reached paper counts, so that
-- the next one is marked as a copy. A printer is used only by who sits at its desk. outcome: done | waiting (for the agent) | not_printed | wrong_desk | not_found | bad_field.
CREATE OR REPLACE FUNCTION fn_receipt_ask(p_token bytea, p_id uuid, p_desk_id uuid, p_operation_id uuid, p_browser boolean,
    p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_who record;
    v_print receipt_print;
    v_live desk_live;
    v_finished_at timestamptz;
BEGIN
    SELECT * INTO v_who FROM fn_session(p_token, 'transactions.read');
    outcome := v_who.outcome;
    IF outcome = 'ok' THEN
        SELECT o.finished_at INTO v_finished_at FROM operation o WHERE o.id = p_operation_id FOR NO KEY UPDATE;
        outcome := CASE WHEN NOT FOUND OR NOT EXISTS (SELECT FROM desk d WHERE d.id = p_desk_id) THEN 'not_found'
            ELSE 'done' END;
    END IF;
    IF outcome <> 'done' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO v_print FROM receipt_print r WHERE r.id = p_id;
    IF NOT FOUND THEN
        SELECT p_id, p_operation_id, p_desk_id, v_who.operator_id, CASE WHEN v_finished_at IS NULL THEN 'slip' ELSE 'receipt' END,
               CASE WHEN p_browser THEN 'browser' ELSE d.receipt_by END, clock_timestamp()
          INTO v_print.id, v_print.operation_id, v_print.desk_id, v_print.operator_id, v_print.kind, v_print.made_by,
               v_print.created_at
          FROM desk d WHERE d.id = p_desk_id;
        SELECT count(*) INTO v_print.copy_no FROM receipt_print r
         WHERE r.operation_id = p_operation_id AND r.kind = v_print.kind
           AND (r.problem IS NULL OR r.problem IN ('stalled', 'late'));
        SELECT * INTO v_live FROM desk_live l WHERE l.desk_id = p_desk_id;
        IF v_print.made_by = 'printer' AND v_who.desk_id IS DISTINCT FROM p_desk_id THEN
            outcome := 'wrong_desk';
            RETURN NEXT;
            RETURN;
        ELSIF v_print.made_by = 'printer' AND (NOT v_live.agent_online OR v_live.printer_name IS NULL) THEN
            outcome := 'not_printed';
            extra := jsonb_build_object('reason', CASE WHEN v_live.agent_online THEN 'no_printer' ELSE 'agent' END)::text;
            RETURN NEXT;
            RETURN;
        END IF;
        v_print.done_at := CASE v_print.made_by WHEN 'browser' THEN v_print.created_at END;
        INSERT INTO receipt_print VALUES (v_print.*);
        PERFORM fn_audit(v_who.operator_id, NULL, 'receipt.print', 'operation', p_operation_id::text, jsonb_build_object(
            'kind', v_print.kind, 'made_by', v_print.made_by, 'copy_no', v_print.copy_no), p_request_id);
        IF v_print.made_by = 'printer' THEN
            UPDATE desk_live l SET receipt_waiting = true WHERE l.desk_id = p_desk_id;
            wake := ARRAY[p_desk_id];
        END IF;
    ELSIF v_print.operation_id <> p_operation_id OR v_print.desk_id <> p_desk_id THEN
        outcome := 'bad_field';
        extra := fn_field_error('/id', 'taken', 'Another receipt has this id.');
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT s.outcome, s.body, s.extra INTO outcome, body, extra FROM fn_receipt_state(v_print) s;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_receipt_ask(bytea, uuid, uuid, uuid, boolean, text) IS 'Asks for a receipt or an open slip.';

CREATE OR REPLACE FUNCTION fn_receipt_state(p_print receipt_print) RETURNS TABLE (outcome text, body text, extra text)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT CASE WHEN p_print.done_at IS NULL THEN 'waiting' WHEN p_print.problem IS NOT NULL THEN 'not_printed' ELSE 'done' END,
        fn_receipt_body(p_print)::text,
        CASE WHEN p_print.problem IS NOT NULL THEN jsonb_build_object('reason', p_print.problem)::text END
$$;
COMMENT ON FUNCTION fn_receipt_state(receipt_print) IS 'Where a printing stands.';

-- For the request that waits. p_give_up: it waits no longer, so nobody may print it from here on, unless that is done.
CREATE OR REPLACE FUNCTION fn_receipt_read(p_token bytea, p_id uuid, p_give_up boolean)
RETURNS TABLE (outcome text, body text, extra text, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_print receipt_print;
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'transactions.read') s;
    IF outcome = 'ok' THEN
        IF p_give_up THEN
            UPDATE receipt_print r SET done_at = clock_timestamp(), problem = CASE WHEN r.handed_at IS NULL THEN 'agent'
                ELSE 'late' END WHERE r.id = p_id AND r.done_at IS NULL;
        END IF;
        SELECT * INTO v_print FROM receipt_print r WHERE r.id = p_id;
        SELECT s.outcome, s.body, s.extra INTO outcome, body, extra FROM fn_receipt_state(v_print) s;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_receipt_read(bytea, uuid, boolean) IS 'Where a printing stands, for who waits for it.';

-- For the agent's poll: the oldest receipt that waits, or null. One that was handed out is given again after 5 s without an
-- answer (the agent knows it by its id). What nobody waits for any more is not printed.
CREATE OR REPLACE FUNCTION fn_receipt_take(p_desk_id uuid) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_print receipt_print;
BEGIN
    UPDATE receipt_print r SET done_at = clock_timestamp(), problem = CASE WHEN r.handed_at IS NULL THEN 'agent' ELSE 'late' END
     WHERE r.desk_id = p_desk_id AND r.done_at IS NULL AND r.created_at < clock_timestamp() - interval '30 seconds';
    UPDATE receipt_print r SET handed_at = clock_timestamp()
     WHERE r.id = (SELECT o.id FROM receipt_print o WHERE o.desk_id = p_desk_id AND o.done_at IS NULL
                      AND (o.handed_at IS NULL OR o.handed_at < clock_timestamp() - interval '5 seconds')
                    ORDER BY o.created_at LIMIT 1 FOR UPDATE)
    RETURNING r.* INTO v_print;
    IF v_print.id IS NULL AND NOT EXISTS (SELECT FROM receipt_print r WHERE r.desk_id = p_desk_id AND r.done_at IS NULL) THEN
        UPDATE desk_live l SET receipt_waiting = false WHERE l.desk_id = p_desk_id AND l.receipt_waiting;
    END IF;
    RETURN CASE WHEN v_print.id IS NOT NULL THEN fn_receipt_body(v_print) END;
END
$$;
COMMENT ON FUNCTION fn_receipt_take(uuid) IS 'Next receipt for the printer of a desk.';

-- The answer of the agent; p_problem null: it is on paper. The first answer counts; one that comes late still says what became
-- of it. outcome: done | agent_unknown | agent_replaced | not_found.
CREATE OR REPLACE FUNCTION fn_receipt_done(p_agent_id uuid, p_run bytea, p_id uuid, p_problem text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_desk_id uuid;
BEGIN
    SELECT a.outcome, (a.live).desk_id INTO outcome, v_desk_id FROM fn_agent_desk(p_agent_id, p_run) a;
    IF outcome = 'ok' THEN
        UPDATE receipt_print r SET done_at = clock_timestamp(), problem = p_problem
         WHERE r.id = p_id AND r.desk_id = v_desk_id AND r.made_by = 'printer' AND (r.done_at IS NULL OR r.problem = 'late');
        outcome := CASE WHEN EXISTS (SELECT FROM receipt_print r WHERE r.id = p_id AND r.desk_id = v_desk_id) THEN 'done'
                        ELSE 'not_found' END;
        body := CASE outcome WHEN 'done' THEN '{}' END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_receipt_done(uuid, bytea, uuid, text) IS 'What became of a receipt at the desk''s printer.';
