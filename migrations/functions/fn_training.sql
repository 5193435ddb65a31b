-- What a training site asks of simulated readers. The agent's poll takes open tasks of its desk from training_task and
-- stamps handed_at; a task nobody has taken after a minute is dead, so that an agent that comes back does not act out
-- what nobody waits for any more.

-- The simulated cards with what this site knows of them: the state by the same rules as at the desk, from the newest
-- reading of the chip (none: as if it had been read as ours), and the holder. A chip that was never issued here is blank
-- if its sectors are as the factory left them, and foreign else.
CREATE OR REPLACE FUNCTION fn_training_card_list(p_cards jsonb) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(c.card || jsonb_build_object(
        'state', fn_card_word(k, CASE WHEN (c.card ->> 'blank')::boolean THEN 'blank' WHEN k.id IS NULL THEN 'foreign'
            ELSE coalesce(seen.state, 'ours') END, coalesce(seen.seen, '{}')),
        'holder', CASE WHEN k.id IS NOT NULL AND NOT (k.state = 'cancelled' AND (c.card ->> 'blank')::boolean)
            THEN jsonb_build_object('card_id', k.id, 'card_no', k.card_no,
                'name', (SELECT p.name FROM person p WHERE p.id = k.person_id)) END) ORDER BY c.place), '[]')
      FROM jsonb_array_elements(p_cards) WITH ORDINALITY AS c (card, place)
      CROSS JOIN fn_card_by_uid(decode(c.card ->> 'uid', 'hex')) AS k
      LEFT JOIN LATERAL (SELECT r.state, r.seen FROM presentation r WHERE r.uid = decode(c.card ->> 'uid', 'hex')
            AND r.state <> 'gone' ORDER BY r.at DESC LIMIT 1) AS seen ON true
$$;
COMMENT ON FUNCTION fn_training_card_list(jsonb) IS 'Simulated cards with their state and holder.';

CREATE OR REPLACE FUNCTION fn_training_body(p_task training_task) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', p_task.id, 'action', p_task.body ->> 'action', 'created_at', p_task.created_at,
        'done', p_task.done_at IS NOT NULL, 'ok', p_task.result -> 'ok', 'message', p_task.result -> 'message',
        'cards', CASE WHEN jsonb_typeof(p_task.result -> 'cards') = 'array'
            THEN fn_training_card_list(p_task.result -> 'cards') END)
$$;
COMMENT ON FUNCTION fn_training_body(training_task) IS 'A training task and its result, as the API shows it.';

-- outcome: done | not_found | training_only | agent_offline.
CREATE OR REPLACE FUNCTION fn_training_create(p_token bytea, p_id uuid, p_desk_id uuid, p_body jsonb, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_agent agent;
    v_live desk_live;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'training') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_agent FROM agent a WHERE a.desk_id = p_desk_id AND a.revoked_at IS NULL;
        SELECT * INTO v_live FROM desk_live l WHERE l.desk_id = p_desk_id;
        outcome := CASE WHEN (SELECT s.mode FROM site s) <> 'training' THEN 'training_only'
            WHEN v_live.desk_id IS NULL THEN 'not_found'
            WHEN v_agent.id IS NULL OR NOT v_live.agent_online THEN 'agent_offline'
            WHEN NOT v_agent.simulated THEN 'training_only' ELSE 'done' END;
        extra := CASE WHEN outcome = 'training_only' AND v_agent.id IS NOT NULL AND NOT v_agent.simulated
            THEN '{"reader": "real"}' END;
    END IF;
    IF outcome = 'done' THEN
        IF p_body ? 'blocks' THEN -- from sector 0 to where the cards of this site start
            p_body := p_body || jsonb_build_object('blocks', (SELECT jsonb_agg(b::integer + 4 * s.start_sector ORDER BY b)
                FROM site s, jsonb_array_elements_text(p_body -> 'blocks') b));
        END IF;
        INSERT INTO training_task (id, desk_id, body, created_by) VALUES (p_id, p_desk_id, p_body, v_operator_id);
        PERFORM fn_audit(v_operator_id, NULL, 'training.ask', 'desk', p_desk_id::text, p_body, p_request_id);
        body := (SELECT fn_training_body(t)::text FROM training_task t WHERE t.id = p_id);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_training_create(bytea, uuid, uuid, jsonb, text) IS 'Asks a simulated reader for something.';

