-- What an agent is to do next. The plan row is committed before anything is built or sent (R2); it holds all that the
-- plan is built from, so the same row gives the same bytes.

-- Notes that the agent was heard and what its reader is like; tells the desk when that changed.
CREATE OR REPLACE FUNCTION fn_agent_heard(p_live desk_live, p_reader_state text) RETURNS uuid[]
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_now desk_live;
BEGIN
    IF p_live.agent_online AND p_live.reader_state = p_reader_state
        AND p_live.agent_seen_at > clock_timestamp() - interval '4 seconds' THEN
        RETURN '{}'::uuid[];
    END IF;
    UPDATE desk_live SET agent_seen_at = clock_timestamp(), agent_online = true, reader_state = p_reader_state
     WHERE desk_id = p_live.desk_id RETURNING * INTO v_now;
    IF p_live.agent_online AND p_live.reader_state = p_reader_state THEN
        RETURN '{}'::uuid[];
    END IF;
    PERFORM fn_desk_event(p_live.desk_id, 'agent_online', fn_desk_agent_body(v_now));
    RETURN ARRAY[p_live.desk_id];
END
$$;
COMMENT ON FUNCTION fn_agent_heard(desk_live, text) IS 'Stamps a living agent, at most once in four seconds.';

-- task: none | plan | cancel | read | print (a receipt waits: fn_receipt_take); body for plan: {plan, run, uid, kind, request, blocks, sectors, password_sealed}.
-- p_plan_id: id for a new plan row, made by the caller. The card is locked before the desk, as everywhere.
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
    wake := '{}'::uuid[];
    v_live := v_agent.live;
    SELECT * INTO v_plan FROM plan
     WHERE desk_id = v_live.desk_id AND agent_id = p_agent_id AND run = p_run AND reported_at IS NULL
     ORDER BY uid IS NOT DISTINCT FROM v_live.uid DESC, sent_at LIMIT 1;
    IF FOUND THEN
        task := fn_plan_again(v_plan, v_live);
    END IF;
    -- A plan of this card is in the way of another one until it is reported; that of a card which has gone only of its own.
    IF task <> 'none' OR v_plan.uid = v_live.uid THEN
        NULL;
    ELSIF v_live.presentation_id IS NOT NULL AND v_live.presence_kind = 'card' THEN
        v_plan := fn_plan_new(v_live, p_agent_id, p_plan_id);
        IF v_plan.id IS NOT NULL THEN
            task := 'plan';
            wake := fn_operation_tell(v_plan.operation_id);
        ELSE
            task := CASE WHEN fn_unissue_read_anew(v_live) OR fn_reading_outdated(v_live) THEN 'read' ELSE fn_plan_read_anew(v_live.presentation_id) END;
        END IF;
    ELSIF fn_reading_overdue(v_live) THEN
        task := 'read';
    END IF;
    IF task = 'none' AND v_live.receipt_waiting THEN
        task := 'print';
    END IF;
    IF task IN ('plan', 'cancel') THEN
        SELECT jsonb_build_object('plan', v_plan.id, 'run', encode(v_plan.run, 'hex'), 'uid', encode(v_plan.uid, 'hex'),
            'kind', v_plan.kind, 'request', v_plan.request, 'blocks', p.blocks, 'sectors', p.sectors,
            'password_sealed', encode(s.system_password_sealed, 'hex'))
          INTO body FROM presentation p, site s WHERE p.id = v_plan.presentation_id;
    END IF;
    wake := wake || fn_agent_heard(v_live, p_reader_state);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_plan_take(uuid, bytea, text, uuid) IS 'The next task of an agent.';

-- A reading serves one plan. Once that plan is reported without giving a new reading (a guard that failed, an issue, after
-- which the card answers to other keys), the card has to be read anew; asked for at most once a second.
CREATE OR REPLACE FUNCTION fn_plan_read_anew(p_presentation_id uuid) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE plan SET sent_at = clock_timestamp()
     WHERE presentation_id = p_presentation_id AND reported_at IS NOT NULL
       AND (sent_at < reported_at OR sent_at < clock_timestamp() - interval '1 second');
    RETURN CASE WHEN FOUND THEN 'read' ELSE 'none' END;
