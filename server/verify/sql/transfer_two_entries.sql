-- Every transfer has exactly two entries.
SELECT 'transfer ' || t.id AS row_, 'has ' || count(e.transfer_id) || ' entries instead of 2' AS explanation
  FROM transfer t LEFT JOIN entry e ON e.transfer_id = t.id
 GROUP BY t.id HAVING count(e.transfer_id) <> 2
