-- Cards and cases on the screens. What moves money or changes a card's state by evidence is elsewhere.

CREATE OR REPLACE FUNCTION fn_card_body(p_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('id', c.id, 'card_no', c.card_no, 'printed_no', c.printed_no, 'uid', encode(c.uid, 'hex'),
        'chip', c.chip, 'state', c.state, 'block', c.block, 'has_purses', c.has_purses, 'issued_on', c.issued_on,
        'expires_on', c.expires_on, 'created_at', c.created_at, 'version', c.version,
        'person', jsonb_build_object('id', p.id, 'name', p.name, 'personnel_no', p.personnel_no, 'state', p.state))
      FROM card c JOIN person p ON p.id = c.person_id WHERE c.id = p_id);
END
$$;
COMMENT ON FUNCTION fn_card_body(uuid) IS 'A card with its holder, as the API shows it.';

-- The balances are the holder's, so only the card that carries the purses shows them.
CREATE OR REPLACE FUNCTION fn_card_read(p_token bytea, p_id uuid)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_body jsonb;
    v_card card;
BEGIN
    SELECT s.outcome INTO outcome FROM fn_session(p_token, 'cards.read') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_card FROM card c WHERE c.id = p_id;
        outcome := CASE WHEN v_card.id IS NULL THEN 'not_found' ELSE 'done' END;
    END IF;
    IF outcome = 'done' THEN
        v_body := fn_card_body(p_id) || jsonb_build_object(
            'balances', CASE WHEN v_card.has_purses AND v_card.state IN ('issuing', 'active', 'damaged', 'lost')
                        THEN fn_balances_body(v_card.person_id) END,
            'operation', (SELECT fn_operation_body(o.id) FROM operation o
                           WHERE o.uid = v_card.uid AND o.finished_at IS NULL),
            'cases', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'kind', k.kind, 'purse', k.purse,
                          'opened_at', k.opened_at) ORDER BY k.opened_at), '[]')
                        FROM card_case k WHERE k.card_id = p_id AND k.closed_at IS NULL));
        body := v_body::text;
        version := v_card.version;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_card_read(bytea, uuid) IS 'One card: holder, balances, open operation, open cases.';

-- Newest first. p_q: the beginning of the card number, the printed number or the UID (hex).
CREATE OR REPLACE FUNCTION fn_card_list(p_state text, p_person_id uuid, p_q text, p_limit integer, p_cursor text)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_q text := nullif(fn_fold(p_q), '');
    v_before bigint := CASE WHEN p_cursor IS NULL THEN 4294967296 ELSE fn_cursor_number(p_cursor) END;
    v_ids uuid[];
BEGIN
    IF v_before IS NULL THEN
        outcome := 'bad_field';
        extra := fn_cursor_error();
        RETURN NEXT;
        RETURN;
    END IF;
    v_ids := ARRAY(SELECT c.id FROM card c
        WHERE c.card_no < v_before AND (p_state IS NULL OR c.state = p_state)
          AND (p_person_id IS NULL OR c.person_id = p_person_id)
          AND (v_q IS NULL OR starts_with(c.card_no::text, v_q) OR starts_with(fn_fold(c.printed_no), v_q)
               OR starts_with(encode(c.uid, 'hex'), v_q))
        ORDER BY c.card_no DESC LIMIT p_limit + 1);
    IF cardinality(v_ids) > p_limit THEN
        SELECT c.card_no INTO next_key FROM card c WHERE c.id = v_ids[p_limit];
    END IF;
    outcome := 'done';
    body := (SELECT coalesce(jsonb_agg(fn_card_body(w.id) ORDER BY w.place), '[]')
        FROM unnest(v_ids[:p_limit]) WITH ORDINALITY AS w (id, place))::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_card_list(text, uuid, text, integer, text) IS 'Cards, newest first, a page at a time.';

