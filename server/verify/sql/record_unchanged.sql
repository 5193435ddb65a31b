-- Nothing in the tables of record was ever updated or deleted, as far as the database remembers: its counters (which a
-- crash or a restore sets back to zero) count no change, and the two entries of a transfer were written by one transaction,
-- which an update of one of them would end. Removal of whole transfers shows in the numbering of person accounts and in
-- what legs must have booked.
SELECT 'table ' || s.relname AS row_, s.n_tup_upd || ' rows were updated and ' || s.n_tup_del || ' deleted' AS explanation
  FROM pg_stat_user_tables s
 WHERE s.schemaname = 'public' AND s.relname IN ('transfer', 'entry', 'audit') AND s.n_tup_upd + s.n_tup_del > 0
UNION ALL
SELECT 'transfer ' || e.transfer_id, 'its entries were not written together'
  FROM entry e GROUP BY e.transfer_id HAVING count(*) = 2 AND count(DISTINCT e.xmin::text) > 1
