-- Un-issue: a card issued by mistake is taken back. It holds nothing, so nothing is booked; it is wiped until it is as it
-- was delivered, and its row is cancelled. Torn, it is continued by the same row at any desk.
-- p_act: {desk_id, key, request_sha256, presentation_id, reason, step_up hex}.
CREATE OR REPLACE FUNCTION fn_operation_unissue(p_token_sha256 bytea, p_act jsonb)
RETURNS TABLE (outcome text, body jsonb, extra jsonb, status smallint, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_begin record := fn_act_begin(p_token_sha256, 'cards.issue', p_act);
    v_key uuid := (p_act ->> 'key')::uuid;
    v_desk_id uuid := (p_act ->> 'desk_id')::uuid;
    v_seen presentation := v_begin.seen;
    v_card card := v_begin.card;
BEGIN
    outcome := v_begin.outcome;
    status := v_begin.status;
    body := v_begin.body;
    IF outcome = 'ok' THEN
        SELECT c.outcome, c.extra INTO outcome, extra FROM fn_unissue_check(v_card, v_seen) c;
    END IF;
    IF outcome = 'ok' AND NOT fn_step_up_valid(decode(p_act ->> 'step_up', 'hex'), v_begin.session_id, v_key) THEN
        outcome := 'step_up_required';
        extra := jsonb_build_object('operation_id', v_key);
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    PERFORM fn_step_up_use(decode(p_act ->> 'step_up', 'hex'), v_begin.session_id, v_key);
    INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, presentation_id, reason)
    VALUES (v_key, 'unissue', 'prepared', v_card.id, v_card.uid, v_card.person_id, v_desk_id, v_begin.operator_id, v_seen.id,
        p_act ->> 'reason');
    INSERT INTO leg (operation_id, purse, amount_minor) VALUES (v_key, NULL, 0);
    UPDATE card SET ledger_version = ledger_version + 1 WHERE id = v_card.id;
    body := fn_operation_body(v_key);
    INSERT INTO idempotency (principal, key, request_sha256, status, response)
    VALUES (v_begin.operator_id, v_key, decode(p_act ->> 'request_sha256', 'hex'), status, body);
    PERFORM fn_audit(v_begin.operator_id, NULL, 'card.unissue', 'operation', v_key::text,
        jsonb_build_object('card_id', v_card.id, 'desk_id', v_desk_id, 'reason', p_act ->> 'reason'), p_act ->> 'request_id');
    wake := fn_operation_tell(v_key);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_unissue(bytea, jsonb) IS
    'Prepares taking the card on a desk back: done | replayed | the word of a refusal.';

-- Whether a card may be taken back. Money on it, also what only a reading shows, has to come off first: extra names it. A card
-- that has expired may be taken back like any other.
CREATE OR REPLACE FUNCTION fn_unissue_check(p_card card, p_seen presentation)
RETURNS TABLE (outcome text, extra jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card := p_card;
    v_purses text[] := ARRAY['consumption', 'water'];
    v_balances jsonb := fn_balances_body(p_card.person_id);
BEGIN
    v_card.expires_on := NULL;
    IF (SELECT uses_times FROM site) THEN
        v_purses := v_purses || ARRAY['times'];
    END IF;
    outcome := fn_card_money_check(v_card, p_seen, v_purses);
    IF outcome = 'ok' AND (v_balances @@ '$.stored_minor > 0 || $.subsidy_minor > 0 || $.water_minor > 0 || $.times > 0'
        OR EXISTS (SELECT FROM card_purse WHERE uid = p_card.uid AND lowest_minor > 0)) THEN
        outcome := 'card_not_empty';
        extra := jsonb_build_object('stored_minor', v_balances -> 'stored_minor', 'subsidy_minor', v_balances -> 'subsidy_minor',
            'water_minor', v_balances -> 'water_minor', 'times', v_balances -> 'times');
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_unissue_check(card, presentation) IS 'Whether the card read may be taken back: ok or the refusal, with what is on it.';

-- While a card is being taken back it may be anything between whole and blank.
CREATE OR REPLACE FUNCTION fn_card_unissuing(p_uid bytea) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM operation WHERE uid = p_uid AND kind = 'unissue' AND finished_at IS NULL)
$$;
COMMENT ON FUNCTION fn_card_unissuing(bytea) IS 'Whether the un-issue of a chip is under way.';

-- The leg of an un-issue, for a plan, once the whole card was read with every key that may open it.
CREATE OR REPLACE FUNCTION fn_plan_unissue_legs(p_operation operation, p_live desk_live, p_seen presentation) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_agg(jsonb_build_object('leg', l.id, 'purse', NULL, 'epoch_no', 0, 'opening', 0, 'stored', 0))
      FROM leg l WHERE l.operation_id = p_operation.id AND l.state = 'P' AND p_live.read_mode = 'issuing'
       AND p_seen.state IN ('ours', 'half_issued', 'blank'));
END
$$;
COMMENT ON FUNCTION fn_plan_unissue_legs(operation, desk_live, presentation) IS 'What the plan of an un-issue has to prove, or null.';

-- The reading of a card that was made for money does not do: asked for anew.
CREATE OR REPLACE FUNCTION fn_unissue_read_anew(p_live desk_live) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_live.read_mode = 'issuing' OR NOT fn_card_unissuing(p_live.uid) THEN
        RETURN false;
    END IF;
    RETURN fn_reading_ask(p_live);
END
$$;
COMMENT ON FUNCTION fn_unissue_read_anew(desk_live) IS 'Whether the card on a desk is to be read whole, to be taken back.';

-- Wiped and proven so: the card is nobody's, the chip is free. No epoch that is still open can reach it any more, because
-- every plan compares blocks that are gone.
CREATE OR REPLACE FUNCTION fn_unissue_prove(p_operation operation) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE card SET state = 'cancelled', version = version + 1 WHERE id = p_operation.card_id;
    UPDATE epoch SET state = 'void' WHERE uid = p_operation.uid AND state = 'open';
END
$$;
COMMENT ON FUNCTION fn_unissue_prove(operation) IS 'What the proof of an un-issue does to card and epochs.';
