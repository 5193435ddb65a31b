-- What an agent is to do next. The plan row is committed before anything is built or sent (R2); it holds all that the
-- plan is built from, so the same row gives the same bytes.

-- Notes that the agent was heard and what its reader is like; tells the desk when that changed.
CREATE OR REPLACE FUNCTION fn_agent_heard(p_live desk_live, p_reader_state text) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_live.agent_online AND p_live.reader_state = p_reader_state
        AND p_live.agent_seen_at > clock_timestamp() - interval '4 seconds' THEN
        RETURN '{}'::uuid[];
    END IF;
    UPDATE desk_live SET agent_seen_at = clock_timestamp(), agent_online = true, reader_state = p_reader_state
     WHERE desk_id = p_live.desk_id;
    IF p_live.agent_online AND p_live.reader_state = p_reader_state THEN
        RETURN '{}'::uuid[];
    END IF;
    PERFORM fn_desk_event(p_live.desk_id, 'agent_online', jsonb_build_object('reader_state', p_reader_state,
        'reader_name', p_live.reader_name, 'version', p_live.agent_version));
    RETURN ARRAY[p_live.desk_id];
END
$$;
COMMENT ON FUNCTION fn_agent_heard(desk_live, text) IS 'Stamps a living agent, at most once in four seconds.';