-- outcome: done (with its result) | waiting | unauthenticated | forbidden | not_found.
CREATE OR REPLACE FUNCTION fn_training_read(p_token bytea, p_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_task training_task;
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'training') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_task FROM training_task t WHERE t.id = p_id;
        outcome := CASE WHEN v_task.id IS NULL THEN 'not_found' WHEN v_task.done_at IS NULL THEN 'waiting' ELSE 'done' END;
        body := CASE WHEN v_task.id IS NOT NULL THEN fn_training_body(v_task)::text END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_training_read(bytea, uuid) IS 'Where a training task stands.';

-- The answer of the agent; only the first counts.
-- outcome: done | agent_unknown | agent_replaced | training_only | not_found.
CREATE OR REPLACE FUNCTION fn_training_result(p_agent_id uuid, p_run bytea, p_id uuid, p_result jsonb)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_desk_id uuid;
BEGIN
    SELECT a.outcome, (a.live).desk_id INTO outcome, v_desk_id FROM fn_agent_desk(p_agent_id, p_run) a;
    IF outcome = 'ok' AND (SELECT s.mode FROM site s) <> 'training' THEN
        outcome := 'training_only';
    ELSIF outcome = 'ok' THEN
        UPDATE training_task t SET done_at = clock_timestamp(), result = p_result
         WHERE t.id = p_id AND t.desk_id = v_desk_id AND t.done_at IS NULL;
        outcome := CASE WHEN EXISTS (SELECT FROM training_task t WHERE t.id = p_id AND t.desk_id = v_desk_id) THEN 'done'
                        ELSE 'not_found' END;
        body := CASE outcome WHEN 'done' THEN '{}' END;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_training_result(uuid, bytea, uuid, jsonb) IS 'What the simulated reader did.';

-- The cards of the newest result, and whether the reader is there at all. outcome: done | not_found | training_only.
CREATE OR REPLACE FUNCTION fn_training_cards(p_desk_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_task training_task;
BEGIN
    outcome := CASE WHEN NOT EXISTS (SELECT FROM desk d WHERE d.id = p_desk_id) THEN 'not_found'
                    WHEN (SELECT s.mode FROM site s) <> 'training' THEN 'training_only' ELSE 'done' END;
    IF outcome = 'done' THEN
        SELECT * INTO v_task FROM training_task t WHERE t.desk_id = p_desk_id AND t.done_at IS NOT NULL
           AND jsonb_typeof(t.result -> 'cards') = 'array' ORDER BY t.done_at DESC LIMIT 1;
        body := jsonb_build_object('items', fn_training_card_list(coalesce(v_task.result -> 'cards', '[]')), 'at', v_task.done_at,
            'online', (SELECT l.agent_online AND EXISTS (SELECT FROM agent a WHERE a.desk_id = p_desk_id
                          AND a.revoked_at IS NULL AND a.simulated) FROM desk_live l WHERE l.desk_id = p_desk_id))::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_training_cards(uuid) IS 'The simulated cards of a desk, as its agent named them last.';

-- For the agent's poll: the oldest open task of its desk in the form of the agent protocol, or null. One that was handed
-- out is given again after 5 s without an answer: that answer or the task may have been lost on the way.
CREATE OR REPLACE FUNCTION fn_training_take(p_desk_id uuid) RETURNS jsonb
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE training_task t SET handed_at = clock_timestamp()
     WHERE t.id = (SELECT o.id FROM training_task o WHERE o.desk_id = p_desk_id AND o.done_at IS NULL
                      AND o.created_at > clock_timestamp() - interval '1 minute'
                      AND (o.handed_at IS NULL OR o.handed_at < clock_timestamp() - interval '5 seconds')
                    ORDER BY o.created_at LIMIT 1 FOR UPDATE)
    RETURNING jsonb_build_object('task', 'training', 'id', t.id) || t.body
$$;
COMMENT ON FUNCTION fn_training_take(uuid) IS 'Next task for the simulated reader of a desk.';