END
$$;
COMMENT ON FUNCTION fn_plan_read_anew(uuid) IS 'Whether the card on a desk is to be read again, its reading being used up.';

-- The server could make no plan of a row. The row may have been sent before, by this server or another one, so only its run
-- can say that it never starts: it is asked to burn it, now and by fn_plan_again. A card without a free record contradicts
-- the way it is always written (R41): nothing is written, and a case says so.
CREATE OR REPLACE FUNCTION fn_plan_unbuilt(p_agent_id uuid, p_run bytea, p_plan_id uuid, p_problem text)
RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_plan plan;
    v_card card;
BEGIN
    outcome := 'done';
    SELECT * INTO v_plan FROM plan WHERE id = p_plan_id AND agent_id = p_agent_id AND run = p_run;
    v_card := fn_card_by_uid(v_plan.uid);
    SELECT * INTO v_card FROM card WHERE id = v_card.id FOR UPDATE;
    UPDATE plan SET problem = left(p_problem, 80), sent_at = clock_timestamp()
     WHERE id = v_plan.id AND problem IS NULL AND reported_at IS NULL;
    IF FOUND AND p_problem = 'no_free_record' THEN
        PERFORM fn_case_open(v_card, NULL, 'record_conflict', jsonb_build_object('plan', v_plan.id, 'problem', p_problem,
            'legs', v_plan.request -> 'legs'), v_plan.presentation_id);
        UPDATE card SET ledger_version = ledger_version + 1 WHERE id = v_card.id;
        IF v_plan.operation_id IS NOT NULL THEN
            wake := fn_operation_tell(v_plan.operation_id);
        ELSE
            PERFORM fn_card_tell(l.desk_id, l.presence_id) FROM desk_live l
              WHERE l.desk_id = v_plan.desk_id AND l.presence_id IS NOT NULL;
            wake := ARRAY[v_plan.desk_id];
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_plan_unbuilt(uuid, bytea, uuid, text) IS 'Notes why no plan could be made of a row; without a free record, with a case.';

-- A plan that was handed out and not reported: once more after 3 s in case it got lost; or to be burnt, because a void was
-- asked for, it is settled already, or the card was read anew since and the plan never arrived or could not be built.
CREATE OR REPLACE FUNCTION fn_plan_again(p_plan plan, p_live desk_live) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_void boolean;
BEGIN
    SELECT finished_at IS NOT NULL AND p_plan.kind <> 'refresh' OR cancel_requested_at IS NOT NULL AND p_plan.kind = 'operation'
      INTO v_void FROM operation WHERE id = p_plan.operation_id;
    v_void := coalesce(v_void, false) OR p_live.presentation_id IS DISTINCT FROM p_plan.presentation_id OR p_plan.problem IS NOT NULL;
    UPDATE plan SET sent_at = clock_timestamp() WHERE id = p_plan.id
       AND sent_at < clock_timestamp() - CASE WHEN v_void AND sent_at = handed_at THEN interval '0' WHEN v_void
           THEN interval '1 second' ELSE interval '3 seconds' END;
    RETURN CASE WHEN NOT FOUND THEN 'none' WHEN v_void THEN 'cancel' ELSE 'plan' END;
END
$$;
COMMENT ON FUNCTION fn_plan_again(plan, desk_live) IS 'Whether an unreported plan is sent again, cancelled or left alone.';

-- The next plan for the card on a desk, if it needs one: first make a provisional sight sure (refresh), then void what a
-- cancel asks for (fence), else write what is still pending. At most one plan a reading, and none for a reading that is older
-- than the books: the card is read again first. What could not be made three times for one reason is tried again after ten
-- minutes, or when something else is asked for.
CREATE OR REPLACE FUNCTION fn_plan_new(p_live desk_live, p_agent_id uuid, p_plan_id uuid) RETURNS plan
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card := fn_card_by_uid(p_live.uid);
    v_seen presentation;
    v_operation operation;
    v_plan plan;
    v_legs jsonb;
    v_kind text := 'refresh';
