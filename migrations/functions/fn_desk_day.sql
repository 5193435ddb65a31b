-- What the acts of one business day come to at a desk, as its screen sums it up. p_day null: the day that runs.
-- Counted by the day an act was begun on, so an act that is settled later changes the sum of its own day.
CREATE OR REPLACE FUNCTION fn_desk_day(p_desk_id uuid, p_day date)
RETURNS TABLE (outcome text, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    v_day date := coalesce(p_day, fn_business_day(clock_timestamp()));
    v_from timestamptz := fn_day_start(v_day);
    v_to timestamptz := fn_day_start(v_day + 1);
BEGIN
    IF NOT EXISTS (SELECT FROM desk d WHERE d.id = p_desk_id) THEN
        RETURN; -- no row: not found
    END IF;
    outcome := 'done';
    SELECT jsonb_build_object('day', v_day, 'acts', count(*), 'taken_minor', coalesce(sum(c.taken_minor), 0),
               'paid_minor', coalesce(sum(c.paid_minor), 0))::text
      INTO body
      FROM operation o CROSS JOIN LATERAL (
        SELECT sum(CASE l.purse WHEN 'times' THEN l.price_minor ELSE l.amount_minor END) FILTER (WHERE o.kind = 'recharge') AS taken_minor,
               sum(CASE l.purse WHEN 'times' THEN l.price_minor ELSE l.amount_minor END) FILTER (WHERE o.kind = 'withdraw') AS paid_minor
          FROM leg l WHERE l.operation_id = o.id AND l.state = 'C') c
     WHERE o.desk_id = p_desk_id AND o.created_at >= v_from AND o.created_at < v_to;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION fn_desk_day(uuid, date) IS 'Acts of a desk on one business day, and the cash that is taken in and paid out by them for good.';
