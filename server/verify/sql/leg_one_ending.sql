-- A pending leg has no ending in the books, a proven one only that of a proof, a void one only that of a void.
SELECT 'leg ' || l.id AS row_, 'is ' || l.state || ' and has transfers ' || string_agg(DISTINCT t.kind, ', ') AS explanation
  FROM leg l JOIN transfer t ON t.leg_id = l.id AND t.kind IN ('prove', 'debt_paid', 'void')
 WHERE CASE l.state WHEN 'P' THEN true WHEN 'C' THEN t.kind = 'void' ELSE t.kind <> 'void' END
 GROUP BY l.id, l.state
