-- A result without a report.
UPDATE plan SET reported_at = NULL WHERE operation_id = t.id('w1');
SELECT 'plan_report: plan ' || id FROM plan WHERE operation_id = t.id('w1');
