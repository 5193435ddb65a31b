-- Two open acts on one card.
DROP INDEX operation_open;
SELECT t.bare('second', 'y', true);
SELECT 'operation_one_open: chip ' || encode(t.uid('y'), 'hex');