BEGIN
    IF NOT EXISTS (SELECT FROM operation WHERE uid = p_live.uid AND finished_at IS NULL)
        AND NOT EXISTS (SELECT FROM epoch WHERE uid = p_live.uid AND state = 'open')
        AND NOT EXISTS (SELECT FROM card_purse WHERE uid = p_live.uid AND highest_no >= committed_no + 90) THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_card FROM card WHERE id = v_card.id FOR UPDATE;
    SELECT * INTO v_seen FROM presentation WHERE id = p_live.presentation_id;
    SELECT * INTO v_operation FROM operation WHERE uid = p_live.uid AND finished_at IS NULL;
    IF v_card.block = 'case' OR EXISTS (SELECT FROM plan WHERE presentation_id = v_seen.id)
        OR EXISTS (SELECT FROM jsonb_each(v_seen.seen) s JOIN card_purse c ON c.uid = v_seen.uid AND c.purse = s.key
                    WHERE fn_sight_outdated(s.value, c))
        OR EXISTS (SELECT FROM plan WHERE uid = p_live.uid AND problem IS NOT NULL AND handed_at > greatest(v_operation.created_at,
                       v_operation.cancel_requested_at, clock_timestamp() - interval '10 minutes')
                    GROUP BY problem HAVING count(*) >= 3) THEN
        RETURN NULL;
    END IF;
    v_legs := fn_plan_refresh_legs(v_seen);
    IF v_legs IS NULL AND v_operation.kind = 'issue' AND v_operation.cancel_requested_at IS NULL THEN
        v_kind := 'operation';
        v_legs := fn_plan_issue_legs(v_operation, v_seen);
    ELSIF v_legs IS NULL AND v_operation.kind = 'unissue' THEN
        v_kind := 'operation';
        v_legs := fn_plan_unissue_legs(v_operation, p_live, v_seen);
    ELSIF v_legs IS NULL AND v_operation.id IS NULL AND v_card.state = 'active' THEN
        v_kind := 'fence';
        v_legs := fn_plan_maintenance_legs(v_seen);
    ELSIF v_legs IS NULL AND v_operation.kind NOT IN ('issue', 'unissue') THEN
        v_kind := CASE WHEN v_operation.cancel_requested_at IS NULL AND fn_plan_covered(v_operation) THEN 'operation' ELSE 'fence' END;
        v_legs := fn_plan_money_legs(v_operation, v_seen, v_kind);
    END IF;
    IF v_legs IS NULL THEN
        RETURN NULL;
    END IF;
    v_plan := fn_plan_insert(p_live, p_agent_id, p_plan_id, v_operation, v_kind, v_legs);
    RETURN v_plan;
END
$$;
COMMENT ON FUNCTION fn_plan_new(desk_live, uuid, uuid) IS 'Makes the plan row that the card on a desk needs next, or nothing.';

-- p_operation.id null: a maintenance fence, or a refresh of an epoch whose operation is over. From the first plan of an
-- issue on, keys made of password, site number and start sector may be on a card: they are sealed.
CREATE OR REPLACE FUNCTION fn_plan_insert(p_live desk_live, p_agent_id uuid, p_plan_id uuid, p_operation operation, p_kind text,
    p_legs jsonb) RETURNS plan
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card := fn_card_by_uid(p_live.uid);
    v_plan plan;
    v_now timestamptz := clock_timestamp(); -- handed and sent are equal until it is sent again
