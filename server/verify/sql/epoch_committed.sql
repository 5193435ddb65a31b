-- The purse row of a chip is its newest proven epoch, and nothing older is open any more.
SELECT 'chip ' || encode(e.uid, 'hex') || ' ' || e.purse AS row_, 'newest proven epoch ' || coalesce(e.newest::text, 'none')
       || ', oldest open ' || coalesce(e.oldest::text, 'none') || ', purse row ' || coalesce(c.committed_no || ' with T '
       || c.opening_minor || ', S ' || c.opening_stored_minor || ', L ' || c.lowest_minor, 'missing') AS explanation
  FROM (SELECT uid, purse, max(epoch_no) FILTER (WHERE state = 'proven') AS newest, min(epoch_no) FILTER (WHERE state = 'open') AS oldest
          FROM epoch GROUP BY uid, purse) e
  LEFT JOIN card_purse c ON c.uid = e.uid AND c.purse = e.purse
  LEFT JOIN epoch n ON n.uid = e.uid AND n.purse = e.purse AND n.epoch_no = e.newest
 WHERE e.newest IS DISTINCT FROM c.committed_no OR e.oldest < e.newest OR (n.opening_minor, n.opening_stored_minor, n.lowest_minor)
       IS DISTINCT FROM (c.opening_minor, c.opening_stored_minor, c.lowest_minor)
