-- An entry that was written again, if only with what it held; seen by the counters and by its transaction.
UPDATE entry SET amount_minor = amount_minor WHERE transfer_id = (SELECT min(id) FROM transfer) AND amount_minor > 0;
SELECT 'record_unchanged: table entry' UNION ALL SELECT 'record_unchanged: transfer ' || min(id) FROM transfer;
