-- A reading of a card, in two calls: the ledger's view of the chip goes out, the evidence found in it comes back.
-- If anything was learnt about the card between the two, the second answers stale_view and both are done again.

CREATE OR REPLACE FUNCTION fn_card_view(p_uid bytea, p_older integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(c.purse, jsonb_build_object('no', c.committed_no, 'lowest', c.lowest_minor, 'ordered', c.lowest_ordered_minor,
        'highest', c.highest_no, 'epochs', (
            SELECT coalesce(jsonb_agg(jsonb_build_array(e.epoch_no, e.opening_minor, e.opening_stored_minor,
                       CASE WHEN e.fence_id IS NULL THEN 'leg' ELSE 'fence' END, e.state, coalesce(e.lowest_minor, 0)) ORDER BY e.epoch_no), '[]')
              FROM epoch e WHERE e.uid = c.uid AND e.purse = c.purse AND e.epoch_no >= c.committed_no - p_older)))
      FROM card_purse c WHERE c.uid = p_uid);
END
$$;
COMMENT ON FUNCTION fn_card_view(bytea, integer) IS 'Per purse of a chip: the committed epoch, those allocated above and some older ones.';

-- A card being issued is complete when its purses are empty in these epochs; null: it is not being issued.
CREATE OR REPLACE FUNCTION fn_issue_epochs(p_card card) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(e.purse, e.epoch_no) FROM leg l JOIN epoch e ON e.leg_id = l.id
     WHERE p_card.state = 'issuing' AND l.operation_id = p_card.id AND l.state = 'P' AND e.state = 'open');
END
$$;
COMMENT ON FUNCTION fn_issue_epochs(card) IS 'Epoch numbers that the open issue of a card writes, by purse.';

CREATE OR REPLACE FUNCTION fn_presentation_view(p_agent_id uuid, p_run bytea, p_presence_id uuid)
RETURNS TABLE (outcome text, body jsonb)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent record;
    v_live desk_live;
    v_card card;
BEGIN
    SELECT * INTO v_agent FROM fn_agent_desk(p_agent_id, p_run);
    outcome := v_agent.outcome;
    v_live := v_agent.live;
    IF outcome = 'ok' AND (v_live.presence_id IS DISTINCT FROM p_presence_id OR v_live.read_mode IS NULL) THEN
        outcome := 'card_changed';
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    v_card := fn_card_by_uid(v_live.uid);
    SELECT jsonb_build_object('desk_id', v_live.desk_id, 'mode', v_live.read_mode, 'uid', encode(v_live.uid, 'hex'),
        'uses_times', s.uses_times, 'site_id', s.site_id, 'key_version', coalesce(v_card.key_version, s.key_version),
        'password_sealed', encode(s.system_password_sealed, 'hex'), 'start_sector', coalesce(v_card.start_sector, s.start_sector),
        'card', CASE WHEN v_card.id IS NOT NULL THEN jsonb_build_object('card_no', v_card.card_no, 'state', v_card.state,
            'has_purses', v_card.has_purses, 'issued_days', v_card.issued_on - date '2000-01-01',
            'expires_days', fn_expiry_days(v_card.expires_on)) END,
        'version', coalesce(v_card.ledger_version, 0), 'floor', v_live.floor, 'purses', fn_card_view(v_live.uid, 20),
        'issue_epochs', fn_issue_epochs(v_card), 'unissuing', fn_card_unissuing(v_live.uid))
      INTO body FROM site s;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_presentation_view(uuid, bytea, uuid) IS 'What the ledger knows of the card on a reader.';

-- p_reading: {presentation_id, presence_id, version, state, issue_complete, blocks, sectors, seen}; seen per purse:
-- {verdict, contradiction, epoch_no, value, lower, provisional}.
CREATE OR REPLACE FUNCTION fn_presentation(p_agent_id uuid, p_run bytea, p_reading jsonb)
RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent record;
    v_live desk_live;
    v_card card;
    v_id uuid := (p_reading ->> 'presentation_id')::uuid;
    v_operation_id uuid;
