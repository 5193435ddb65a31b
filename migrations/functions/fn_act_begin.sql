-- The beginning of every act at a desk, before the checks of its own. Order: who asks, one request a key, the locks, the first
-- answer to the key, the card on the desk.

-- The first answer to a key, if there was one: done with it, or key_reused. No row: a new key. An operation whose answer
-- is not kept any more, or of somebody else, keeps its key for ever.
CREATE OR REPLACE FUNCTION fn_key_answer(p_operator_id uuid, p_key uuid, p_request_sha256 bytea)
RETURNS TABLE (outcome text, status smallint, body jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT CASE WHEN request_sha256 = p_request_sha256 THEN 'replayed' ELSE 'key_reused' END, status,
           CASE WHEN request_sha256 = p_request_sha256 THEN response END
      FROM idempotency WHERE principal = p_operator_id AND key = p_key
    UNION ALL
    SELECT 'key_reused', NULL, NULL FROM operation
     WHERE id = p_key AND NOT EXISTS (SELECT FROM idempotency WHERE principal = p_operator_id AND key = p_key);
END
$$;
COMMENT ON FUNCTION fn_key_answer(uuid, uuid, bytea) IS 'The stored answer to an Idempotency-Key.';

-- Whether the card on the desk may take an act: ok or the word of the refusal.
CREATE OR REPLACE FUNCTION fn_desk_card_check(p_live desk_live, p_presentation_id uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN p_live.desk_id IS NULL THEN 'not_found'
        WHEN NOT p_live.agent_online OR p_live.reader_state <> 'ok' THEN 'agent_offline'
        WHEN p_live.presence_id IS NULL THEN 'no_card'
        WHEN p_live.presence_kind <> 'card' THEN p_live.presence_kind
        WHEN p_presentation_id IS NULL OR p_live.presentation_id IS DISTINCT FROM p_presentation_id THEN 'card_changed'
        ELSE 'ok' END;
END
$$;
COMMENT ON FUNCTION fn_desk_card_check(desk_live, uuid) IS 'Whether the reading the screen showed is the one on the desk.';

-- p_act: {desk_id, key, request_sha256 hex, presentation_id}, and person_id when a card is issued. outcome: ok, replayed or
-- key_reused (with what was answered then), or the word of a refusal. status is that of a new answer otherwise.
DROP FUNCTION IF EXISTS fn_key_lock(uuid), fn_key_take(uuid);
CREATE OR REPLACE FUNCTION fn_act_begin(p_token_sha256 bytea, p_permission text, p_act jsonb, OUT outcome text,
    OUT status smallint, OUT body jsonb, OUT operator_id uuid, OUT session_id uuid, OUT seen presentation, OUT card card,
    OUT live desk_live)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_key uuid := (p_act ->> 'key')::uuid;
    v_desk_id uuid := (p_act ->> 'desk_id')::uuid;
    v_session_desk_id uuid;
BEGIN
    SELECT 201, s.outcome, s.operator_id, s.session_id, s.desk_id
      INTO status, outcome, operator_id, session_id, v_session_desk_id FROM fn_session(p_token_sha256, p_permission) s;
    -- Two requests with one key, whatever card or server they go to: while the first is under way the second is refused, so
    -- that no connection waits for another and nobody has to guess what the first became.
    IF outcome = 'ok' AND NOT pg_try_advisory_xact_lock(1, hashtext(v_key::text)) THEN
        outcome := 'key_busy';
    END IF;
    IF outcome <> 'ok' THEN
        RETURN;
    END IF;
    SELECT * INTO seen FROM presentation WHERE id = (p_act ->> 'presentation_id')::uuid;
    IF p_act ? 'person_id' THEN
        -- There may be no card row yet: the person is locked, who can get one card only, and the chip, which one person can get.
        PERFORM FROM person WHERE id = (p_act ->> 'person_id')::uuid FOR NO KEY UPDATE;
        PERFORM pg_advisory_xact_lock(2, hashtext(encode(seen.uid, 'hex')));
    ELSE
        card := fn_card_by_uid(seen.uid);
        SELECT c.* INTO card FROM card c WHERE c.id = card.id FOR UPDATE;
    END IF;
    SELECT a.outcome, a.status, a.body INTO outcome, status, body
      FROM fn_key_answer(operator_id, v_key, decode(p_act ->> 'request_sha256', 'hex')) a;
    IF NOT FOUND THEN
        status := 201;
        SELECT * INTO live FROM desk_live WHERE desk_id = v_desk_id;
        outcome := CASE WHEN v_session_desk_id IS DISTINCT FROM v_desk_id THEN 'wrong_desk'
            ELSE fn_desk_card_check(live, seen.id) END;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_act_begin(bytea, text, jsonb) IS
    'Whether an act may go on to its own checks, with what they look at: ok | replayed | the word of a refusal.';
