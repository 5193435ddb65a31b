-- A plan made for an act that was over.
UPDATE plan SET handed_at = handed_at + interval '1 minute' WHERE operation_id = t.id('w1');
SELECT 'plan_after_void: plan ' || id FROM plan WHERE operation_id = t.id('w1');