-- task: none | plan | cancel | read; body for plan: {plan, run, uid, kind, sent_again, request, blocks, sectors}.
-- p_plan_id: id for a new plan row, made by the caller.
CREATE OR REPLACE FUNCTION fn_plan_take(p_agent_id uuid, p_run bytea, p_reader_state text, p_plan_id uuid)
RETURNS TABLE (outcome text, task text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent record;
    v_live desk_live;
    v_plan plan;
BEGIN
    SELECT * INTO v_agent FROM fn_agent_desk(p_agent_id, p_run);
    outcome := v_agent.outcome;
    task := 'none';
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    v_live := v_agent.live;
    wake := fn_agent_heard(v_live, p_reader_state);
    SELECT * INTO v_plan FROM plan
     WHERE desk_id = v_live.desk_id AND agent_id = p_agent_id AND run = p_run AND reported_at IS NULL
     ORDER BY handed_at DESC LIMIT 1;
    IF FOUND THEN
        task := fn_plan_again(v_plan);
    ELSIF v_live.presentation_id IS NOT NULL AND v_live.presence_kind = 'card' THEN
        v_plan := fn_plan_new(v_live, p_agent_id, p_plan_id);
        IF v_plan.id IS NOT NULL THEN
            task := 'plan';
            wake := wake || fn_operation_tell(v_plan.operation_id);
        ELSE
            task := fn_plan_read_anew(v_live.presentation_id);
        END IF;
    END IF;
    IF task IN ('plan', 'cancel') THEN
        SELECT jsonb_build_object('plan', v_plan.id, 'run', encode(v_plan.run, 'hex'), 'uid', encode(v_plan.uid, 'hex'),
            'kind', v_plan.kind, 'request', v_plan.request, 'blocks', p.blocks, 'sectors', p.sectors,
            'password_sealed', encode(s.system_password_sealed, 'hex'))
          INTO body FROM presentation p, site s WHERE p.id = v_plan.presentation_id;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_plan_take(uuid, bytea, text, uuid) IS 'The next task of an agent.';

-- After an issue the card answers to other keys: the desk reads it anew, asked for at most once a second.
CREATE OR REPLACE FUNCTION fn_plan_read_anew(p_presentation_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE plan SET sent_at = clock_timestamp()
     WHERE presentation_id = p_presentation_id AND result = 'written' AND request ->> 'operation_kind' = 'issue'
       AND kind = 'operation' AND (sent_at < reported_at OR sent_at < clock_timestamp() - interval '1 second');
    RETURN CASE WHEN FOUND THEN 'read' ELSE 'none' END;
END
$$;
COMMENT ON FUNCTION fn_plan_read_anew(uuid) IS 'Whether the card on a desk is to be read again after its issue.';

-- A plan that was handed out and not reported: once more after 3 s in case it got lost; or to be burnt.
CREATE OR REPLACE FUNCTION fn_plan_again(p_plan plan) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_void boolean;
BEGIN
    SELECT finished_at IS NOT NULL OR cancel_requested_at IS NOT NULL AND p_plan.kind = 'operation' INTO v_void
      FROM operation WHERE id = p_plan.operation_id;
    UPDATE plan SET sent_at = clock_timestamp() WHERE id = p_plan.id
       AND sent_at < clock_timestamp() - CASE WHEN v_void AND sent_at = handed_at THEN interval '0' WHEN v_void
           THEN interval '1 second' ELSE interval '3 seconds' END;
    RETURN CASE WHEN NOT FOUND THEN 'none' WHEN v_void THEN 'cancel' ELSE 'plan' END;
END
$$;
COMMENT ON FUNCTION fn_plan_again(plan) IS 'Whether an unreported plan is sent again, cancelled or left alone.';

-- The next plan for the card on a desk, if it needs one: first make a provisional sight sure (refresh), then void what a
-- cancel asks for (fence), else write what is still pending. At most one plan a reading.
CREATE OR REPLACE FUNCTION fn_plan_new(p_live desk_live, p_agent_id uuid, p_plan_id uuid) RETURNS plan
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card;
    v_seen presentation;
    v_operation operation;
    v_plan plan;
    v_legs jsonb;
    v_kind text;
BEGIN
    v_card := fn_card_by_uid(p_live.uid);
    IF NOT EXISTS (SELECT FROM operation WHERE uid = p_live.uid AND finished_at IS NULL) AND
       NOT EXISTS (SELECT FROM epoch WHERE uid = p_live.uid AND state = 'open') THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_card FROM card WHERE id = v_card.id FOR UPDATE;
    SELECT * INTO v_seen FROM presentation WHERE id = p_live.presentation_id;
    IF v_card.block = 'case' OR EXISTS (SELECT FROM plan WHERE presentation_id = v_seen.id) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_operation FROM operation WHERE uid = p_live.uid AND finished_at IS NULL;
    v_kind := 'refresh';
    v_legs := fn_plan_refresh_legs(v_seen);
    IF v_legs IS NULL AND v_operation.kind = 'issue' AND v_operation.cancel_requested_at IS NULL THEN
        v_kind := 'operation';
        v_legs := fn_plan_issue_legs(v_operation, v_seen);
    ELSIF v_legs IS NULL AND v_operation.id IS NOT NULL AND v_operation.kind <> 'issue' THEN
        v_kind := CASE WHEN v_operation.cancel_requested_at IS NULL THEN 'operation' ELSE 'fence' END;
        v_legs := fn_plan_money_legs(v_operation, v_seen, v_kind);
        IF v_legs IS NULL AND v_kind = 'operation' AND EXISTS (SELECT FROM operation WHERE id = v_operation.id
                AND cancel_requested_at IS NOT NULL) THEN
            v_kind := 'fence';
            v_legs := fn_plan_money_legs(v_operation, v_seen, v_kind);
        END IF;
    END IF;
    IF v_legs IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO plan (id, kind, operation_id, uid, agent_id, desk_id, run, presentation_id, attempt, request)
    SELECT p_plan_id, v_kind, coalesce(v_operation.id, fn_plan_origin(p_live.uid, v_legs)), p_live.uid, p_agent_id, p_live.desk_id, p_live.run, v_seen.id,
        (SELECT count(*) + 1 FROM plan WHERE operation_id = v_operation.id),
        jsonb_build_object('act', v_kind, 'operation_kind', v_operation.kind, 'legs', v_legs,
            'purses', coalesce(fn_card_view(p_live.uid), '{}'), 'card', jsonb_build_object('card_no', v_card.card_no,
                'key_version', v_card.key_version, 'start_sector', v_card.start_sector, 'site_id', s.site_id,
                'issued_days', v_card.issued_on - date '2000-01-01',
                'expires_days', coalesce(v_card.expires_on - date '2000-01-01', 65535)))
      FROM site s RETURNING * INTO v_plan;
    UPDATE operation SET state = CASE WHEN v_kind = 'operation' OR state <> 'prepared' THEN 'writing' ELSE state END,
           handed_at = clock_timestamp() WHERE id = v_operation.id;
    RETURN v_plan;
END
$$;
COMMENT ON FUNCTION fn_plan_new(desk_live, uuid, uuid) IS 'Makes the plan row that the card on a desk needs next, or nothing.';

-- Operation an open epoch belongs to: for a refresh when its operation is over already.
CREATE OR REPLACE FUNCTION fn_plan_origin(p_uid bytea, p_legs jsonb) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(l.operation_id, f.operation_id) FROM epoch e LEFT JOIN leg l ON l.id = e.leg_id
      LEFT JOIN fence f ON f.id = e.fence_id
     WHERE e.uid = p_uid AND e.purse = p_legs -> 0 ->> 'purse' AND e.epoch_no = (p_legs -> 0 ->> 'epoch_no')::bigint
$$;
COMMENT ON FUNCTION fn_plan_origin(bytea, jsonb) IS 'The operation behind the first epoch of a plan.';

-- The first purse whose new epoch was seen, but only provisionally: written once more into the other slot (R13).
CREATE OR REPLACE FUNCTION fn_plan_refresh_legs(p_seen presentation) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_array(jsonb_build_object('leg', coalesce(e.leg_id, e.fence_id), 'purse', e.purse,
               'epoch_no', e.epoch_no, 'opening', e.opening_minor, 'stored', e.opening_stored_minor))
      FROM jsonb_each(p_seen.seen) s JOIN epoch e ON e.uid = p_seen.uid AND e.purse = s.key
           AND e.epoch_no = (s.value ->> 'epoch_no')::bigint
     WHERE s.value ->> 'verdict' IN ('applied', 'fence_proven') AND (s.value ->> 'provisional')::boolean AND e.state = 'open'
     ORDER BY s.key LIMIT 1
$$;
COMMENT ON FUNCTION fn_plan_refresh_legs(presentation) IS 'What a refresh has to write, or null.';

CREATE OR REPLACE FUNCTION fn_plan_issue_legs(p_operation operation, p_seen presentation) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_agg(jsonb_build_object('leg', e.leg_id, 'purse', e.purse, 'epoch_no', e.epoch_no, 'opening', 0, 'stored', 0)
               ORDER BY e.purse)
      FROM leg l JOIN epoch e ON e.leg_id = l.id
     WHERE l.operation_id = p_operation.id AND l.state = 'P' AND p_seen.state IN ('blank', 'half_issued', 'ours')
$$;
COMMENT ON FUNCTION fn_plan_issue_legs(operation, presentation) IS 'Epochs of the empty purses of an issue.';

-- Pending legs that the reading shows as not applied, each with the epoch whose terms fit what the card holds now. A
-- value that fell since takes a new epoch (R38); a withdrawal that is not covered any more can only be voided.
CREATE OR REPLACE FUNCTION fn_plan_money_legs(p_operation operation, p_seen presentation, p_kind text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg leg;
    v_purse card_purse;
    v_terms bigint[];
    v_fence_id uuid;
    v_no bigint;
    v_legs jsonb;
BEGIN
    IF p_kind = 'operation' AND EXISTS (SELECT FROM fence WHERE operation_id = p_operation.id) THEN
        RETURN NULL; -- an open fence newer than the operation forbids a retry
    END IF;
    FOR v_leg IN SELECT * FROM leg WHERE operation_id = p_operation.id AND state = 'P' ORDER BY purse LOOP
        CONTINUE WHEN p_seen.seen -> v_leg.purse ->> 'verdict' IS DISTINCT FROM 'not_applied';
        SELECT * INTO v_purse FROM card_purse WHERE uid = p_operation.uid AND purse = v_leg.purse;
        v_terms := fn_epoch_terms(CASE p_kind WHEN 'fence' THEN 'fence' ELSE p_operation.kind END, v_leg.purse,
            v_purse.lowest_minor, v_purse.opening_stored_minor, v_leg.amount_minor - v_leg.debt_minor);
        IF v_terms IS NULL THEN
            UPDATE operation SET cancel_requested_at = clock_timestamp() WHERE id = p_operation.id;
            RETURN NULL;
        END IF;
        IF p_kind = 'fence' THEN
            INSERT INTO fence (operation_id, uid) VALUES (p_operation.id, p_operation.uid) ON CONFLICT DO NOTHING;
            SELECT id INTO v_fence_id FROM fence WHERE operation_id = p_operation.id;
        END IF;
        SELECT max(epoch_no) INTO v_no FROM epoch
         WHERE uid = p_operation.uid AND purse = v_leg.purse AND state = 'open' AND opening_minor = v_terms[1]
           AND opening_stored_minor = v_terms[2] AND CASE p_kind WHEN 'fence' THEN fence_id = v_fence_id ELSE leg_id = v_leg.id END;
        IF v_no IS NULL THEN
            v_no := fn_epoch_allocate(p_operation.uid, v_leg.purse, v_terms[1], v_terms[2],
                CASE p_kind WHEN 'fence' THEN NULL ELSE v_leg.id END, v_fence_id);
        END IF;
        CONTINUE WHEN v_no IS NULL;
        v_legs := coalesce(v_legs, '[]') || jsonb_build_array(jsonb_build_object('leg', coalesce(v_fence_id, v_leg.id),
            'purse', v_leg.purse, 'epoch_no', v_no, 'opening', v_terms[1], 'stored', v_terms[2]));
    END LOOP;
    RETURN v_legs;
END
$$;
COMMENT ON FUNCTION fn_plan_money_legs(operation, presentation, text) IS 'Legs of a recharge, withdrawal or fence plan.';
