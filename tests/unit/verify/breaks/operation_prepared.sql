-- Said to be only prepared, while its plan is out.
UPDATE operation SET state = 'prepared' WHERE id = t.id('o1');
SELECT 'operation_prepared: operation ' || t.id('o1');
