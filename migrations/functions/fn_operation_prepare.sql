-- An operator asks for an act on the card that lies on the desk's reader. One function decides everything and returns
-- one outcome word; any word but done or replayed means that nothing changed.

-- Whether a known card may take a money act: ok or the word of the refusal. What was read is compared with the books as they
-- are now, under the lock of the card: a reading that was true when it came may be older than what another desk has proven
-- since, and then the two are not one card (card rules 6.1). Every purse may say so, not only those the act concerns.
CREATE OR REPLACE FUNCTION fn_card_money_check(p_card card, p_seen presentation, p_purses text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_card.id IS NULL OR NOT p_card.has_purses OR p_card.state = 'cancelled' THEN
        RETURN 'card_not_ours';
    ELSIF p_card.block IS NOT NULL THEN
        RETURN CASE p_card.block WHEN 'case' THEN 'case_open' ELSE 'card_blocked' END;
    ELSIF EXISTS (SELECT FROM operation WHERE uid = p_card.uid AND finished_at IS NULL AND state = 'in_doubt') THEN
        RETURN 'card_in_doubt';
    ELSIF EXISTS (SELECT FROM operation WHERE uid = p_card.uid AND finished_at IS NULL) THEN
        RETURN 'operation_open';
    ELSIF p_card.state <> 'active' THEN
        RETURN 'card_state';
    ELSIF p_card.expires_on < fn_business_day(clock_timestamp()) THEN
        RETURN 'card_expired';
    ELSIF fn_reading_used_up(p_card, p_seen) THEN
        RETURN 'card_changed';
    ELSIF p_seen.state <> 'ours' THEN
        RETURN 'card_unreadable';
    END IF;
    RETURN coalesce((SELECT v.word
      FROM (SELECT unnest(p_purses) UNION SELECT jsonb_object_keys(p_seen.seen)) AS p (purse)
      LEFT JOIN card_purse c ON c.uid = p_card.uid AND c.purse = p.purse
      CROSS JOIN LATERAL (SELECT p_seen.seen -> p.purse AS sight) s
      CROSS JOIN LATERAL (SELECT CASE
            WHEN fn_sight_outdated(s.sight, c) THEN 'card_changed'
            WHEN NOT p.purse = ANY (p_purses) THEN NULL
            WHEN coalesce(s.sight ->> 'verdict', 'not_read') IN ('unreadable', 'not_read') THEN 'card_unreadable'
            WHEN NOT fn_sight_committed(s.sight, c) THEN 'card_changed'
            WHEN c.highest_no >= c.committed_no + 90 THEN 'card_in_doubt' END AS word) v
     WHERE v.word IS NOT NULL ORDER BY p.purse = ANY (p_purses) DESC, p.purse LIMIT 1), 'ok');
END
$$;
COMMENT ON FUNCTION fn_card_money_check(card, presentation, text[]) IS 'Whether state, block and reading of a card allow a money act.';

-- An epoch is one byte on the card, so at most 100 numbers beyond the committed one may be out. From 90 on nothing new is
-- begun (fn_card_money_check): the numbers left are for retries and for the fence that brings the committed number forward.
DROP FUNCTION IF EXISTS fn_epochs_short(bytea, text);

-- Allocates the next epoch of a purse for a leg or a fence. Null: 100 numbers are out already (a fence may take the last).
CREATE OR REPLACE FUNCTION fn_epoch_allocate(p_uid bytea, p_purse text, p_opening bigint, p_stored bigint, p_leg_id uuid,
    p_fence_id uuid) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_no bigint;
BEGIN
    UPDATE card_purse SET highest_no = highest_no + 1
     WHERE uid = p_uid AND purse = p_purse
       AND highest_no < committed_no + CASE WHEN p_fence_id IS NULL THEN 99 ELSE 100 END
    RETURNING highest_no INTO v_no;
    IF NOT FOUND THEN
        IF EXISTS (SELECT FROM card_purse WHERE uid = p_uid AND purse = p_purse) THEN
            RETURN NULL;
        END IF;
        SELECT coalesce(max(epoch_no), 0) + 1 INTO v_no FROM epoch WHERE uid = p_uid AND purse = p_purse;
    END IF;
    INSERT INTO epoch (uid, purse, epoch_no, opening_minor, opening_stored_minor, leg_id, fence_id)
    VALUES (p_uid, p_purse, v_no, p_opening, p_stored, p_leg_id, p_fence_id);
    RETURN v_no;
END
$$;
COMMENT ON FUNCTION fn_epoch_allocate(bytea, text, bigint, bigint, uuid, uuid) IS 'Next epoch number of a purse with its terms.';

-- T and S after an act on a purse that shows value v in an epoch with stored part S (card rules 3.4). Null: the purse
-- does not hold enough.
CREATE OR REPLACE FUNCTION fn_epoch_terms(p_kind text, p_purse text, p_value bigint, p_stored bigint, p_amount bigint)
RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_stored bigint := CASE p_purse WHEN 'consumption' THEN least(p_value, p_stored) ELSE p_value END;
    v_change bigint := CASE p_kind WHEN 'recharge' THEN p_amount WHEN 'withdraw' THEN -p_amount ELSE 0 END;
BEGIN
    IF v_stored + v_change < 0 THEN
        RETURN NULL;
    END IF;
    RETURN ARRAY[p_value + v_change, CASE p_purse WHEN 'consumption' THEN v_stored + v_change ELSE 0 END];
END
$$;
COMMENT ON FUNCTION fn_epoch_terms(text, text, bigint, bigint, bigint) IS 'Opening balance and stored part after an act.';

-- What one purse allows: ok, over_limit or short, with the numbers for the screen. p_debt_minor: the part of a recharge
-- that pays a debt and does not go on the card.
CREATE OR REPLACE FUNCTION fn_amount_check(p_kind text, p_purse text, p_amount bigint, p_debt_minor bigint, p_person_id uuid)
RETURNS TABLE (outcome text, extra jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_balance bigint;
    v_spendable bigint;
    v_limit bigint;
BEGIN
    SELECT coalesce(sum(balance_minor), 0), coalesce(sum(balance_minor) FILTER (WHERE kind <> 'subsidy'), 0)
      INTO v_balance, v_spendable FROM account WHERE person_id = p_person_id
       AND kind = ANY (CASE p_purse WHEN 'consumption' THEN ARRAY['stored', 'subsidy'] ELSE ARRAY[p_purse] END);
    SELECT CASE p_purse WHEN 'consumption' THEN consumption_limit_minor WHEN 'water' THEN water_limit_minor
           ELSE times_limit END INTO v_limit FROM site;
    outcome := 'ok';
    IF p_kind = 'recharge' AND p_amount > v_limit - v_balance + p_debt_minor THEN
        outcome := 'over_limit';
        extra := jsonb_build_object('purse', p_purse, 'limit_minor', v_limit, 'balance_minor', v_balance,
            'largest_minor', greatest(v_limit - v_balance, 0) + p_debt_minor);
    ELSIF p_kind = 'withdraw' AND p_amount > v_spendable THEN
        outcome := 'short';
        extra := jsonb_build_object('purse', p_purse, 'balance_minor', v_balance, 'largest_minor', v_spendable);
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_amount_check(text, text, bigint, bigint, uuid) IS
    'Limit or cover of one purse, with limit, balance and largest amount.';

-- p_act: {desk_id, key, request_sha256 hex, presentation_id, kind recharge|withdraw, consumption_minor, water_minor, times,
-- price_minor (of the times, as the screen says it), reverses, reason, step_up hex}.
CREATE OR REPLACE FUNCTION fn_operation_prepare(p_token_sha256 bytea, p_act jsonb)
RETURNS TABLE (outcome text, body jsonb, extra jsonb, status smallint, wake uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_begin record := fn_act_begin(p_token_sha256, 'money', p_act);
    v_key uuid := (p_act ->> 'key')::uuid;
    v_kind text := p_act ->> 'kind';
    v_desk_id uuid := (p_act ->> 'desk_id')::uuid;
    v_amounts jsonb := jsonb_strip_nulls(jsonb_build_object('consumption', p_act -> 'consumption_minor',
        'water', p_act -> 'water_minor', 'times', p_act -> 'times'));
    v_seen presentation := v_begin.seen;
    v_card card := v_begin.card;
    v_operation operation;
BEGIN
    outcome := v_begin.outcome;
    status := v_begin.status;
    body := v_begin.body;
    IF outcome = 'ok' THEN
        outcome := fn_card_money_check(v_card, v_seen, ARRAY(SELECT jsonb_object_keys(v_amounts)));
    END IF;
    IF outcome = 'ok' THEN
        SELECT c.outcome, c.extra INTO outcome, extra FROM fn_act_check(v_begin.operator_id, v_begin.session_id,
            v_card, v_amounts, p_act) c;
    END IF;
    IF outcome <> 'ok' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    outcome := 'done';
    IF p_act ? 'step_up' THEN
        PERFORM fn_step_up_use(decode(p_act ->> 'step_up', 'hex'), v_begin.session_id, v_key);
    END IF;
    INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, presentation_id, reverses, reason)
    VALUES (v_key, v_kind, 'prepared', v_card.id, v_card.uid, v_card.person_id, v_desk_id, v_begin.operator_id, v_seen.id,
        (p_act ->> 'reverses')::uuid, p_act ->> 'reason') RETURNING * INTO v_operation;
    PERFORM fn_legs_prepare(v_operation, v_amounts);
    UPDATE card SET ledger_version = ledger_version + 1 WHERE id = v_card.id;
    UPDATE site SET money_sealed_at = clock_timestamp() WHERE money_sealed_at IS NULL;
    PERFORM fn_operation_settle(v_key);
    body := fn_operation_body(v_key);
    INSERT INTO idempotency (principal, key, request_sha256, status, response)
    VALUES (v_begin.operator_id, v_key, decode(p_act ->> 'request_sha256', 'hex'), status, body);
    PERFORM fn_audit(v_begin.operator_id, NULL, 'operation.prepare', 'operation', v_key::text,
        jsonb_build_object('kind', v_kind, 'amounts', v_amounts, 'desk_id', v_desk_id, 'reverses', p_act -> 'reverses'),
        p_act ->> 'request_id');
    wake := fn_operation_tell(v_key);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_operation_prepare(bytea, jsonb) IS
    'Prepares a recharge or withdrawal of the card on a desk: done | replayed | the word of a refusal.';

-- Cash in a drawer that nobody waits for: what is in it, less what open withdrawals will pay out and what open recharges
-- may have to give back. The books see a drawer from outside, so cash in it is a negative sum.
CREATE OR REPLACE FUNCTION fn_drawer_free(p_desk_id uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((SELECT -fn_account_balance(id) FROM account WHERE desk_id = p_desk_id AND kind = 'cash'), 0)
         - coalesce((SELECT sum(CASE l.purse WHEN 'times' THEN l.price_minor ELSE l.amount_minor END)
                       FROM operation o JOIN leg l ON l.operation_id = o.id
                      WHERE o.desk_id = p_desk_id AND o.finished_at IS NULL AND l.state = 'P'), 0));
END
$$;
COMMENT ON FUNCTION fn_drawer_free(uuid) IS 'Cash of a drawer that is not promised to an open operation.';

-- Money for a number of times. An undo gives back what was paid then, whatever the price is now.
CREATE OR REPLACE FUNCTION fn_times_price(p_times bigint, p_reverses uuid) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((SELECT price_minor FROM leg WHERE operation_id = p_reverses AND purse = 'times' AND amount_minor = p_times),
        p_times * (SELECT times_price_minor FROM site)));
END
$$;
COMMENT ON FUNCTION fn_times_price(bigint, uuid) IS 'What a number of times costs, or did cost in the act undone.';

-- Amounts, drawer, reversal and second password of a money act. Times never go together with money.
CREATE OR REPLACE FUNCTION fn_act_check(p_operator_id uuid, p_session_id uuid, p_card card, p_amounts jsonb, p_act jsonb)
RETURNS TABLE (outcome text, extra jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_kind text := p_act ->> 'kind';
    v_purse text;
    v_amount bigint;
    v_cash bigint := 0;
    v_debt bigint := 0;
    v_part bigint := 0;
    v_site site;
BEGIN
    SELECT * INTO v_site FROM site;
    outcome := CASE WHEN p_act ->> 'reverses' IS NOT NULL
                    THEN fn_reversal_check(p_operator_id, p_card, (p_act ->> 'reverses')::uuid)
                    ELSE 'ok' END;
    IF outcome = 'ok' THEN
        outcome := CASE WHEN p_amounts = '{}' AND p_act ->> 'reverses' IS NOT NULL THEN 'not_reversible'
                        WHEN p_amounts = '{}' OR EXISTS (SELECT FROM jsonb_each_text(p_amounts) WHERE value::bigint <= 0)
                        THEN 'nothing_to_do'
                        WHEN p_amounts ? 'times' AND p_amounts <> jsonb_build_object('times', p_amounts -> 'times') THEN 'bad_field'
                        ELSE 'ok' END;
    END IF;
    IF outcome = 'ok' AND v_kind = 'recharge' THEN
        SELECT -balance_minor INTO v_debt FROM account WHERE person_id = p_card.person_id AND kind = 'debt';
    END IF;
    FOR v_purse, v_amount IN SELECT key, value::bigint FROM jsonb_each_text(p_amounts) WHERE outcome = 'ok' ORDER BY key LOOP
        v_part := CASE v_purse WHEN 'times' THEN 0 ELSE least(v_debt, v_amount) END;
        v_debt := v_debt - v_part;
        SELECT c.outcome, c.extra INTO outcome, extra
          FROM fn_amount_check(v_kind, v_purse, v_amount, v_part, p_card.person_id) c;
        EXIT WHEN outcome <> 'ok';
        v_cash := v_cash + CASE v_purse WHEN 'times' THEN fn_times_price(v_amount, (p_act ->> 'reverses')::uuid)
            ELSE v_amount END;
    END LOOP;
    -- The cashier takes or pays what the screen says, so nothing else is booked.
    IF outcome = 'ok' AND p_amounts ? 'times' AND (p_act ->> 'price_minor')::bigint <> v_cash THEN
        outcome := 'bad_field';
        extra := fn_field_error('/price_minor', 'changed', format('The price has changed: this costs %s minor units now.', v_cash))::jsonb;
    ELSIF outcome = 'ok' AND v_kind = 'withdraw' THEN
        IF NOT v_site.drawer_may_go_negative AND fn_drawer_free((p_act ->> 'desk_id')::uuid) < v_cash THEN
            outcome := 'drawer_short';
            extra := jsonb_build_object('needed_minor', v_cash, 'largest_minor',
                greatest(fn_drawer_free((p_act ->> 'desk_id')::uuid), 0));
        ELSIF v_cash > v_site.withdraw_step_up_minor
            AND NOT fn_step_up_valid(decode(p_act ->> 'step_up', 'hex'), p_session_id, (p_act ->> 'key')::uuid) THEN
            outcome := 'step_up_required';
            extra := jsonb_build_object('operation_id', p_act ->> 'key');
        END IF;
    END IF;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_act_check(uuid, uuid, card, jsonb, jsonb) IS
    'Whether amounts, drawer, reversal and second password of an act are in order.';

-- The cashier undoes their own act on the same business day; a supervisor any, any day.
CREATE OR REPLACE FUNCTION fn_reversal_check(p_operator_id uuid, p_card card, p_reverses uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_first operation;
BEGIN
    SELECT * INTO v_first FROM operation WHERE id = p_reverses;
    RETURN CASE
        WHEN v_first.id IS NULL THEN 'not_found'
        WHEN v_first.card_id <> p_card.id THEN 'card_changed'
        WHEN v_first.state <> 'completed' OR v_first.kind NOT IN ('recharge', 'withdraw') OR v_first.reverses IS NOT NULL
            THEN 'not_reversible'
        WHEN EXISTS (SELECT FROM operation WHERE reverses = p_reverses AND state <> 'aborted') THEN 'already_reversed'
        WHEN (v_first.operator_id <> p_operator_id OR fn_business_day(v_first.finished_at) <> fn_business_day(clock_timestamp()))
            AND NOT fn_operator_may(p_operator_id, 'money.reverse_any') THEN 'forbidden'
        ELSE 'ok' END;
END
$$;
COMMENT ON FUNCTION fn_reversal_check(uuid, card, uuid) IS 'Whether an operation may be undone by this operator on this card.';

CREATE OR REPLACE FUNCTION fn_business_day(p_at timestamptz) RETURNS date
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT ((p_at AT TIME ZONE time_zone) - day_starts_at::interval)::date FROM site);
END
$$;
COMMENT ON FUNCTION fn_business_day(timestamptz) IS 'Business day of a moment in the time zone of the site.';

-- Makes the legs with their epochs and moves the money into in_transit (R1). A debt is paid first, consumption before
-- water; a leg that is all debt needs no card write and is done at once.
CREATE OR REPLACE FUNCTION fn_legs_prepare(p_operation operation, p_amounts jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_purse text;
    v_amount bigint;
    v_debt bigint := 0;
    v_leg leg;
    v_card_purse card_purse;
    v_terms bigint[];
BEGIN
    IF p_operation.kind = 'recharge' THEN
        SELECT -balance_minor INTO v_debt FROM account WHERE person_id = p_operation.person_id AND kind = 'debt' FOR UPDATE;
    END IF;
    FOR v_purse, v_amount IN SELECT key, value::bigint FROM jsonb_each_text(p_amounts) ORDER BY key LOOP
        INSERT INTO leg (operation_id, purse, amount_minor, debt_minor, price_minor)
        VALUES (p_operation.id, v_purse, v_amount, CASE v_purse WHEN 'times' THEN 0 ELSE least(v_debt, v_amount) END,
            CASE v_purse WHEN 'times' THEN fn_times_price(v_amount, p_operation.reverses) ELSE 0 END) RETURNING * INTO v_leg;
        v_debt := v_debt - v_leg.debt_minor;
        PERFORM fn_leg_book(p_operation, v_leg);
        IF v_leg.debt_minor = v_amount AND v_amount > 0 THEN
            PERFORM fn_leg_prove(v_leg.id, 'no_write');
            CONTINUE;
        END IF;
        SELECT * INTO v_card_purse FROM card_purse WHERE uid = p_operation.uid AND purse = v_purse;
        v_terms := fn_epoch_terms(p_operation.kind, v_purse, v_card_purse.lowest_minor, v_card_purse.opening_stored_minor,
            v_amount - v_leg.debt_minor);
        PERFORM fn_epoch_allocate(p_operation.uid, v_purse, v_terms[1], v_terms[2], v_leg.id, NULL);
    END LOOP;
END
$$;
COMMENT ON FUNCTION fn_legs_prepare(operation, jsonb) IS 'Legs, epochs and the bookings into in_transit.';

CREATE OR REPLACE FUNCTION fn_leg_book(p_operation operation, p_leg leg) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_transit bigint := fn_account_person(p_operation.person_id, 'in_transit');
    v_count_transit bigint := fn_account_person(p_operation.person_id, 'in_transit_times');
BEGIN
    IF p_leg.purse = 'times' AND p_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(fn_account_drawer(p_operation.desk_id), v_transit, p_leg.price_minor, 'prepare', p_operation, p_leg.id);
        PERFORM fn_transfer(fn_account_site('times_issued'), v_count_transit, p_leg.amount_minor, 'prepare', p_operation, p_leg.id);
    ELSIF p_leg.purse = 'times' THEN
        PERFORM fn_transfer(fn_account_site('times_sales'), v_transit, p_leg.price_minor, 'prepare', p_operation, p_leg.id);
        PERFORM fn_transfer(fn_account_person(p_operation.person_id, 'times'), v_count_transit, p_leg.amount_minor, 'prepare',
            p_operation, p_leg.id);
    ELSIF p_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(fn_account_drawer(p_operation.desk_id), v_transit, p_leg.amount_minor, 'prepare', p_operation, p_leg.id);
    ELSE
        PERFORM fn_transfer(fn_account_person(p_operation.person_id, CASE p_leg.purse WHEN 'water' THEN 'water' ELSE 'stored' END),
            v_transit, p_leg.amount_minor, 'prepare', p_operation, p_leg.id);
    END IF;
END
$$;
COMMENT ON FUNCTION fn_leg_book(operation, leg) IS 'Moves the amount of a new leg into in_transit.';