BEGIN
    INSERT INTO plan (id, kind, operation_id, uid, agent_id, desk_id, run, presentation_id, attempt, handed_at, sent_at, request)
    SELECT p_plan_id, p_kind, coalesce(p_operation.id, fn_plan_origin(p_live.uid, p_legs)), p_live.uid, p_agent_id, p_live.desk_id,
        p_live.run, p_live.presentation_id, (SELECT count(*) + 1 FROM plan WHERE operation_id = p_operation.id),
        v_now, v_now, jsonb_build_object('act', p_kind, 'operation_kind', p_operation.kind, 'legs', p_legs,
            'continued', EXISTS (SELECT FROM plan WHERE operation_id = p_operation.id AND burnt_at IS NULL),
            'purses', coalesce(fn_card_view(p_live.uid, 0), '{}'), 'card', jsonb_build_object('card_no', v_card.card_no,
                'key_version', v_card.key_version, 'start_sector', v_card.start_sector, 'site_id', s.site_id,
                'issued_days', v_card.issued_on - date '2000-01-01',
                'expires_days', fn_expiry_days(v_card.expires_on)))
      FROM site s RETURNING * INTO v_plan;
    UPDATE operation SET state = CASE WHEN p_kind = 'operation' OR state <> 'prepared' THEN 'writing' ELSE state END,
           handed_at = v_now WHERE id = p_operation.id;
    IF p_kind = 'operation' AND p_operation.kind = 'issue' THEN
        UPDATE site SET cards_sealed_at = clock_timestamp() WHERE cards_sealed_at IS NULL;
    END IF;
    RETURN v_plan;
END
$$;
COMMENT ON FUNCTION fn_plan_insert(desk_live, uuid, uuid, operation, text, jsonb) IS 'Writes the row of a plan.';

-- Operation an open epoch belongs to: for a refresh when its operation is over already.
CREATE OR REPLACE FUNCTION fn_plan_origin(p_uid bytea, p_legs jsonb) RETURNS uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(l.operation_id, f.operation_id) FROM epoch e LEFT JOIN leg l ON l.id = e.leg_id
      LEFT JOIN fence f ON f.id = e.fence_id
     WHERE e.uid = p_uid AND e.purse = p_legs -> 0 ->> 'purse' AND e.epoch_no = (p_legs -> 0 ->> 'epoch_no')::bigint);
END
$$;
COMMENT ON FUNCTION fn_plan_origin(bytea, jsonb) IS 'The operation behind the first epoch of a plan.';

-- The first purse whose new epoch was seen, but only provisionally: written once more into the other slot (R13).
CREATE OR REPLACE FUNCTION fn_plan_refresh_legs(p_seen presentation) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_array(jsonb_build_object('leg', coalesce(e.leg_id, e.fence_id), 'purse', e.purse,
               'epoch_no', e.epoch_no, 'opening', e.opening_minor, 'stored', e.opening_stored_minor))
      FROM jsonb_each(p_seen.seen) s JOIN epoch e ON e.uid = p_seen.uid AND e.purse = s.key
           AND e.epoch_no = (s.value ->> 'epoch_no')::bigint
     WHERE s.value ->> 'verdict' IN ('applied', 'fence_proven') AND (s.value ->> 'provisional')::boolean AND e.state = 'open'
     ORDER BY s.key LIMIT 1);
END
$$;
COMMENT ON FUNCTION fn_plan_refresh_legs(presentation) IS 'What a refresh has to write, or null.';

CREATE OR REPLACE FUNCTION fn_plan_issue_legs(p_operation operation, p_seen presentation) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_agg(jsonb_build_object('leg', e.leg_id, 'purse', e.purse, 'epoch_no', e.epoch_no, 'opening', 0, 'stored', 0)
               ORDER BY e.purse)
      FROM leg l JOIN epoch e ON e.leg_id = l.id
     WHERE l.operation_id = p_operation.id AND l.state = 'P' AND p_seen.state IN ('blank', 'half_issued', 'ours'));
END
$$;
COMMENT ON FUNCTION fn_plan_issue_legs(operation, presentation) IS 'Epochs of the empty purses of an issue.';

-- What a reading shows of a purse is what is proven of it now, epoch and value: nothing newer, nothing that waits for a
-- refresh, and nothing older, which a plan would compare in vain or, on a second card with the same content, write over.
-- Plain expressions, so that queries hold them in line.
CREATE OR REPLACE FUNCTION fn_sight_committed(p_sight jsonb, p_purse card_purse) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce((p_sight ->> 'epoch_no')::bigint = p_purse.committed_no AND (p_sight ->> 'value')::bigint = p_purse.lowest_minor
        AND NOT (p_sight ->> 'provisional')::boolean
        AND p_sight ->> 'verdict' IN ('not_applied', 'nothing_new', 'lower_value', 'applied', 'fence_proven'), false)
