-- Desk acts in lists, and everything that happened to a person in one line of time.

-- What an act did to the purses of its person: the net amount of each and the balance it left. p_transfer_id: of a
-- transfer without an act.
CREATE OR REPLACE FUNCTION fn_act_entries(p_operation_id uuid, p_transfer_id bigint, p_person_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('account', n.kind, 'amount_minor', n.amount, 'balance_after_minor', n.after)
        ORDER BY n.kind), '[]')
      FROM (SELECT a.kind, CASE a.kind WHEN 'debt' THEN -1 ELSE 1 END * sum(e.amount_minor) AS amount,
                   CASE a.kind WHEN 'debt' THEN -1 ELSE 1 END
                       * (array_agg(e.balance_after_minor ORDER BY e.account_version DESC))[1] AS after
              FROM transfer t JOIN entry e ON e.transfer_id = t.id JOIN account a ON a.id = e.account_id
             WHERE (t.id = p_transfer_id OR t.operation_id = p_operation_id) AND a.person_id = p_person_id
               AND a.kind IN ('stored', 'subsidy', 'water', 'times', 'debt')
             GROUP BY a.kind HAVING sum(e.amount_minor) <> 0) n
$$;
COMMENT ON FUNCTION fn_act_entries(uuid, bigint, uuid) IS 'Net change and new balance of each purse by an act or a transfer.';

CREATE OR REPLACE FUNCTION fn_operation_row_body(p_operation operation) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT fn_operation_body(p_operation.id) || jsonb_build_object(
        'desk', (SELECT jsonb_build_object('id', d.id, 'name', d.name) FROM desk d WHERE d.id = p_operation.desk_id),
        'operator', (SELECT jsonb_build_object('id', w.id, 'name', w.full_name) FROM operator w WHERE w.id = p_operation.operator_id),
        'person', (SELECT jsonb_build_object('id', p.id, 'name', p.name, 'personnel_no', p.personnel_no, 'department',
                       (SELECT d.name FROM department d WHERE d.id = p.department_id))
                     FROM person p WHERE p.id = p_operation.person_id),
        'entries', fn_act_entries(p_operation.id, NULL, p_operation.person_id))
$$;
COMMENT ON FUNCTION fn_operation_row_body(operation) IS 'An operation as a line of a list.';

-- p_filter: person_id, desk_id, operator_id, kind, state (a state, or open), from and to (business days, both inclusive).
-- Newest first. outcome: done | bad_field (the cursor).
CREATE OR REPLACE FUNCTION fn_operation_list(p_filter jsonb, p_limit integer, p_cursor text)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_person_id uuid := (p_filter ->> 'person_id')::uuid;
    v_desk_id uuid := (p_filter ->> 'desk_id')::uuid;
    v_operator_id uuid := (p_filter ->> 'operator_id')::uuid;
    v_kind text := p_filter ->> 'kind';
    v_state text := p_filter ->> 'state';
    v_from timestamptz := fn_day_start((p_filter ->> 'from')::date);
    v_to timestamptz := fn_day_start((p_filter ->> 'to')::date + 1);
    v_after uuid := fn_cursor_id(p_cursor);
    v_after_at timestamptz := (SELECT o.created_at FROM operation o WHERE o.id = v_after);
    v_ids uuid[];
BEGIN
    IF p_cursor IS NOT NULL AND v_after_at IS NULL THEN
        outcome := 'bad_field';
        extra := fn_cursor_error();
        RETURN NEXT;
        RETURN;
    END IF;
    v_ids := ARRAY(SELECT o.id FROM operation o
        WHERE (v_person_id IS NULL OR o.person_id = v_person_id) AND (v_desk_id IS NULL OR o.desk_id = v_desk_id)
          AND (v_operator_id IS NULL OR o.operator_id = v_operator_id) AND (v_kind IS NULL OR o.kind = v_kind)
          AND (v_state IS NULL OR o.state = v_state OR v_state = 'open' AND o.finished_at IS NULL)
          AND (v_from IS NULL OR o.created_at >= v_from) AND (v_to IS NULL OR o.created_at < v_to)
          AND (v_after IS NULL OR (o.created_at, o.id) < (v_after_at, v_after))
        ORDER BY o.created_at DESC, o.id DESC LIMIT p_limit + 1);
    IF cardinality(v_ids) > p_limit THEN
        next_key := '0.' || v_ids[p_limit];
    END IF;
    outcome := 'done';
    body := (SELECT coalesce(jsonb_agg(fn_operation_row_body(o) ORDER BY w.place), '[]')
        FROM unnest(v_ids[:p_limit]) WITH ORDINALITY AS w (id, place) JOIN operation o ON o.id = w.id)::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_list(jsonb, integer, text) IS 'Desk acts, newest first, a page at a time.';

