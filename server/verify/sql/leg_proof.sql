-- A proven leg has one proven epoch of each purse it writes, or needs none because it was all debt or wiped the card; no other
-- leg has any.
SELECT 'leg ' || l.id AS row_, 'is ' || l.state || coalesce(' by ' || l.decided_by, '') || ' and has ' || p.count
       || ' proven epochs instead of ' || x.wanted AS explanation
  FROM leg l JOIN operation o ON o.id = l.operation_id
 CROSS JOIN LATERAL (SELECT count(*) AS count FROM epoch e WHERE e.leg_id = l.id AND e.state = 'proven') p
 CROSS JOIN LATERAL (SELECT CASE WHEN l.decided_by = 'no_write' OR o.kind = 'unissue' THEN 0 WHEN l.purse IS NULL THEN 3 ELSE 1 END AS wanted) x
 WHERE l.state <> 'X' AND p.count <> CASE l.state WHEN 'C' THEN x.wanted ELSE 0 END
