-- What a desk's screen is told.

-- Adds an event; numbers are gapless because the desk's row is locked for it. Returns the number.
CREATE OR REPLACE FUNCTION fn_desk_event(p_desk_id uuid, p_kind text, p_body jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_no bigint;
BEGIN
    UPDATE desk_live SET event_no = event_no + 1 WHERE desk_id = p_desk_id RETURNING event_no INTO v_no;
    INSERT INTO desk_event (desk_id, no, kind, body) VALUES (p_desk_id, v_no, p_kind, p_body);
    RETURN v_no;
END
$$;
COMMENT ON FUNCTION fn_desk_event(uuid, text, jsonb) IS 'Adds an event to a desk''s stream.';

CREATE OR REPLACE FUNCTION fn_balances_body(p_person_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(CASE WHEN unit = 'count' THEN kind ELSE kind || '_minor' END,
        CASE WHEN kind = 'debt' THEN -balance_minor ELSE balance_minor END)
      FROM account WHERE person_id = p_person_id);
END
$$;
COMMENT ON FUNCTION fn_balances_body(uuid) IS 'All balances of a person; debt as a positive amount.';

-- One word for the screen, from the stored state, the block and what was read. Order = what matters most.
CREATE OR REPLACE FUNCTION fn_card_word(p_card card, p_seen_state text, p_seen jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_card.id IS NULL OR p_card.state = 'cancelled' AND p_seen_state = 'blank' THEN
        RETURN CASE p_seen_state WHEN 'blank' THEN 'blank' WHEN 'gone' THEN 'gone' ELSE 'foreign' END;
    END IF;
    RETURN CASE
        WHEN p_card.state IN ('scrapped', 'lost', 'replaced', 'cancelled') THEN p_card.state
        WHEN p_card.block IS NOT NULL THEN 'blocked'
        WHEN EXISTS (SELECT FROM operation WHERE uid = p_card.uid AND finished_at IS NULL AND state <> 'prepared')
            THEN 'in_doubt'
        WHEN p_card.state = 'issuing' THEN 'issuing'
        WHEN p_card.state = 'damaged' OR p_seen_state IN ('locked', 'identity_mismatch', 'half_issued')
            OR jsonb_path_exists(p_seen, '$.* ? (@.verdict == "unreadable")') THEN 'damaged'
        WHEN p_card.expires_on < fn_business_day(clock_timestamp()) THEN 'expired'
        WHEN p_seen_state = 'gone' THEN 'gone'
        ELSE 'active' END;
END
$$;
COMMENT ON FUNCTION fn_card_word(card, text, jsonb) IS 'State of a card as the screen says it.';

-- The newest issuing of a chip: the one in use if there is one.
CREATE OR REPLACE FUNCTION fn_card_by_uid(p_uid bytea) RETURNS card
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT card FROM card WHERE uid = p_uid
     ORDER BY (state IN ('issuing', 'active', 'damaged', 'lost')) DESC, created_at DESC LIMIT 1);
END
$$;
COMMENT ON FUNCTION fn_card_by_uid(bytea) IS 'The card row that speaks for a chip.';

-- A reading from before the card's own issue, or from before it was taken back: it is read anew in a moment, and nothing can
-- be based on this one.
CREATE OR REPLACE FUNCTION fn_reading_used_up(p_card card, p_seen presentation) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (p_card.state = 'active' AND (p_seen.state IN ('blank', 'half_issued') OR p_seen.at < p_card.created_at)
            AND NOT fn_card_unissuing(p_card.uid) OR p_card.state = 'cancelled')
       AND EXISTS (SELECT FROM plan WHERE presentation_id = p_seen.id AND reported_at IS NOT NULL)
$$;
COMMENT ON FUNCTION fn_reading_used_up(card, presentation) IS 'Whether a reading is of the card before its issue or un-issue.';

-- Everything a screen shows of the card on a desk; null: no card. While a reading is older than the books, the card is about
-- to be read again and takes no act.
CREATE OR REPLACE FUNCTION fn_desk_card_body(p_live desk_live) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card;
    v_seen presentation;
    v_person jsonb;
    v_operation_id uuid;
    v_word text;
BEGIN
    IF p_live.presence_id IS NULL THEN
        RETURN NULL;
    END IF;
    IF p_live.presence_kind <> 'card' OR p_live.presentation_id IS NULL THEN
        RETURN jsonb_build_object('presence_id', p_live.presence_id, 'presentation_id', NULL,
            'state', CASE p_live.presence_kind WHEN 'card' THEN 'reading' ELSE p_live.presence_kind END);
    END IF;
    SELECT * INTO v_seen FROM presentation WHERE id = p_live.presentation_id;
    v_card := fn_card_by_uid(p_live.uid);
    IF v_card.state = 'cancelled' AND v_seen.state = 'blank' AND NOT fn_reading_used_up(v_card, v_seen) THEN
        v_card := NULL; -- wiped: nothing on it names anybody any more
    END IF;
    v_word := fn_card_word(v_card, v_seen.state, v_seen.seen);
    SELECT id INTO v_operation_id FROM operation WHERE uid = p_live.uid AND finished_at IS NULL;
    SELECT jsonb_build_object('id', p.id, 'name', p.name, 'personnel_no', p.personnel_no, 'state', p.state,
               'photo_version', fn_person_photo_version(p.id), 'department', d.name)
      INTO v_person FROM person p LEFT JOIN department d ON d.id = p.department_id WHERE p.id = v_card.person_id;
    RETURN jsonb_build_object('presence_id', p_live.presence_id, 'presentation_id', p_live.presentation_id,
        'state', CASE WHEN fn_reading_used_up(v_card, v_seen) OR v_word = 'active' AND fn_seen_outdated(v_seen) THEN 'reading'
            ELSE v_word END, 'read_state', v_seen.state, 'seen', v_seen.seen,
        'uid', encode(p_live.uid, 'hex'),
        'card', CASE WHEN v_card.id IS NOT NULL THEN jsonb_build_object('id', v_card.id, 'card_no', v_card.card_no,
            'printed_no', v_card.printed_no, 'state', v_card.state, 'block', v_card.block,
            'expires_on', v_card.expires_on) END,
        'person', v_person, 'balances', fn_balances_body(v_card.person_id),
        'operation', fn_operation_body(v_operation_id));
END
$$;
COMMENT ON FUNCTION fn_desk_card_body(desk_live) IS 'The card on a desk: state, person, balances, open operation.';

-- update: null, advised or required; printer: the receipt printer of the desk program, null without one.
CREATE OR REPLACE FUNCTION fn_desk_agent_body(p_live desk_live) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('online', p_live.agent_online, 'reader_state', p_live.reader_state,
        'reader_name', p_live.reader_name, 'version', p_live.agent_version, 'update', p_live.agent_update,
        'needs', p_live.agent_needs, 'printer', p_live.printer_name)
$$;
COMMENT ON FUNCTION fn_desk_agent_body(desk_live) IS 'The program of a desk, as its screen shows it.';

CREATE OR REPLACE FUNCTION fn_desk_snapshot(p_desk_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('no', l.event_no, 'desk', jsonb_build_object('id', d.id, 'name', d.name),
        'agent', fn_desk_agent_body(l),
        'card', fn_desk_card_body(l))
      FROM desk d JOIN desk_live l ON l.desk_id = d.id WHERE d.id = p_desk_id);
END
$$;
COMMENT ON FUNCTION fn_desk_snapshot(uuid) IS 'The whole present of a desk; the first event of every stream.';

-- Tells the desks that an operation concerns where it stands: its own desk, and the one that holds the card now. The event
-- names operation and state only; whoever reads it gets the whole of it as it is then (fn_desk_events): most events of a busy
-- desk are never looked at. Returns the desks to wake.
CREATE OR REPLACE FUNCTION fn_operation_tell(p_operation_id uuid) RETURNS uuid[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_desks uuid[];
    v_operation operation;
BEGIN
    SELECT * INTO v_operation FROM operation WHERE id = p_operation_id;
    WITH told AS (
        UPDATE desk_live l SET event_no = event_no + 1
          FROM (SELECT desk_id FROM desk_live WHERE desk_id = v_operation.desk_id OR uid = v_operation.uid
                 ORDER BY desk_id FOR NO KEY UPDATE) concerned -- two desks in the same order, whoever tells them
         WHERE l.desk_id = concerned.desk_id
        RETURNING l.desk_id, l.event_no
    ), added AS (
        INSERT INTO desk_event (desk_id, no, kind, body)
        SELECT desk_id, event_no, 'operation', jsonb_build_object('operation_id', p_operation_id, 'state', v_operation.state)
          FROM told
        RETURNING desk_id
    )
    SELECT array_agg(desk_id) INTO v_desks FROM added;
    RETURN coalesce(v_desks, '{}');
END
$$;
COMMENT ON FUNCTION fn_operation_tell(uuid) IS 'Adds an operation event to every desk concerned.';

-- Tells a desk that the card on it was seen anew; the content as in fn_operation_tell.
CREATE OR REPLACE FUNCTION fn_card_tell(p_desk_id uuid, p_presence_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM fn_desk_event(p_desk_id, 'card_present', jsonb_build_object('presence_id', p_presence_id));
END
$$;
COMMENT ON FUNCTION fn_card_tell(uuid, uuid) IS 'Adds an event: the card of this presence was seen anew.';

-- An event with its content as it is now. A card that has left since keeps only its presence: its removal is an event too.
CREATE OR REPLACE FUNCTION fn_desk_event_body(p_event desk_event) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_live desk_live;
BEGIN
    IF p_event.kind NOT IN ('operation', 'card_present') THEN
        RETURN p_event.body;
    END IF;
    SELECT * INTO v_live FROM desk_live WHERE desk_id = p_event.desk_id;
    IF p_event.kind = 'operation' THEN
        RETURN p_event.body || jsonb_build_object('operation', fn_operation_body((p_event.body ->> 'operation_id')::uuid),
            'card', fn_desk_card_body(v_live));
    END IF;
    RETURN CASE WHEN v_live.presence_id::text = p_event.body ->> 'presence_id' THEN fn_desk_card_body(v_live)
        ELSE p_event.body || '{"state": "gone"}' END;
END
$$;
COMMENT ON FUNCTION fn_desk_event_body(desk_event) IS 'What a stream sends for an event.';
