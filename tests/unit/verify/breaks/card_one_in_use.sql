-- A second card with purses for one person.
DROP INDEX card_purse_card_a_person;
INSERT INTO card (id, uid, chip, card_no, person_id, key_version, start_sector, state, issued_on)
SELECT t.id('twin'), '\x01020304', '1k', nextval('card_no_seq'), t.id('one'), 1, 1, 'issuing', current_date;
INSERT INTO operation (id, kind, state, card_id, uid, person_id, desk_id, operator_id, presentation_id)
SELECT t.id('twin'), 'issue', 'prepared', t.id('twin'), '\x01020304', t.id('one'), t.id('desk a'), t.id('ann'), min(id::text)::uuid FROM presentation;
INSERT INTO leg (operation_id, amount_minor) VALUES (t.id('twin'), 0);
SELECT fn_audit(t.id('ann'), NULL, 'card.issue', 'operation', t.id('twin')::text, NULL, NULL);
SELECT 'card_one_in_use: person ' || t.id('one');