$$;
COMMENT ON FUNCTION fn_sight_committed(jsonb, card_purse) IS 'Whether a purse was read as it is proven, surely.';

-- A purse was read as it once was: more has been proven since, or was already when the reading came late. A reading that
-- contradicts what was proven before it is no such thing but a case.
CREATE OR REPLACE FUNCTION fn_sight_outdated(p_sight jsonb, p_purse card_purse) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(p_sight ->> 'verdict' IN ('not_applied', 'nothing_new', 'lower_value', 'applied', 'fence_proven', 'stale')
        AND ((p_sight ->> 'epoch_no')::bigint < p_purse.committed_no
             OR (p_sight ->> 'epoch_no')::bigint = p_purse.committed_no AND (p_sight ->> 'value')::bigint > p_purse.lowest_minor), false)
$$;
COMMENT ON FUNCTION fn_sight_outdated(jsonb, card_purse) IS 'Whether a purse was read in an older epoch or with more than is proven now.';

CREATE OR REPLACE FUNCTION fn_seen_outdated(p_seen presentation) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT EXISTS (SELECT FROM jsonb_each(p_seen.seen) s JOIN card_purse c ON c.uid = p_seen.uid AND c.purse = s.key
                            WHERE fn_sight_outdated(s.value, c)));
END
$$;
COMMENT ON FUNCTION fn_seen_outdated(presentation) IS 'Whether any purse was read as it once was.';

CREATE OR REPLACE FUNCTION fn_seen_committed(p_seen presentation, p_purse text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((SELECT fn_sight_committed(s.sight, c)
        FROM (SELECT p_seen.seen -> p_purse AS sight) s JOIN card_purse c ON c.uid = p_seen.uid AND c.purse = p_purse), false));
END
$$;
COMMENT ON FUNCTION fn_seen_committed(presentation, text) IS 'Whether a reading shows a purse as it is proven, surely.';

-- A withdrawal that the card does not cover any more can only be voided: its operation is cancelled here.
CREATE OR REPLACE FUNCTION fn_plan_covered(p_operation operation) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE operation SET cancel_requested_at = clock_timestamp()
     WHERE id = p_operation.id AND EXISTS (SELECT FROM leg l JOIN card_purse c ON c.uid = p_operation.uid AND c.purse = l.purse
         WHERE l.operation_id = p_operation.id AND l.state = 'P' AND fn_epoch_terms(p_operation.kind, l.purse, c.lowest_minor,
             c.opening_stored_minor, l.amount_minor - l.debt_minor) IS NULL);
    RETURN NOT FOUND;
END
$$;
COMMENT ON FUNCTION fn_plan_covered(operation) IS 'Whether the card still holds what an operation takes off it.';

-- Pending legs that the reading shows as not applied, each with the epoch whose terms fit what the card holds now: a value
-- that fell since takes a new epoch (R38). p_kind fence: the same value in an epoch of the operation's fence.
CREATE OR REPLACE FUNCTION fn_plan_money_legs(p_operation operation, p_seen presentation, p_kind text) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg leg;
    v_purse card_purse;
    v_fence_id uuid;
    v_entry jsonb;
    v_legs jsonb;
BEGIN
    IF p_kind = 'operation' AND EXISTS (SELECT FROM fence WHERE operation_id = p_operation.id) THEN
        RETURN NULL; -- an open fence newer than the operation forbids a retry
    END IF;
    FOR v_leg IN SELECT * FROM leg WHERE operation_id = p_operation.id AND state = 'P' ORDER BY purse LOOP
        CONTINUE WHEN NOT fn_seen_committed(p_seen, v_leg.purse);
        IF p_kind = 'fence' AND v_fence_id IS NULL THEN
            INSERT INTO fence (operation_id, uid) VALUES (p_operation.id, p_operation.uid) ON CONFLICT DO NOTHING;
            SELECT id INTO v_fence_id FROM fence WHERE operation_id = p_operation.id;
        END IF;
        SELECT * INTO v_purse FROM card_purse WHERE uid = p_operation.uid AND purse = v_leg.purse;
        v_entry := fn_plan_leg(v_purse, fn_epoch_terms(CASE p_kind WHEN 'fence' THEN 'fence' ELSE p_operation.kind END, v_leg.purse,
            v_purse.lowest_minor, v_purse.opening_stored_minor, v_leg.amount_minor - v_leg.debt_minor), v_leg.id, v_fence_id);
        IF v_entry IS NOT NULL THEN
            v_legs := coalesce(v_legs, '[]') || v_entry;
        END IF;
    END LOOP;
    RETURN v_legs;
