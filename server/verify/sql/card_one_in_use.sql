-- A chip is one card in use, and a person has one card with purses.
SELECT 'chip ' || encode(c.uid, 'hex') AS row_, count(*) || ' cards in use' AS explanation
  FROM card c WHERE c.state IN ('issuing', 'active', 'damaged', 'lost') GROUP BY c.uid HAVING count(*) > 1
UNION ALL
SELECT 'person ' || c.person_id, count(*) || ' cards with purses'
  FROM card c WHERE c.has_purses AND c.state IN ('issuing', 'active', 'damaged', 'lost') GROUP BY c.person_id HAVING count(*) > 1