-- Acts and bookings without an act (spending seen on a card, corrections) of a person over all their cards, newest first.
-- The cursor is the moment of the last line in microseconds: one person's rows are made one after the other.
-- outcome: done | not_found | bad_field (the cursor).
CREATE OR REPLACE FUNCTION fn_person_timeline(p_person_id uuid, p_limit integer, p_cursor text)
RETURNS TABLE (outcome text, body text, extra text, next_key text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    v_before timestamptz := CASE WHEN p_cursor IS NULL THEN 'infinity'
        ELSE 'epoch'::timestamptz + fn_cursor_number(p_cursor) * interval '1 microsecond' END;
    v_rows jsonb;
BEGIN
    outcome := CASE WHEN v_before IS NULL THEN 'bad_field'
        WHEN NOT EXISTS (SELECT FROM person p WHERE p.id = p_person_id) THEN 'not_found' ELSE 'done' END;
    IF outcome <> 'done' THEN
        extra := CASE outcome WHEN 'bad_field' THEN fn_cursor_error() END;
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT jsonb_agg(line.body ORDER BY line.made DESC) INTO v_rows FROM (
        (SELECT o.created_at AS made, jsonb_build_object('at', coalesce(o.finished_at, o.created_at), 'kind', o.kind,
                'made', (extract(epoch FROM o.created_at) * 1000000)::bigint, 'operation', fn_operation_body(o.id),
                'card', (SELECT jsonb_build_object('id', c.id, 'card_no', c.card_no) FROM card c WHERE c.id = o.card_id),
                'desk', (SELECT d.name FROM desk d WHERE d.id = o.desk_id),
                'operator', (SELECT w.full_name FROM operator w WHERE w.id = o.operator_id),
                'entries', fn_act_entries(o.id, NULL, p_person_id)) AS body
           FROM operation o WHERE o.person_id = p_person_id AND o.created_at < v_before
          ORDER BY o.created_at DESC LIMIT p_limit + 1)
        UNION ALL
        (SELECT t.created_at, jsonb_build_object('at', t.event_at, 'kind', t.kind,
                'made', (extract(epoch FROM t.created_at) * 1000000)::bigint, 'operation', NULL,
                'card', (SELECT jsonb_build_object('id', c.id, 'card_no', c.card_no) FROM card c WHERE c.uid = t.uid
                           AND c.person_id = p_person_id AND c.created_at <= t.created_at
                         ORDER BY c.created_at DESC LIMIT 1),
                'desk', NULL, 'operator', (SELECT w.full_name FROM operator w WHERE w.id = t.operator_id),
                'entries', fn_act_entries(NULL, t.id, p_person_id))
           FROM transfer t WHERE t.operation_id IS NULL AND t.created_at < v_before
            AND t.id IN (SELECT e.transfer_id FROM entry e JOIN account a ON a.id = e.account_id WHERE a.person_id = p_person_id)
          ORDER BY t.created_at DESC LIMIT p_limit + 1)
        ORDER BY 1 DESC LIMIT p_limit + 1) AS line (made, body);
    v_rows := coalesce(v_rows, '[]');
    IF jsonb_array_length(v_rows) > p_limit THEN
        next_key := v_rows -> (p_limit - 1) ->> 'made';
        v_rows := v_rows - p_limit;
    END IF;
    body := v_rows::text;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_person_timeline(uuid, integer, text) IS 'Everything that happened to a person, a page at a time.';
