CREATE OR REPLACE FUNCTION fn_operation_read(p_token_sha256 bytea, p_operation_id uuid)
RETURNS TABLE (outcome text, body jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token_sha256, 'cards.read') s;
    IF outcome = 'ok' THEN
        body := fn_operation_body(p_operation_id);
        outcome := CASE WHEN body IS NULL THEN 'not_found' ELSE 'done' END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_read(bytea, uuid) IS 'One operation for an operator.';

-- Undo: the opposite act with the amounts that went on or came off the card, of the legs that were proven. They are looked at
-- before the card is locked, so they count only of an act that is over: one that ends in between is undone at the next try,
-- and as a whole.
CREATE OR REPLACE FUNCTION fn_operation_reverse(p_token_sha256 bytea, p_act jsonb)
RETURNS TABLE (outcome text, body jsonb, extra jsonb, status smallint, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_act jsonb;
BEGIN
    SELECT p_act || jsonb_build_object('kind', CASE o.kind WHEN 'recharge' THEN 'withdraw' ELSE 'recharge' END)
           || coalesce(jsonb_object_agg(CASE l.purse WHEN 'times' THEN 'times' ELSE l.purse || '_minor' END,
                  l.amount_minor - l.debt_minor) FILTER (WHERE o.state = 'completed' AND l.state = 'C' AND l.amount_minor > l.debt_minor),
                  '{}')
      INTO v_act FROM operation o JOIN leg l ON l.operation_id = o.id AND l.purse IS NOT NULL
     WHERE o.id = (p_act ->> 'reverses')::uuid GROUP BY o.kind;
    IF v_act IS NULL THEN
        SELECT CASE s.outcome WHEN 'ok' THEN CASE WHEN EXISTS (SELECT FROM operation WHERE id = (p_act ->> 'reverses')::uuid)
                   THEN 'not_reversible' ELSE 'not_found' END ELSE s.outcome END INTO outcome
          FROM fn_session(p_token_sha256, 'money') s;
        RETURN NEXT;
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM fn_operation_prepare(p_token_sha256, v_act);
END
$$;
COMMENT ON FUNCTION fn_operation_reverse(bytea, jsonb) IS 'Prepares the opposite of a completed recharge or withdrawal.';
