-- How a leg ends: proven on the card, or void. Only evidence calls these; the card row is locked by the caller.

CREATE OR REPLACE FUNCTION fn_leg_prove(p_leg_id uuid, p_by text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg leg;
    v_operation operation;
    v_transit bigint;
BEGIN
    UPDATE leg SET state = 'C', decided_by = p_by, decided_at = clock_timestamp() WHERE id = p_leg_id AND state = 'P'
    RETURNING * INTO v_leg;
    IF NOT FOUND THEN
        RETURN; -- R8: proof is set once
    END IF;
    SELECT * INTO v_operation FROM operation WHERE id = v_leg.operation_id;
    v_transit := fn_account_person(v_operation.person_id, 'in_transit');
    IF v_operation.kind = 'issue' THEN
        UPDATE card SET state = 'active', version = version + 1 WHERE id = v_operation.card_id;
        UPDATE site SET cards_sealed_at = clock_timestamp() WHERE cards_sealed_at IS NULL;
    ELSIF v_operation.kind = 'unissue' THEN
        PERFORM fn_unissue_prove(v_operation);
    ELSIF v_leg.purse = 'times' THEN
        PERFORM fn_times_prove(v_operation, v_leg, v_transit);
    ELSIF v_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(v_transit, fn_account_person(v_operation.person_id, 'debt'), v_leg.debt_minor, 'debt_paid',
            v_operation, p_leg_id);
        PERFORM fn_transfer(v_transit, fn_account_person(v_operation.person_id,
            CASE v_leg.purse WHEN 'water' THEN 'water' ELSE 'stored' END), v_leg.amount_minor - v_leg.debt_minor, 'prove',
            v_operation, p_leg_id);
    ELSE
        PERFORM fn_transfer(v_transit, fn_account_drawer(v_operation.desk_id),
            v_leg.amount_minor - v_leg.spent_from_transit_minor, 'prove', v_operation, p_leg_id);
    END IF;
END
$$;
COMMENT ON FUNCTION fn_leg_prove(uuid, text) IS 'The leg is on the card: P to C, with its bookings.';

CREATE OR REPLACE FUNCTION fn_times_prove(p_operation operation, p_leg leg, p_transit bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_count_transit bigint := fn_account_person(p_operation.person_id, 'in_transit_times');
BEGIN
    IF p_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(p_transit, fn_account_site('times_sales'), p_leg.price_minor, 'prove', p_operation, p_leg.id);
        PERFORM fn_transfer(v_count_transit, fn_account_person(p_operation.person_id, 'times'), p_leg.amount_minor, 'prove',
            p_operation, p_leg.id);
    ELSE
        PERFORM fn_transfer(p_transit, fn_account_drawer(p_operation.desk_id), p_leg.price_minor, 'prove', p_operation,
            p_leg.id);
        PERFORM fn_transfer(v_count_transit, fn_account_site('times_issued'),
            p_leg.amount_minor - p_leg.spent_from_transit_minor, 'prove', p_operation, p_leg.id);
    END IF;
END
$$;
COMMENT ON FUNCTION fn_times_prove(operation, leg, bigint) IS 'Bookings of a proven leg of times: money and count.';

CREATE OR REPLACE FUNCTION fn_leg_void(p_leg_id uuid, p_by text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg leg;
    v_operation operation;
    v_back bigint;
    v_transit bigint;
BEGIN
    UPDATE leg SET state = 'X', decided_by = p_by, decided_at = clock_timestamp() WHERE id = p_leg_id AND state = 'P'
    RETURNING * INTO v_leg;
    IF NOT FOUND THEN
        RETURN; -- receipts are set once; for a decided leg they change nothing
    END IF;
    SELECT * INTO v_operation FROM operation WHERE id = v_leg.operation_id;
    UPDATE epoch SET state = 'void' WHERE leg_id = p_leg_id AND state = 'open';
    v_back := v_leg.amount_minor - v_leg.spent_from_transit_minor;
    v_transit := fn_account_person(v_operation.person_id, 'in_transit');
    IF v_operation.kind = 'issue' THEN
        -- Scrapped for ever (R32) unless nothing was ever written: then the card is still blank and free (R35).
        UPDATE card SET state = CASE p_by WHEN 'scrapped' THEN 'scrapped' ELSE 'cancelled' END, version = version + 1
         WHERE id = v_operation.card_id;
    ELSIF v_operation.kind = 'unissue' THEN
        -- Burnt: nothing was written, the card stays its holder's. Scrapped: half wiped, for ever (R32).
        UPDATE card SET state = 'scrapped', version = version + 1 WHERE id = v_operation.card_id AND p_by = 'scrapped';
    ELSIF v_leg.purse = 'times' AND v_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(v_transit, fn_account_drawer(v_operation.desk_id), v_leg.price_minor, 'void', v_operation, p_leg_id);
        PERFORM fn_transfer(fn_account_person(v_operation.person_id, 'in_transit_times'), fn_account_site('times_issued'),
            v_leg.amount_minor, 'void', v_operation, p_leg_id);
    ELSIF v_leg.purse = 'times' THEN
        PERFORM fn_transfer(v_transit, fn_account_site('times_sales'), v_leg.price_minor, 'void', v_operation, p_leg_id);
        PERFORM fn_transfer(fn_account_person(v_operation.person_id, 'in_transit_times'),
            fn_account_person(v_operation.person_id, 'times'), v_back, 'void', v_operation, p_leg_id);
    ELSIF v_operation.kind = 'recharge' THEN
        PERFORM fn_transfer(v_transit, fn_account_drawer(v_operation.desk_id), v_leg.amount_minor, 'void', v_operation, p_leg_id);
    ELSE
        PERFORM fn_transfer(v_transit, fn_account_person(v_operation.person_id,
            CASE v_leg.purse WHEN 'water' THEN 'water' ELSE 'stored' END), v_back, 'void', v_operation, p_leg_id);
    END IF;
END
$$;
COMMENT ON FUNCTION fn_leg_void(uuid, text) IS 'The leg never will be on the card: P to X, with its bookings back.';

-- Once no leg is P the operation is over: completed if any leg is on the card, aborted if none.
CREATE OR REPLACE FUNCTION fn_operation_settle(p_operation_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE operation SET finished_at = clock_timestamp(),
           state = CASE WHEN EXISTS (SELECT FROM leg WHERE operation_id = p_operation_id AND state = 'C')
                        THEN 'completed' ELSE 'aborted' END
     WHERE id = p_operation_id AND finished_at IS NULL
       AND NOT EXISTS (SELECT FROM leg WHERE operation_id = p_operation_id AND state = 'P');
END
$$;
COMMENT ON FUNCTION fn_operation_settle(uuid) IS 'Finishes an operation whose legs are all decided.';

-- All plans of an operation burnt, or none handed out, and a void asked for: nothing can reach the card any more (R14).
CREATE OR REPLACE FUNCTION fn_operation_void_if_burnt(p_operation_id uuid) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_leg_id uuid;
BEGIN
    IF NOT EXISTS (SELECT FROM operation WHERE id = p_operation_id AND cancel_requested_at IS NOT NULL AND finished_at IS NULL)
        OR EXISTS (SELECT FROM plan WHERE operation_id = p_operation_id AND kind = 'operation' AND burnt_at IS NULL) THEN
        RETURN false;
    END IF;
    FOR v_leg_id IN SELECT id FROM leg WHERE operation_id = p_operation_id AND state = 'P' LOOP
        PERFORM fn_leg_void(v_leg_id, 'burnt');
    END LOOP;
    PERFORM fn_operation_settle(p_operation_id);
    RETURN true;
END
$$;
COMMENT ON FUNCTION fn_operation_void_if_burnt(uuid) IS 'Voids by receipts, if every plan ever handed out is burnt.';

-- Value the card had when the plan of an epoch compared its guard: T without what the leg changes.
CREATE OR REPLACE FUNCTION fn_epoch_base(p_epoch epoch) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT p_epoch.opening_minor - coalesce((SELECT CASE o.kind WHEN 'recharge' THEN l.amount_minor - l.debt_minor
                                                  WHEN 'withdraw' THEN -l.amount_minor ELSE 0 END
      FROM leg l JOIN operation o ON o.id = l.operation_id WHERE l.id = p_epoch.leg_id), 0));
END
$$;
COMMENT ON FUNCTION fn_epoch_base(epoch) IS 'What a purse held directly before an epoch was written.';

-- An epoch was proven: it becomes the committed one with L = T, and older open ones can never apply any more, nor a fence
-- against the leg that applied. A drop below T is booked by fn_purse_lower afterwards.
CREATE OR REPLACE FUNCTION fn_epoch_prove(p_uid bytea, p_purse text, p_epoch_no bigint, p_by text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_epoch epoch;
    v_leg_id uuid;
BEGIN
    SELECT * INTO v_epoch FROM epoch WHERE uid = p_uid AND purse = p_purse AND epoch_no = p_epoch_no AND state = 'open';
    IF NOT FOUND OR NOT fn_epoch_follows(v_epoch) THEN
        RETURN;
    END IF;
    UPDATE epoch SET state = 'proven', lowest_minor = opening_minor
     WHERE uid = p_uid AND purse = p_purse AND epoch_no = p_epoch_no;
    PERFORM fn_purse_raise(p_uid, p_purse, fn_epoch_base(v_epoch));
    INSERT INTO card_purse AS c (uid, purse, committed_no, highest_no, opening_minor, opening_stored_minor, lowest_minor,
        lowest_ordered_minor)
    VALUES (p_uid, p_purse, p_epoch_no, p_epoch_no, v_epoch.opening_minor, v_epoch.opening_stored_minor, v_epoch.opening_minor,
        v_epoch.opening_minor)
    ON CONFLICT (uid, purse) DO UPDATE SET committed_no = excluded.committed_no,
        highest_no = greatest(c.highest_no, excluded.committed_no), opening_minor = excluded.opening_minor,
        opening_stored_minor = excluded.opening_stored_minor, lowest_minor = excluded.lowest_minor,
        lowest_ordered_minor = excluded.lowest_ordered_minor
     WHERE c.committed_no < excluded.committed_no;
    UPDATE epoch SET state = 'void' WHERE uid = p_uid AND purse = p_purse AND epoch_no < p_epoch_no AND state = 'open';
    IF v_epoch.leg_id IS NOT NULL THEN
        PERFORM fn_leg_prove(v_epoch.leg_id, p_by);
        UPDATE epoch SET state = 'void' WHERE uid = p_uid AND purse = p_purse AND state = 'open' AND (leg_id = v_epoch.leg_id
            OR fence_id IN (SELECT f.id FROM fence f JOIN leg l ON l.operation_id = f.operation_id WHERE l.id = v_epoch.leg_id));
    ELSE
        FOR v_leg_id IN
            SELECT l.id FROM fence f JOIN leg l ON l.operation_id = f.operation_id
             WHERE f.id = v_epoch.fence_id AND l.purse = p_purse AND l.state = 'P'
        LOOP
            PERFORM fn_leg_void(v_leg_id, 'fence');
        END LOOP;
        UPDATE fence SET state = 'C' WHERE id = v_epoch.fence_id
           AND NOT EXISTS (SELECT FROM epoch WHERE fence_id = v_epoch.fence_id AND state = 'open');
    END IF;
END
$$;
COMMENT ON FUNCTION fn_epoch_prove(bytea, text, bigint, text) IS
    'An epoch is on the card: commits its leg or fence, and makes it the newest proven one.';

-- Whether an epoch can follow what is proven: its guard compared the committed value, or one above it that a marginal slot
-- hid for a moment, but never above T. A report that says otherwise is false, and makes a case instead of a booking.
CREATE OR REPLACE FUNCTION fn_epoch_follows(p_epoch epoch) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_base bigint := fn_epoch_base(p_epoch);
    v_purse card_purse;
BEGIN
    SELECT * INTO v_purse FROM card_purse WHERE uid = p_epoch.uid AND purse = p_epoch.purse;
    IF v_purse.uid IS NULL OR v_base BETWEEN v_purse.lowest_minor AND v_purse.opening_minor THEN
        RETURN true;
    END IF;
    PERFORM fn_case_open(fn_card_by_uid(p_epoch.uid), p_epoch.purse, 'record_conflict', jsonb_build_object('epoch_no', p_epoch.epoch_no,
        'written_over_minor', v_base), NULL);
    RETURN false;
END
$$;
COMMENT ON FUNCTION fn_epoch_follows(epoch) IS 'Whether an epoch said to be written fits the newest proven value; else a case.';

-- A write that is proven compared its guard with a higher value than a plain reading had shown before: that reading came
-- from a marginal slot (or the card was rolled back). The drop booked for it goes back, first to what an open withdrawal
-- lost by it, and a case says so. A first issue has no purse yet.
CREATE OR REPLACE FUNCTION fn_purse_raise(p_uid bytea, p_purse text, p_base_minor bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_card card := fn_card_by_uid(p_uid);
    v_purse card_purse;
    v_leg leg;
    v_cause operation;
    v_suffix text := CASE p_purse WHEN 'times' THEN '_times' ELSE '' END;
    v_source bigint := fn_account_person(v_card.person_id, 'uncollected' || v_suffix);
    v_rise bigint;
    v_part bigint := 0;
BEGIN
    SELECT * INTO v_purse FROM card_purse WHERE uid = p_uid AND purse = p_purse;
    v_rise := p_base_minor - v_purse.lowest_minor;
    IF v_rise IS NULL OR v_rise <= 0 THEN
        RETURN;
    END IF;
    PERFORM fn_case_open(v_card, p_purse, CASE WHEN p_base_minor > v_purse.lowest_ordered_minor THEN 'rollback' ELSE 'value_rose' END,
        jsonb_build_object('shown_minor', v_purse.lowest_minor, 'written_over_minor', p_base_minor), NULL);
    v_cause.uid := p_uid;
    IF p_purse = 'consumption' THEN
        v_part := greatest(p_base_minor - v_purse.opening_stored_minor, 0)
            - greatest(v_purse.lowest_minor - v_purse.opening_stored_minor, 0);
        PERFORM fn_transfer(v_source, fn_account_person(v_card.person_id, 'subsidy'), v_part, 'correction', v_cause, NULL);
        v_rise := v_rise - v_part;
    END IF;
    SELECT l.* INTO v_leg FROM operation o JOIN leg l ON l.operation_id = o.id
     WHERE o.uid = p_uid AND o.kind = 'withdraw' AND o.finished_at IS NULL AND l.purse = p_purse AND l.state = 'P';
    v_part := least(v_rise, coalesce(v_leg.spent_from_transit_minor, 0));
    IF v_part > 0 THEN
        SELECT * INTO v_cause FROM operation WHERE id = v_leg.operation_id;
        PERFORM fn_transfer(v_source, fn_account_person(v_card.person_id, 'in_transit' || v_suffix), v_part, 'correction',
            v_cause, v_leg.id);
        UPDATE leg SET spent_from_transit_minor = spent_from_transit_minor - v_part WHERE id = v_leg.id;
    END IF;
    PERFORM fn_transfer(v_source, fn_account_person(v_card.person_id, CASE p_purse WHEN 'consumption' THEN 'stored' ELSE p_purse END),
        v_rise - v_part, 'correction', v_cause, NULL);
    UPDATE epoch SET lowest_minor = p_base_minor WHERE uid = p_uid AND purse = p_purse AND epoch_no = v_purse.committed_no;
    UPDATE card_purse SET lowest_minor = p_base_minor, lowest_ordered_minor = greatest(lowest_ordered_minor, p_base_minor)
     WHERE uid = p_uid AND purse = p_purse;
END
$$;
COMMENT ON FUNCTION fn_purse_raise(bytea, text, bigint) IS
    'Takes back a drop that a proven write contradicts: uncollected to purse, with a case.';

-- The card shows less than was proven: the holder spent it. Subsidy first, which the split of T and S gives by itself.
-- What a still open withdrawal holds in transit belongs to the card until it is proven (design of the ledger).
CREATE OR REPLACE FUNCTION fn_purse_lower(p_card card, p_purse text, p_value_minor bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_purse card_purse;
    v_leg leg;
    v_cause operation;
    v_held bigint := 0;
    v_stored_kind text := CASE p_purse WHEN 'consumption' THEN 'stored' ELSE p_purse END;
    v_suffix text := CASE p_purse WHEN 'times' THEN '_times' ELSE '' END;
    v_target bigint := fn_account_person(p_card.person_id, 'uncollected' || v_suffix);
    v_source bigint;
    v_drop bigint;
    v_taken bigint;
BEGIN
    SELECT * INTO v_purse FROM card_purse WHERE uid = p_card.uid AND purse = p_purse;
    IF p_value_minor >= v_purse.lowest_minor THEN
        RETURN;
    END IF;
    SELECT l.* INTO v_leg FROM operation o JOIN leg l ON l.operation_id = o.id
     WHERE o.uid = p_card.uid AND o.kind = 'withdraw' AND o.finished_at IS NULL AND l.purse = p_purse AND l.state = 'P';
    v_cause.uid := p_card.uid;
    v_drop := v_purse.lowest_minor - p_value_minor;
    IF p_purse = 'consumption' THEN
        v_source := fn_account_person(p_card.person_id, 'subsidy');
        v_taken := greatest(v_purse.lowest_minor - v_purse.opening_stored_minor, 0)
            - greatest(p_value_minor - v_purse.opening_stored_minor, 0);
        PERFORM fn_transfer(v_source, v_target, v_taken, 'spend', v_cause, NULL);
        v_drop := v_drop - v_taken;
    END IF;
    v_source := fn_account_person(p_card.person_id, v_stored_kind);
    SELECT least(v_drop, balance_minor) INTO v_taken FROM account WHERE id = v_source;
    PERFORM fn_transfer(v_source, v_target, v_taken, 'spend', v_cause, NULL);
    v_held := v_drop - v_taken;
    IF v_held > 0 THEN
        -- More is gone than the purse account holds: it comes out of the open withdrawal, which then can only be voided.
        SELECT * INTO v_cause FROM operation WHERE id = v_leg.operation_id;
        PERFORM fn_transfer(fn_account_person(p_card.person_id, 'in_transit' || v_suffix), v_target, v_held, 'spend', v_cause,
            v_leg.id);
        UPDATE leg SET spent_from_transit_minor = spent_from_transit_minor + v_held WHERE id = v_leg.id;
        UPDATE operation SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()) WHERE id = v_leg.operation_id;
    END IF;
    UPDATE card_purse SET lowest_minor = p_value_minor WHERE uid = p_card.uid AND purse = p_purse;
    UPDATE epoch SET lowest_minor = p_value_minor
     WHERE uid = p_card.uid AND purse = p_purse AND epoch_no = v_purse.committed_no;
END
$$;
COMMENT ON FUNCTION fn_purse_lower(card, text, bigint) IS 'Books what was spent off line: purse to uncollected, and L to the value seen.';
