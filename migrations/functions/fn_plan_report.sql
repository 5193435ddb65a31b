-- What an agent says of a plan. written proves the legs named; burnt is a receipt; unknown proves nothing (R6).
-- p_report: {result, legs: [[leg, epoch_no], …], blocks, presentation, reason}.
CREATE OR REPLACE FUNCTION fn_plan_report(p_agent_id uuid, p_run bytea, p_plan_id uuid, p_report jsonb)
RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_plan plan;
    v_card card;
    v_operation_id uuid;
BEGIN
    body := '{}';
    SELECT * INTO v_plan FROM plan WHERE id = p_plan_id AND agent_id = p_agent_id;
    outcome := CASE WHEN v_plan.id IS NULL THEN 'not_found' WHEN v_plan.run <> p_run THEN 'agent_replaced' ELSE 'done' END;
    IF outcome <> 'done' THEN -- R17: only the run that received a plan speaks for it
        RETURN NEXT;
        RETURN;
    END IF;
    v_card := fn_card_by_uid(v_plan.uid);
    SELECT * INTO v_card FROM card WHERE id = v_card.id FOR UPDATE;
    SELECT * INTO v_plan FROM plan WHERE id = p_plan_id;
    IF v_plan.reported_at IS NOT NULL AND NOT (v_plan.burnt_at IS NOT NULL AND p_report ->> 'result' <> 'burnt') THEN
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;
    v_operation_id := v_plan.operation_id;
    IF v_plan.burnt_at IS NOT NULL THEN
        PERFORM fn_case_open(v_card, NULL, 'burnt_but_written', p_report - 'blocks', NULL);
    ELSE
        UPDATE plan SET result = p_report ->> 'result', reason = left(p_report ->> 'reason', 40), reported_at = clock_timestamp(),
               burnt_at = CASE p_report ->> 'result' WHEN 'burnt' THEN clock_timestamp() END WHERE id = p_plan_id;
        CASE p_report ->> 'result'
            WHEN 'burnt' THEN PERFORM fn_plan_burnt(v_operation_id);
            WHEN 'unknown' THEN UPDATE operation SET state = 'in_doubt' WHERE id = v_operation_id AND finished_at IS NULL;
            ELSE NULL;
        END CASE;
        IF p_report ->> 'result' <> 'burnt' THEN
            PERFORM fn_plan_written(v_plan, v_card, p_report);
        END IF;
    END IF;
    UPDATE card SET ledger_version = ledger_version + 1 WHERE id = v_card.id;
    PERFORM fn_operation_settle(v_operation_id);
    IF v_operation_id IS NULL THEN
        PERFORM fn_card_tell(l.desk_id, l.presence_id) FROM desk_live l
          WHERE l.desk_id = v_plan.desk_id AND l.presence_id IS NOT NULL;
        wake := ARRAY[v_plan.desk_id];
    ELSE
        wake := fn_operation_tell(v_operation_id);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_plan_report(uuid, bytea, uuid, jsonb) IS 'Takes in the report of one plan: done | replayed | refusal.';

