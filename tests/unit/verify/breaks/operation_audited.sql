-- An act without its line in the audit trail.
SELECT t.bare('silent', 'x', false);
SELECT 'operation_audited: operation ' || t.id('silent');
