-- The only writers of the ledger. Not callable by the server itself: the money functions call them as owner.

CREATE OR REPLACE FUNCTION fn_accounts_open(p_person_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO account (kind, unit, person_id, balance_minor)
    SELECT kind, unit, p_person_id, 0
    FROM (VALUES ('stored', 'money'), ('subsidy', 'money'), ('water', 'money'), ('deposit', 'money'), ('in_transit', 'money'),
        ('uncollected', 'money'), ('debt', 'money'), ('times', 'count'), ('in_transit_times', 'count'),
        ('uncollected_times', 'count')) AS k (kind, unit)
    ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION fn_accounts_open(uuid) IS 'Makes the accounts of a person that are missing.';

CREATE OR REPLACE FUNCTION fn_account_person(p_person_id uuid, p_kind text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT id FROM account WHERE person_id = p_person_id AND kind = p_kind);
END
$$;
COMMENT ON FUNCTION fn_account_person(uuid, text) IS 'Number of an account of a person.';

CREATE OR REPLACE FUNCTION fn_account_site(p_kind text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT id FROM account WHERE kind = p_kind AND person_id IS NULL AND desk_id IS NULL);
END
$$;
COMMENT ON FUNCTION fn_account_site(text) IS 'Number of an account of the site.';

-- The drawer of a desk; made at its first use.
CREATE OR REPLACE FUNCTION fn_account_drawer(p_desk_id uuid) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_id bigint;
BEGIN
    SELECT id INTO v_id FROM account WHERE desk_id = p_desk_id AND kind = 'cash';
    IF v_id IS NULL THEN
        INSERT INTO account (kind, unit, desk_id) VALUES ('cash', 'money', p_desk_id) ON CONFLICT DO NOTHING;
        SELECT id INTO v_id FROM account WHERE desk_id = p_desk_id AND kind = 'cash';
    END IF;
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION fn_account_drawer(uuid) IS 'Number of the cash account of a desk.';

CREATE OR REPLACE FUNCTION fn_account_balance(p_account_id bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(a.balance_minor, coalesce(r.balance_minor, 0) + coalesce((
        SELECT sum(e.amount_minor) FROM entry e
         WHERE e.account_id = a.id AND e.account_version IS NULL AND e.transfer_id > coalesce(r.through_transfer_id, 0)), 0))
      FROM account a LEFT JOIN account_roll_up r ON r.account_id = a.id WHERE a.id = p_account_id);
END
$$;
COMMENT ON FUNCTION fn_account_balance(bigint) IS 'Balance of any account: kept for people, summed for drawers and the site.';

-- Once an hour: sums drawer and site accounts up to transfers so old that none below can still be committing.
CREATE OR REPLACE FUNCTION fn_accounts_roll_up() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_through bigint;
BEGIN
    IF EXISTS (SELECT FROM account_roll_up WHERE at > clock_timestamp() - interval '1 hour') THEN
        RETURN;
    END IF;
    SELECT max(id) INTO v_through FROM transfer WHERE created_at < clock_timestamp() - interval '1 hour';
    IF v_through IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO account_roll_up (account_id, through_transfer_id, balance_minor)
    SELECT a.id, v_through, coalesce(r.balance_minor, 0) + coalesce(sum(e.amount_minor), 0)
      FROM account a LEFT JOIN account_roll_up r ON r.account_id = a.id
      LEFT JOIN entry e ON e.account_id = a.id AND e.account_version IS NULL
           AND e.transfer_id > coalesce(r.through_transfer_id, 0) AND e.transfer_id <= v_through
     WHERE a.id IN (SELECT id FROM account WHERE desk_id IS NOT NULL
                    UNION ALL SELECT id FROM account WHERE person_id IS NULL AND desk_id IS NULL)
     GROUP BY a.id, r.balance_minor
    ON CONFLICT (account_id) DO UPDATE SET through_transfer_id = excluded.through_transfer_id,
        balance_minor = excluded.balance_minor, at = clock_timestamp();
END
$$;
COMMENT ON FUNCTION fn_accounts_roll_up() IS 'Shortens the sums of accounts that keep no balance, once an hour.';

-- Moves an amount; 0 is nothing. A balance that would leave its bounds is a fault of the caller: the CHECK raises.
CREATE OR REPLACE FUNCTION fn_transfer(p_source_id bigint, p_target_id bigint, p_amount_minor bigint, p_kind text,
    p_cause operation, p_leg_id uuid) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_amount_minor = 0 THEN
        RETURN;
    END IF;
    IF p_amount_minor < 0 OR p_source_id IS NULL OR p_target_id IS NULL OR p_source_id = p_target_id THEN
        RAISE EXCEPTION 'transfer of % from % to %', p_amount_minor, p_source_id, p_target_id;
    END IF;
    WITH moved AS (
        INSERT INTO transfer (kind, operation_id, leg_id, uid, operator_id, event_at)
        VALUES (p_kind, p_cause.id, p_leg_id, p_cause.uid, p_cause.operator_id, clock_timestamp()) RETURNING id
    ), kept AS (
        UPDATE account SET version = version + 1,
               balance_minor = balance_minor + CASE id WHEN p_source_id THEN -p_amount_minor ELSE p_amount_minor END
         WHERE id IN (p_source_id, p_target_id) AND balance_minor IS NOT NULL RETURNING id, version, balance_minor
    )
    INSERT INTO entry (transfer_id, account_id, amount_minor, account_version, balance_before_minor, balance_after_minor)
    SELECT m.id, side.account_id, side.amount_minor, k.version, k.balance_minor - side.amount_minor, k.balance_minor
      FROM moved m CROSS JOIN (VALUES (p_source_id, -p_amount_minor), (p_target_id, p_amount_minor)) AS side (account_id, amount_minor)
      LEFT JOIN kept k ON k.id = side.account_id;
END
$$;
COMMENT ON FUNCTION fn_transfer(bigint, bigint, bigint, text, operation, uuid) IS
    'Books one transfer of two entries: source, target, amount, kind, the operation and leg that caused it.';
