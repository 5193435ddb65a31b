-- Every entry belongs to a transfer and an account; person accounts number their entries, others do not.
SELECT 'entry of transfer ' || e.transfer_id || ' on account ' || e.account_id AS row_,
       CASE WHEN t.id IS NULL THEN 'there is no such transfer' WHEN a.id IS NULL THEN 'there is no such account'
            ELSE 'is numbered on an account that keeps no balance, or not numbered on one that does' END AS explanation
  FROM entry e LEFT JOIN transfer t ON t.id = e.transfer_id LEFT JOIN account a ON a.id = e.account_id
 WHERE t.id IS NULL OR a.id IS NULL OR (e.account_version IS NULL) <> (a.balance_minor IS NULL)