BEGIN
    SELECT * INTO v_agent FROM fn_agent_desk(p_agent_id, p_run);
    outcome := v_agent.outcome;
    v_live := v_agent.live;
    IF outcome = 'ok' AND v_live.presence_id IS DISTINCT FROM (p_reading ->> 'presence_id')::uuid THEN
        outcome := 'card_changed';
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    v_card := fn_card_by_uid(v_live.uid);
    SELECT * INTO v_card FROM card WHERE id = v_card.id FOR UPDATE;
    outcome := CASE WHEN EXISTS (SELECT FROM presentation WHERE id = v_id) THEN 'replayed'
        WHEN coalesce(v_card.ledger_version, 0) <> (p_reading ->> 'version')::bigint THEN 'stale_view' ELSE 'done' END;
    IF outcome <> 'done' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    INSERT INTO presentation (id, desk_id, presence_id, uid, state, blocks, sectors, seen)
    VALUES (v_id, v_live.desk_id, v_live.presence_id, v_live.uid, p_reading ->> 'state', p_reading -> 'blocks',
        p_reading -> 'sectors', p_reading -> 'seen');
    IF v_card.id IS NOT NULL AND v_card.state IN ('issuing', 'active', 'damaged', 'lost') THEN
        v_operation_id := fn_evidence_book(v_card, p_reading);
    END IF;
    -- Another card may have come onto the desk meanwhile: what was read stays evidence, but is not the desk's reading.
    UPDATE desk_live SET presentation_id = v_id, agent_seen_at = clock_timestamp()
     WHERE desk_id = v_live.desk_id AND presence_id = v_live.presence_id RETURNING * INTO v_live;
    IF FOUND THEN
        PERFORM fn_card_tell(v_live.desk_id, v_live.presence_id);
        wake := ARRAY[v_live.desk_id];
    END IF;
    IF v_operation_id IS NOT NULL THEN
        wake := wake || fn_operation_tell(v_operation_id);
    END IF;
    body := jsonb_build_object('state', p_reading ->> 'state');
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_presentation(uuid, bytea, jsonb) IS 'Takes a reading in and books the evidence it holds.';

-- Books what a reading proves. Each purse by itself (R22); a provisional sight proves nothing yet (R13).
-- Returns the operation it touched.
CREATE OR REPLACE FUNCTION fn_evidence_book(p_card card, p_reading jsonb) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_purse text;
    v_seen jsonb;
    v_operation_id uuid;
    v_learnt boolean := false;
BEGIN
    SELECT id INTO v_operation_id FROM operation WHERE uid = p_card.uid AND finished_at IS NULL;
    -- A complete card is finished by a plan that continues its issue and writes the last trailer again: one plain read
    -- does not prove it (R13). Only when a void was asked for there is no such plan, and the void came too late.
    IF p_card.state = 'issuing' AND (p_reading ->> 'issue_complete')::boolean
        AND EXISTS (SELECT FROM operation WHERE id = v_operation_id AND cancel_requested_at IS NOT NULL) THEN
        PERFORM fn_epoch_prove(p_card.uid, key, value::bigint, 'presentation')
           FROM jsonb_each_text(fn_issue_epochs(p_card)) ORDER BY key;
        v_learnt := true;
    END IF;
    IF p_reading ->> 'state' = 'identity_mismatch' THEN
        PERFORM fn_case_open(p_card, NULL, 'identity', jsonb_build_object('state', p_reading ->> 'state'),
            (p_reading ->> 'presentation_id')::uuid);
        v_learnt := true;
    END IF;
    FOR v_purse, v_seen IN SELECT key, value FROM jsonb_each(p_reading -> 'seen') ORDER BY key LOOP
        IF v_seen ->> 'contradiction' <> 'none' THEN
            PERFORM fn_case_open(p_card, v_purse, v_seen ->> 'contradiction', v_seen, (p_reading ->> 'presentation_id')::uuid);
            v_learnt := true;
        END IF;
        CONTINUE WHEN v_seen ->> 'verdict' NOT IN ('applied', 'fence_proven', 'lower_value', 'not_applied', 'nothing_new')
            OR (v_seen ->> 'provisional')::boolean AND v_seen ->> 'verdict' IN ('applied', 'fence_proven');
        IF v_seen ->> 'verdict' IN ('applied', 'fence_proven') THEN
            PERFORM fn_epoch_prove(p_card.uid, v_purse, (v_seen ->> 'epoch_no')::bigint, 'presentation');
            v_learnt := true;
        END IF;
        IF v_seen ->> 'verdict' = 'applied' OR v_seen ->> 'verdict' = 'fence_proven' OR (v_seen ->> 'lower')::boolean THEN
            PERFORM fn_purse_lower(p_card, v_purse, (v_seen ->> 'value')::bigint);
            v_learnt := true;
        END IF;
    END LOOP;
    IF v_learnt THEN
        UPDATE card SET ledger_version = ledger_version + 1 WHERE id = p_card.id;
    END IF;
    IF v_operation_id IS NOT NULL THEN
        PERFORM fn_operation_settle(v_operation_id);
    END IF;
    RETURN v_operation_id;
END
$$;
COMMENT ON FUNCTION fn_evidence_book(card, jsonb) IS 'Books the evidence of one reading, purse by purse.';
