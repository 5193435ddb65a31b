-- A card is as its issue says: being issued while its leg is pending, in use once proven, free or scrapped once void.
SELECT 'card ' || c.id AS row_, 'is ' || c.state || ', its issue is ' || coalesce(l.state, 'missing') || coalesce(' by ' || l.decided_by, '')
       AS explanation
  FROM card c LEFT JOIN operation o ON o.id = c.id AND o.kind = 'issue' LEFT JOIN leg l ON l.operation_id = o.id
 WHERE CASE l.state WHEN 'P' THEN c.state <> 'issuing' WHEN 'C' THEN c.state IN ('issuing', 'scrapped')
           WHEN 'X' THEN c.state <> CASE l.decided_by WHEN 'scrapped' THEN 'scrapped' ELSE 'cancelled' END ELSE true END
