-- An open case, and the card is served.
UPDATE card SET block = NULL WHERE uid = t.uid('z');
SELECT 'case_locks: case ' || id FROM card_case WHERE uid = t.uid('z');
