-- Epoch numbers of a purse are 1, 2, 3 …: every number ever allocated has its row.
SELECT 'chip ' || encode(e.uid, 'hex') || ' ' || e.purse AS row_, count(*) || ' epochs numbered ' || min(e.epoch_no) || ' to '
       || max(e.epoch_no) || coalesce(', and the highest allocated is said to be ' || c.highest_no, '') AS explanation
  FROM epoch e LEFT JOIN card_purse c ON c.uid = e.uid AND c.purse = e.purse
 GROUP BY e.uid, e.purse, c.highest_no
HAVING min(e.epoch_no) <> 1 OR max(e.epoch_no) <> count(*) OR max(e.epoch_no) <> coalesce(c.highest_no, max(e.epoch_no))