-- A receipt: if a void was asked for and every plan is burnt, the legs are void. Otherwise nothing is out any more, and
-- the operation waits for the card.
CREATE OR REPLACE FUNCTION fn_plan_burnt(p_operation_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT fn_operation_void_if_burnt(p_operation_id) THEN
        UPDATE operation SET state = CASE WHEN EXISTS (SELECT FROM plan WHERE operation_id = p_operation_id
                   AND kind = 'operation' AND burnt_at IS NULL) THEN 'in_doubt' ELSE 'prepared' END
         WHERE id = p_operation_id AND finished_at IS NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_plan_burnt(uuid) IS 'What a burn receipt does to its operation.';

-- Each leg reported is proven by itself (R22). A whole plan written gives the desk a new reading: the old one with the
-- blocks that were read back, so that the next act needs no new presentation. A purse that was not written stays as it was
-- read, whatever the books say by now, and so does a sight that is newer than what is proven: it waits for its own refresh.
CREATE OR REPLACE FUNCTION fn_plan_written(p_plan plan, p_card card, p_report jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg jsonb;
    v_seen jsonb;
BEGIN
    IF p_plan.request ->> 'operation_kind' = 'unissue' AND p_plan.kind = 'operation' THEN
        PERFORM fn_leg_prove((l ->> 'leg')::uuid, 'report') FROM jsonb_array_elements(p_plan.request -> 'legs') l
          WHERE p_report ->> 'result' = 'written';
        RETURN; -- no epoch, and no new reading: the card answers to other keys now
    END IF;
    FOR v_leg IN SELECT l FROM jsonb_array_elements(p_plan.request -> 'legs') l
                  WHERE EXISTS (SELECT FROM jsonb_array_elements(p_report -> 'legs') r
                                 WHERE r ->> 0 = l ->> 'leg' AND (r ->> 1)::bigint = (l ->> 'epoch_no')::bigint)
                     OR p_plan.request ->> 'operation_kind' = 'issue' AND p_plan.kind = 'operation'
                        AND p_report ->> 'result' = 'written'
    LOOP
        PERFORM fn_plan_leg_written(p_plan, p_card, v_leg);
    END LOOP;
    IF p_report ->> 'result' = 'written' AND p_report ->> 'presentation' IS NOT NULL
        AND p_plan.request ->> 'operation_kind' IS DISTINCT FROM 'issue' THEN
        SELECT jsonb_object_agg(s.key, CASE WHEN coalesce(w.leg ->> 'epoch_no', s.value ->> 'epoch_no')::bigint <= c.committed_no
                   AND s.value ->> 'verdict' IN ('not_applied', 'applied', 'fence_proven', 'nothing_new', 'lower_value')
                   THEN CASE WHEN w.leg IS NULL THEN s.value ELSE '{}' END || jsonb_build_object('verdict',
                   CASE WHEN EXISTS (SELECT FROM epoch e WHERE e.uid = p_plan.uid AND e.purse = s.key AND e.state = 'open'
                        AND e.epoch_no > c.committed_no) THEN 'not_applied' ELSE 'nothing_new' END,
                   'contradiction', 'none', 'epoch_no', coalesce(w.leg -> 'epoch_no', s.value -> 'epoch_no'),
                   'value', CASE WHEN p_plan.kind = 'refresh' OR w.leg IS NULL THEN s.value -> 'value' ELSE w.leg -> 'opening' END,
                   'lower', false, 'provisional', false) ELSE s.value END)
          INTO v_seen FROM presentation p CROSS JOIN LATERAL jsonb_each(p.seen) s
          LEFT JOIN card_purse c ON c.uid = p_plan.uid AND c.purse = s.key
          LEFT JOIN jsonb_array_elements(p_plan.request -> 'legs') w (leg) ON w.leg ->> 'purse' = s.key
         WHERE p.id = p_plan.presentation_id;
        INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, seen)
        SELECT (p_report ->> 'presentation')::uuid, desk_id, presence_id, uid, state,
               blocks || coalesce(p_report -> 'blocks', '{}'), sectors, v_seen
          FROM presentation WHERE id = p_plan.presentation_id ON CONFLICT DO NOTHING;
        IF FOUND THEN
            UPDATE desk_live SET presentation_id = (p_report ->> 'presentation')::uuid
             WHERE desk_id = p_plan.desk_id AND presentation_id = p_plan.presentation_id;
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_plan_written(plan, card, jsonb) IS 'Proves the legs a report names and notes the new reading.';

CREATE OR REPLACE FUNCTION fn_plan_leg_written(p_plan plan, p_card card, p_leg jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_state text;
    v_value bigint;
BEGIN
    SELECT state INTO v_state FROM epoch WHERE uid = p_plan.uid AND purse = p_leg ->> 'purse'
       AND epoch_no = (p_leg ->> 'epoch_no')::bigint;
    IF v_state = 'void' AND p_card.state <> 'scrapped' THEN
        PERFORM fn_case_open(p_card, p_leg ->> 'purse', 'voided_on_card', p_leg, p_plan.presentation_id);
    ELSIF v_state = 'open' THEN
        PERFORM fn_epoch_prove(p_plan.uid, p_leg ->> 'purse', (p_leg ->> 'epoch_no')::bigint,
            CASE p_plan.kind WHEN 'refresh' THEN 'refresh' ELSE 'report' END);
        IF p_plan.kind = 'refresh' THEN
            SELECT (seen -> (p_leg ->> 'purse') ->> 'value')::bigint INTO v_value FROM presentation WHERE id = p_plan.presentation_id;
            PERFORM fn_purse_lower(p_card, p_leg ->> 'purse', v_value);
            UPDATE card_purse SET lowest_ordered_minor = lowest_minor WHERE uid = p_plan.uid AND purse = p_leg ->> 'purse';
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION fn_plan_leg_written(plan, card, jsonb) IS 'Proves one leg by the acknowledged write of its plan.';
