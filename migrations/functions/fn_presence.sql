-- A card came on, went off, was read. Agents call these; each checks that agent and run still speak for the desk.

-- outcome ok gives the desk; anything else is the word to answer.
CREATE OR REPLACE FUNCTION fn_agent_desk(p_agent_id uuid, p_run bytea)
RETURNS TABLE (outcome text, live desk_live)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT CASE WHEN a.id IS NULL THEN 'agent_unknown' WHEN l.run IS DISTINCT FROM p_run THEN 'agent_replaced' ELSE 'ok' END, l
      FROM (SELECT) AS one LEFT JOIN agent a ON a.id = p_agent_id AND a.revoked_at IS NULL
      LEFT JOIN desk_live l ON l.desk_id = a.desk_id;
END
$$;
COMMENT ON FUNCTION fn_agent_desk(uuid, bytea) IS 'Desk of an agent process, or why it does not speak for one.';

-- What is proven of each purse now; an image read from here on is measured against it.
CREATE OR REPLACE FUNCTION fn_card_floor(p_uid bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_object_agg(purse, jsonb_build_object('no', committed_no, 'lowest', lowest_minor, 'ordered', lowest_ordered_minor))
      FROM card_purse WHERE uid = p_uid);
END
$$;
COMMENT ON FUNCTION fn_card_floor(bytea) IS 'Newest proven epoch and value per purse of a chip.';

-- A presence that comes too late: it has ended, or a newer one of the same process has been heard. The time in front of a
-- UUIDv7 says which is newer, and an agent's presences never go back in time; ids of other kinds have no order.
CREATE OR REPLACE FUNCTION fn_presence_is_late(p_live desk_live, p_presence_id uuid) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(p_presence_id IS DISTINCT FROM p_live.presence_id AND (p_presence_id = p_live.presence_newest
        OR substr(p_presence_id::text, 15, 1) = '7' AND substr(p_live.presence_newest::text, 15, 1) = '7'
           AND left(p_presence_id::text, 13) < left(p_live.presence_newest::text, 13)), false)
$$;
COMMENT ON FUNCTION fn_presence_is_late(desk_live, uuid) IS 'Whether a presence is older than the newest that was heard.';

-- A reading takes well below a second; where it takes longer, it is not asked for in vain too often.
CREATE OR REPLACE FUNCTION fn_reading_patience() RETURNS interval
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT interval '4 seconds'
$$;
COMMENT ON FUNCTION fn_reading_patience() IS 'How long the reading of a card may be on its way.';

-- A reading may get lost between presence and presentation. Without this the card would lie there unread until somebody
-- takes it off.
CREATE OR REPLACE FUNCTION fn_reading_overdue(p_live desk_live) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_live.presence_kind IS DISTINCT FROM 'card' OR p_live.presentation_id IS NOT NULL
        OR p_live.reading_due_at >= clock_timestamp() THEN
        RETURN false;
    END IF;
    UPDATE desk_live SET reading_due_at = clock_timestamp() + fn_reading_patience()
     WHERE desk_id = p_live.desk_id AND presence_id = p_live.presence_id AND presentation_id IS NULL
       AND reading_due_at < clock_timestamp();
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION fn_reading_overdue(desk_live) IS 'Whether the card on a desk is to be presented again because its reading did not come.';

-- Asks for the card on a desk to be read again, at most once a second; false: it was just asked for, or the card has gone.
CREATE OR REPLACE FUNCTION fn_reading_ask(p_live desk_live) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE desk_live SET read_asked_at = clock_timestamp() WHERE desk_id = p_live.desk_id AND presence_id = p_live.presence_id
       AND (read_asked_at IS NULL OR read_asked_at < clock_timestamp() - interval '1 second');
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION fn_reading_ask(desk_live) IS 'Whether the card on a desk is asked for again now.';

-- A reading that is older than the books by now: the card was presented anew while it was written, or another desk saw a card
-- of the same chip with less on it. Nothing can be built on it, so the card is read again, and what it shows then is either
-- what is proven or a contradiction.
CREATE OR REPLACE FUNCTION fn_reading_outdated(p_live desk_live) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM presentation p CROSS JOIN LATERAL jsonb_each(p.seen) s
                     JOIN card_purse c ON c.uid = p.uid AND c.purse = s.key
                    WHERE p.id = p_live.presentation_id AND fn_sight_outdated(s.value, c)) THEN
        RETURN false;
    END IF;
    RETURN fn_reading_ask(p_live);
END
$$;
COMMENT ON FUNCTION fn_reading_outdated(desk_live) IS 'Whether the card on a desk is to be read again because more was proven of it since.';