-- The last valid day as a card holds it: days since 2000-01-01 in two bytes, 65535 = never (card rules 3.2). A day that does
-- not fit is the last that does.
CREATE OR REPLACE FUNCTION fn_expiry_days(p_expires_on date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN p_expires_on IS NULL THEN 65535 ELSE least(p_expires_on - date '2000-01-01', 65534) END
$$;
COMMENT ON FUNCTION fn_expiry_days(date) IS 'The last valid day in the form a card holds it.';

-- p_change: printed_no and expires_on, each only if present; null clears.
-- outcome: done | not_found | precondition_failed | card_state | bad_field.
CREATE OR REPLACE FUNCTION fn_card_change(p_token bytea, p_id uuid, p_version bigint, p_change jsonb, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_old card;
    v_new card;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'cards.issue') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_old FROM card c WHERE c.id = p_id FOR NO KEY UPDATE;
        v_new := jsonb_populate_record(v_old, p_change);
        outcome := CASE WHEN v_old.id IS NULL THEN 'not_found' WHEN v_old.version <> p_version THEN 'precondition_failed'
            WHEN v_old.state IN ('replaced', 'cancelled', 'scrapped') THEN 'card_state'
            WHEN v_new.expires_on < v_old.issued_on OR v_new.expires_on - date '2000-01-01' > 65534 THEN 'bad_field' ELSE 'done' END;
    END IF;
    IF outcome = 'card_state' THEN
        extra := jsonb_build_object('card_state', v_old.state)::text;
    ELSIF outcome = 'bad_field' AND v_new.expires_on < v_old.issued_on THEN
        extra := fn_field_error('/expires_on', 'too_early', 'The last valid day cannot be before the day of issue.');
    ELSIF outcome = 'bad_field' THEN
        extra := fn_field_error('/expires_on', 'card_format', 'The last valid day cannot be after 2179-06-05; a card without one never expires.');
    ELSIF outcome = 'done' THEN
        UPDATE card c SET printed_no = v_new.printed_no, expires_on = v_new.expires_on, version = c.version + 1
         WHERE c.id = p_id RETURNING c.version INTO version;
        PERFORM fn_audit(v_operator_id, NULL, 'card.change', 'card', p_id::text, p_change, p_request_id);
        body := fn_card_body(p_id)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_card_change(bytea, uuid, bigint, jsonb, text) IS 'Changes what is printed and how long a card is valid.';

CREATE OR REPLACE FUNCTION fn_case_body(p_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('id', k.id, 'uid', encode(k.uid, 'hex'), 'kind', k.kind, 'purse', k.purse,
        'evidence', k.evidence, 'presentation_id', k.presentation_id, 'opened_at', k.opened_at, 'closed_at', k.closed_at,
        'closed_by', (SELECT jsonb_build_object('id', o.id, 'name', o.full_name) FROM operator o WHERE o.id = k.closed_by),
        'closed_reason', k.closed_reason, 'card', fn_card_body(k.card_id))
      FROM card_case k WHERE k.id = p_id);
END
$$;
COMMENT ON FUNCTION fn_case_body(uuid) IS 'A case with its evidence and card, as the API shows it.';

-- Newest first; p_open null: all.
CREATE OR REPLACE FUNCTION fn_case_list(p_open boolean, p_card_id uuid, p_limit integer, p_cursor text)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_after uuid := fn_cursor_id(p_cursor);
    v_after_at timestamptz := (SELECT k.opened_at FROM card_case k WHERE k.id = v_after);
    v_ids uuid[];
BEGIN
    IF p_cursor IS NOT NULL AND v_after_at IS NULL THEN
        outcome := 'bad_field';
        extra := fn_cursor_error();
        RETURN NEXT;
        RETURN;
    END IF;
    v_ids := ARRAY(SELECT k.id FROM card_case k
        WHERE (p_open IS NULL OR (k.closed_at IS NULL) = p_open) AND (p_card_id IS NULL OR k.card_id = p_card_id)
          AND (v_after IS NULL OR (k.opened_at, k.id) < (v_after_at, v_after))
        ORDER BY k.opened_at DESC, k.id DESC LIMIT p_limit + 1);
    IF cardinality(v_ids) > p_limit THEN
        next_key := '0.' || v_ids[p_limit];
    END IF;
    outcome := 'done';
    body := (SELECT coalesce(jsonb_agg(fn_case_body(w.id) ORDER BY w.place), '[]')
        FROM unnest(v_ids[:p_limit]) WITH ORDINALITY AS w (id, place))::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_case_list(boolean, uuid, integer, text) IS 'Cases, newest first, a page at a time.';

-- Moves no money. The card row is locked first, as everywhere. A repeat by anyone answers the case as it was closed.
-- outcome: done | not_found.
CREATE OR REPLACE FUNCTION fn_case_close(p_token bytea, p_id uuid, p_reason text, p_request_id text)
RETURNS TABLE (outcome text, body text, extra text, version bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_operator_id uuid;
    v_case card_case;
    v_unlocked boolean := false;
BEGIN
    SELECT s.outcome, s.operator_id INTO outcome, v_operator_id FROM fn_session(p_token, 'cases.close') s;
    IF outcome = 'ok' THEN
        SELECT * INTO v_case FROM card_case k WHERE k.id = p_id;
        PERFORM FROM card c WHERE c.uid = v_case.uid ORDER BY c.id FOR UPDATE;
        SELECT * INTO v_case FROM card_case k WHERE k.id = p_id FOR UPDATE;
        outcome := CASE WHEN v_case.id IS NULL THEN 'not_found' ELSE 'done' END;
    END IF;
    IF outcome = 'done' THEN
        IF v_case.closed_at IS NULL THEN
            UPDATE card_case k SET closed_at = clock_timestamp(), closed_by = v_operator_id, closed_reason = p_reason
             WHERE k.id = p_id;
            WITH unlocked AS (
                UPDATE card c SET block = c.block_under_case, block_under_case = NULL, version = c.version + 1
                 WHERE c.uid = v_case.uid AND c.block = 'case'
                   AND NOT EXISTS (SELECT FROM card_case k WHERE k.uid = v_case.uid AND k.closed_at IS NULL)
                RETURNING c.block
            ) SELECT coalesce(bool_or(u.block IS NULL), false) INTO v_unlocked FROM unlocked u;
            PERFORM fn_card_tell(l.desk_id, l.presence_id) FROM desk_live l
              WHERE l.uid = v_case.uid AND l.presentation_id IS NOT NULL;
            PERFORM fn_audit(v_operator_id, NULL, 'case.close', 'case', p_id::text, jsonb_build_object('reason', p_reason,
                'kind', v_case.kind, 'card_id', v_case.card_id, 'card_unlocked', v_unlocked), p_request_id);
        END IF;
        body := fn_case_body(p_id)::text;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_case_close(bytea, uuid, text, text) IS
    'Closes a case; the last one of a card unlocks it, or leaves the block it had before. Moves no money.';
