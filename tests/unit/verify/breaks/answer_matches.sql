-- A kept answer that is not that of its act.
UPDATE idempotency SET response = jsonb_set(response, '{legs,0,amount_minor}', '1') WHERE key = t.id('w1');
SELECT 'answer_matches: key ' || t.id('w1');
