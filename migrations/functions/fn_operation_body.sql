-- An operation as the API shows it.
CREATE OR REPLACE FUNCTION fn_operation_body(p_operation_id uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('id', o.id, 'kind', o.kind, 'state', o.state,
        'cancel_requested', o.cancel_requested_at IS NOT NULL, 'desk_id', o.desk_id, 'reverses', o.reverses,
        'reversed_by', (SELECT r.id FROM operation r WHERE r.reverses = o.id AND r.state <> 'aborted'),
        'reason', o.reason, 'created_at', o.created_at, 'finished_at', o.finished_at,
        'card', jsonb_build_object('id', c.id, 'card_no', c.card_no, 'printed_no', c.printed_no, 'state', c.state),
        'person', jsonb_build_object('id', p.id, 'name', p.name),
        'operator', jsonb_build_object('id', a.id, 'name', a.name), 'legs', l.legs,
        'cash_to_take_minor', CASE WHEN o.kind = 'recharge' THEN l.given_minor ELSE 0 END,
        'cash_to_return_minor', CASE WHEN o.kind = 'recharge' THEN l.void_minor ELSE 0 END,
        'cash_to_pay_minor', CASE WHEN o.kind = 'withdraw' THEN l.proven_minor ELSE 0 END)
      FROM operation o JOIN card c ON c.id = o.card_id JOIN person p ON p.id = o.person_id
      JOIN operator a ON a.id = o.operator_id
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'purse', g.purse, 'state', g.state, 'amount_minor', g.amount_minor,
                   'debt_minor', g.debt_minor, 'price_minor', g.price_minor, 'decided_by', g.decided_by)
                   ORDER BY g.purse), '[]') AS legs,
               coalesce(sum(g.cash_minor), 0) AS given_minor,
               coalesce(sum(g.cash_minor) FILTER (WHERE g.state = 'X'), 0) AS void_minor,
               coalesce(sum(g.cash_minor) FILTER (WHERE g.state = 'C'), 0) AS proven_minor
          FROM (SELECT *, CASE WHEN purse = 'times' THEN price_minor ELSE amount_minor END AS cash_minor
                  FROM leg WHERE operation_id = o.id) g) l
     WHERE o.id = p_operation_id);
END
$$;
COMMENT ON FUNCTION fn_operation_body(uuid) IS 'An operation with its legs and what to do with the cash.';
