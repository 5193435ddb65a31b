-- A card is as its issue says: being issued while its leg is pending, in use once proven, free or scrapped once void. One that
-- was taken back is free, and scrapped only if its issue or its un-issue was given up.
SELECT 'card ' || c.id AS row_, 'is ' || c.state || ', its issue is ' || coalesce(l.state, 'missing') || coalesce(' by ' || l.decided_by, '')
       AS explanation
  FROM card c LEFT JOIN operation o ON o.id = c.id AND o.kind = 'issue' LEFT JOIN leg l ON l.operation_id = o.id
  LEFT JOIN (SELECT b.card_id, bool_or(k.decided_by = 'scrapped') AS scrapped, bool_or(k.state = 'C') AS proven
               FROM operation b JOIN leg k ON k.operation_id = b.id WHERE b.kind = 'unissue' GROUP BY b.card_id) u ON u.card_id = c.id
 WHERE CASE l.state WHEN 'P' THEN c.state <> 'issuing' WHEN 'C' THEN c.state = 'issuing'
               OR (c.state = 'scrapped') <> coalesce(u.scrapped, false) OR u.proven AND c.state <> 'cancelled'
           WHEN 'X' THEN c.state <> CASE l.decided_by WHEN 'scrapped' THEN 'scrapped' ELSE 'cancelled' END ELSE true END
