-- The first transfer seals the currency, the first plan of an issue what cards and keys are made of.
SELECT 'site' AS row_, 'money was moved, but the currency is not sealed' AS explanation
  FROM site WHERE money_sealed_at IS NULL AND EXISTS (SELECT FROM transfer)
UNION ALL
SELECT 'site', 'a card may have been written, but site number, start sector and password are not sealed'
  FROM site WHERE cards_sealed_at IS NULL AND EXISTS (
      SELECT FROM operation o JOIN plan p ON p.operation_id = o.id AND p.kind = 'operation' WHERE o.kind = 'issue')
