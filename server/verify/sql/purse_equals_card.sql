-- The purse accounts, with what open withdrawals hold of them, are the newest proven value of the card, split subsidy first.
-- Without a card that carries purses they are empty.
SELECT 'person ' || p.person_id AS row_, p.kind || ' is ' || p.booked || ' in the books and ' || p.proven || ' on the card' AS explanation
  FROM (SELECT a.person_id, a.kind, a.balance_minor + coalesce((
                   SELECT sum(l.amount_minor - l.spent_from_transit_minor) FROM operation o JOIN leg l ON l.operation_id = o.id
                    WHERE o.person_id = a.person_id AND o.kind = 'withdraw' AND o.finished_at IS NULL AND l.state = 'P'
                      AND l.purse = CASE a.kind WHEN 'stored' THEN 'consumption' ELSE a.kind END), 0) AS booked,
               coalesce((SELECT CASE a.kind WHEN 'stored' THEN least(c.lowest_minor, c.opening_stored_minor)
                                            WHEN 'subsidy' THEN greatest(c.lowest_minor - c.opening_stored_minor, 0)
                                            ELSE c.lowest_minor END
                   FROM card k JOIN card_purse c ON c.uid = k.uid
                    AND c.purse = CASE WHEN a.kind IN ('stored', 'subsidy') THEN 'consumption' ELSE a.kind END
                  WHERE k.person_id = a.person_id AND k.has_purses AND k.state IN ('active', 'damaged', 'lost')), 0) AS proven
          FROM account a WHERE a.person_id IS NOT NULL AND a.kind IN ('stored', 'subsidy', 'water', 'times')) p
 WHERE p.booked <> p.proven