END
$$;
COMMENT ON FUNCTION fn_plan_money_legs(operation, presentation, text) IS 'Legs of a recharge, withdrawal or fence plan.';

-- One leg of a plan: the newest open epoch of the leg (or of the fence, if one is given) with exactly these terms, else a
-- new one. Null: no number is free. Two purses of one fence may have equal epoch numbers, so each gets an id of its own
-- to be reported by (R22).
CREATE OR REPLACE FUNCTION fn_plan_leg(p_purse card_purse, p_terms bigint[], p_leg_id uuid, p_fence_id uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_no bigint;
BEGIN
    SELECT max(epoch_no) INTO v_no FROM epoch
     WHERE uid = p_purse.uid AND purse = p_purse.purse AND state = 'open' AND opening_minor = p_terms[1]
       AND opening_stored_minor = p_terms[2]
       AND CASE WHEN p_fence_id IS NULL THEN leg_id = p_leg_id ELSE fence_id = p_fence_id END;
    IF v_no IS NULL THEN
        v_no := fn_epoch_allocate(p_purse.uid, p_purse.purse, p_terms[1], p_terms[2],
            CASE WHEN p_fence_id IS NULL THEN p_leg_id END, p_fence_id);
    END IF;
    RETURN CASE WHEN v_no IS NOT NULL THEN jsonb_build_array(jsonb_build_object('leg',
        CASE WHEN p_fence_id IS NULL THEN p_leg_id ELSE gen_random_uuid() END, 'purse', p_purse.purse, 'epoch_no', v_no,
        'opening', p_terms[1], 'stored', p_terms[2])) END;
END
$$;
COMMENT ON FUNCTION fn_plan_leg(card_purse, bigint[], uuid, uuid) IS 'Leg, purse, epoch and terms of one leg of a plan.';

-- Purses that run out of epoch numbers get a fence of their own, without an operation: once it is proven, counting goes
-- on from there. Money purses in one plan, times alone.
CREATE OR REPLACE FUNCTION fn_plan_maintenance_legs(p_seen presentation) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_purse card_purse;
    v_fence_id uuid;
    v_entry jsonb;
    v_legs jsonb;
BEGIN
    FOR v_purse IN SELECT * FROM card_purse WHERE uid = p_seen.uid AND highest_no >= committed_no + 90 ORDER BY purse = 'times', purse
    LOOP
        CONTINUE WHEN NOT fn_seen_committed(p_seen, v_purse.purse) OR v_purse.purse = 'times' AND v_legs IS NOT NULL;
        IF v_fence_id IS NULL THEN
            SELECT id INTO v_fence_id FROM fence WHERE uid = p_seen.uid AND operation_id IS NULL AND state = 'P'
             ORDER BY created_at DESC LIMIT 1;
        END IF;
        IF v_fence_id IS NULL THEN
            INSERT INTO fence (uid) VALUES (p_seen.uid) RETURNING id INTO v_fence_id;
        END IF;
        v_entry := fn_plan_leg(v_purse, fn_epoch_terms('fence', v_purse.purse, v_purse.lowest_minor, v_purse.opening_stored_minor, 0),
            NULL, v_fence_id);
        IF v_entry IS NOT NULL THEN
            v_legs := coalesce(v_legs, '[]') || v_entry;
        END IF;
    END LOOP;
    RETURN v_legs;
END
$$;
COMMENT ON FUNCTION fn_plan_maintenance_legs(presentation) IS 'Legs of a fence that only brings the committed epochs forward.';
