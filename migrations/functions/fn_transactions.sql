-- The bookings of a person or a card, newest first: a line is a transfer with the entries on the person's accounts.

-- Debt is kept as a negative balance and shown as what is owed, so its signs are turned.
CREATE OR REPLACE FUNCTION fn_transaction_entries(p_transfer_id bigint, p_person_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_agg(CASE a.unit
        WHEN 'money' THEN jsonb_build_object('account', a.kind, 'unit', 'money', 'amount_minor', sign * e.amount_minor,
            'balance_before_minor', sign * e.balance_before_minor, 'balance_after_minor', sign * e.balance_after_minor)
        ELSE jsonb_build_object('account', a.kind, 'unit', 'count', 'amount', e.amount_minor,
            'balance_before', e.balance_before_minor, 'balance_after', e.balance_after_minor) END
        ORDER BY e.amount_minor < 0, a.kind)
      FROM entry e JOIN account a ON a.id = e.account_id, LATERAL (SELECT CASE a.kind WHEN 'debt' THEN -1 ELSE 1 END AS sign) s
     WHERE e.transfer_id = p_transfer_id AND a.person_id = p_person_id
$$;
COMMENT ON FUNCTION fn_transaction_entries(bigint, uuid) IS 'What a transfer did to the accounts of a person.';

CREATE OR REPLACE FUNCTION fn_transaction_body(p_transfer transfer, p_person_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT jsonb_build_object('id', p_transfer.id::text, 'kind', p_transfer.kind, 'at', p_transfer.event_at,
        'booked_at', p_transfer.created_at,
        'operation', CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('id', o.id, 'kind', o.kind, 'state', o.state,
            'reverses', o.reverses) END,
        'purse', (SELECT l.purse FROM leg l WHERE l.id = p_transfer.leg_id),
        'card', (SELECT jsonb_build_object('id', c.id, 'card_no', c.card_no) FROM card c
                  WHERE c.id = o.card_id OR (o.id IS NULL AND c.uid = p_transfer.uid AND c.person_id = p_person_id
                      AND c.created_at <= p_transfer.created_at) ORDER BY c.created_at DESC LIMIT 1),
        'operator', (SELECT jsonb_build_object('id', w.id, 'name', w.full_name) FROM operator w
                      WHERE w.id = p_transfer.operator_id),
        'desk', (SELECT jsonb_build_object('id', d.id, 'name', d.name) FROM desk d WHERE d.id = o.desk_id),
        'entries', fn_transaction_entries(p_transfer.id, p_person_id))
      FROM (SELECT) AS one LEFT JOIN operation o ON o.id = p_transfer.operation_id
$$;
COMMENT ON FUNCTION fn_transaction_body(transfer, uuid) IS 'A transfer as the API shows it to whoever looks at a person.';

-- The first moment of a business day.
CREATE OR REPLACE FUNCTION fn_day_start(p_day date) RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT (p_day + s.day_starts_at) AT TIME ZONE s.time_zone FROM site s
$$;
COMMENT ON FUNCTION fn_day_start(date) IS 'When a business day of the site begins.';

-- p_filter: person_id or card_id; from, to (business days, both inclusive); kind (of the transfer or of its operation).
-- p_whole: all of it or nothing; where it does not fit there is a next_key and no line.
-- outcome: done | not_found | bad_field (the cursor).
DROP FUNCTION IF EXISTS fn_transaction_list(jsonb, integer, text);
CREATE OR REPLACE FUNCTION fn_transaction_list(p_filter jsonb, p_limit integer, p_cursor text, p_whole boolean DEFAULT false)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_card card;
    v_person_id uuid := (p_filter ->> 'person_id')::uuid;
    v_card_end timestamptz;
    v_from timestamptz := fn_day_start((p_filter ->> 'from')::date);
    v_to timestamptz := fn_day_start((p_filter ->> 'to')::date + 1);
    v_kind text := p_filter ->> 'kind';
    v_before bigint := CASE WHEN p_cursor IS NULL THEN 9223372036854775807 ELSE fn_cursor_number(p_cursor) END;
    v_ids bigint[];
BEGIN
    SELECT * INTO v_card FROM card c WHERE c.id = (p_filter ->> 'card_id')::uuid;
    IF p_filter ? 'card_id' AND (v_person_id IS NULL OR v_person_id = v_card.person_id) THEN
        v_person_id := v_card.person_id;
        SELECT min(c.created_at) INTO v_card_end FROM card c WHERE c.uid = v_card.uid AND c.created_at > v_card.created_at;
    ELSIF p_filter ? 'card_id' THEN
        v_person_id := NULL;
    END IF;
    IF v_before IS NULL OR NOT EXISTS (SELECT FROM person p WHERE p.id = v_person_id) THEN
        outcome := CASE WHEN v_before IS NULL THEN 'bad_field' ELSE 'not_found' END;
        extra := CASE WHEN v_before IS NULL THEN fn_cursor_error() END;
        RETURN NEXT;
        RETURN;
    END IF;
    v_ids := ARRAY(
        SELECT DISTINCT t.id FROM account a JOIN entry e ON e.account_id = a.id AND e.account_version IS NOT NULL
          JOIN transfer t ON t.id = e.transfer_id LEFT JOIN operation o ON o.id = t.operation_id
         WHERE a.person_id = v_person_id AND t.id < v_before AND (v_from IS NULL OR t.event_at >= v_from)
           AND (v_to IS NULL OR t.event_at < v_to) AND (v_kind IS NULL OR t.kind = v_kind OR o.kind = v_kind)
           AND (v_card.id IS NULL OR o.card_id = v_card.id OR (o.id IS NULL AND t.uid = v_card.uid
                AND t.created_at >= v_card.created_at AND (v_card_end IS NULL OR t.created_at < v_card_end)))
         ORDER BY t.id DESC LIMIT p_limit + 1);
    IF cardinality(v_ids) > p_limit THEN
        next_key := v_ids[p_limit]::text;
    END IF;
    outcome := 'done';
    body := (SELECT coalesce(jsonb_agg(fn_transaction_body(t, v_person_id) ORDER BY t.id DESC), '[]')
        FROM transfer t WHERE t.id = ANY (v_ids[:p_limit]) AND NOT (p_whole AND next_key IS NOT NULL))::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_transaction_list(jsonb, integer, text, boolean) IS 'Bookings of a person or a card, a page at a time.';
