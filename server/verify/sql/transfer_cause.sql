-- The life of a leg names its leg, every in_transit entry names one too, and a drop names its chip.
SELECT 'transfer ' || t.id AS row_, 'of kind ' || t.kind || ' does not name what caused it' AS explanation
  FROM transfer t LEFT JOIN leg l ON l.id = t.leg_id
 WHERE CASE WHEN t.kind IN ('prepare', 'prove', 'void', 'debt_paid')
                 OR EXISTS (SELECT FROM entry e JOIN account a ON a.id = e.account_id
                             WHERE e.transfer_id = t.id AND a.kind IN ('in_transit', 'in_transit_times'))
            THEN l.id IS NULL OR l.operation_id IS DISTINCT FROM t.operation_id
            ELSE t.kind = 'spend' AND t.uid IS NULL END