-- The same presence again changes nothing: what was read of it stays read.
-- Returns how the card is to be read: body {desk_id, kind, uid, mode, key_version, start_sector, uses_times,
-- password_sealed}.
CREATE OR REPLACE FUNCTION fn_presence(p_agent_id uuid, p_run bytea, p_presence_id uuid, p_kind text, p_uid bytea,
    p_sak smallint) RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent record;
    v_live desk_live;
    v_card card;
    v_mode text;
    v_kind text := p_kind;
BEGIN
    SELECT * INTO v_agent FROM fn_agent_desk(p_agent_id, p_run);
    outcome := v_agent.outcome;
    v_live := v_agent.live;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    IF p_kind = 'card' AND (SELECT system_password_sealed IS NULL FROM site) THEN
        v_kind := 'system_password_missing'; -- no key can be derived, so nothing can be read yet
    END IF;
    IF v_kind = 'card' THEN
        v_card := fn_card_by_uid(p_uid);
        v_mode := CASE WHEN v_card.state = 'issuing' OR fn_card_unissuing(p_uid) THEN 'issuing' WHEN v_card.state IN ('active', 'damaged', 'lost') THEN 'known'
            ELSE 'unknown' END;
    END IF;
    UPDATE desk_live SET presence_id = p_presence_id, presence_kind = v_kind, uid = p_uid, sak = p_sak,
           read_mode = CASE WHEN presence_id = p_presence_id AND presentation_id IS NOT NULL THEN read_mode ELSE v_mode END,
           presentation_id = CASE WHEN presence_id = p_presence_id THEN presentation_id END,
           floor = CASE WHEN presence_id = p_presence_id AND presentation_id IS NOT NULL THEN floor
                        WHEN v_kind = 'card' THEN fn_card_floor(p_uid) END,
           presence_newest = p_presence_id, agent_seen_at = clock_timestamp(),
           reading_due_at = clock_timestamp() + fn_reading_patience()
     WHERE desk_id = v_live.desk_id AND NOT fn_presence_is_late(desk_live, p_presence_id) RETURNING * INTO v_live;
    IF NOT FOUND THEN
        outcome := 'card_changed';
        RETURN NEXT;
        RETURN;
    END IF;
    IF v_kind <> 'card' THEN
        PERFORM fn_card_tell(v_live.desk_id, v_live.presence_id);
        wake := ARRAY[v_live.desk_id];
    END IF;
    SELECT jsonb_build_object('desk_id', v_live.desk_id, 'kind', v_kind, 'mode', v_live.read_mode, 'uses_times', s.uses_times,
        'password_sealed', encode(s.system_password_sealed, 'hex'), 'uid', encode(p_uid, 'hex'),
        'key_version', coalesce(v_card.key_version, s.key_version),
        'start_sector', coalesce(v_card.start_sector, s.start_sector), 'site_id', s.site_id) INTO body FROM site s;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_presence(uuid, bytea, uuid, text, bytea, smallint) IS
    'A card came onto a reader: notes it and says how to read it.';

CREATE OR REPLACE FUNCTION fn_removed(p_agent_id uuid, p_run bytea, p_presence_id uuid)
RETURNS TABLE (outcome text, body jsonb, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_agent record;
    v_uid bytea;
    v_desk_id uuid;
    v_operation_id uuid;
BEGIN
    SELECT * INTO v_agent FROM fn_agent_desk(p_agent_id, p_run);
    outcome := v_agent.outcome;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    body := '{}';
    v_uid := (v_agent.live).uid;
    v_desk_id := (v_agent.live).desk_id;
    IF (v_agent.live).presence_id = p_presence_id THEN
        UPDATE operation SET state = 'in_doubt' WHERE uid = v_uid AND finished_at IS NULL AND state = 'writing'
        RETURNING id INTO v_operation_id;
        UPDATE desk_live SET presence_id = NULL, presence_kind = NULL, read_mode = NULL, uid = NULL, sak = NULL,
               presentation_id = NULL, floor = NULL, agent_seen_at = clock_timestamp()
         WHERE desk_id = v_desk_id AND presence_id = p_presence_id; -- the next one may have come meanwhile
        IF FOUND THEN
            PERFORM fn_desk_event(v_desk_id, 'card_removed', jsonb_build_object('presence_id', p_presence_id,
                'uid', encode(v_uid, 'hex')));
            wake := ARRAY[v_desk_id];
        END IF;
        IF v_operation_id IS NOT NULL THEN
            wake := wake || fn_operation_tell(v_operation_id);
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_removed(uuid, bytea, uuid) IS 'The card left the reader; an operation being written is in doubt.';
