-- Cards that are not as their issue, or its taking back, says.
UPDATE card SET state = 'scrapped' WHERE id = t.id('free');
UPDATE card SET state = 'replaced' WHERE id = t.id('back');
SELECT 'card_state: card ' || t.id(name) FROM unnest(ARRAY['free', 'back']) AS name;
