-- A transfer without entries.
INSERT INTO transfer (kind, event_at) VALUES ('opening', now());
SELECT 'transfer_two_entries: transfer ' || max(id) FROM transfer;
