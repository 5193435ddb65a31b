-- A proven act that is said to be aborted.
UPDATE operation SET state = 'aborted' WHERE id = t.id('w1');
SELECT 'operation_state: operation ' || t.id('w1');
