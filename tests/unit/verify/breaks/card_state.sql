-- A card that is not as its issue says.
UPDATE card SET state = 'scrapped' WHERE id = t.id('free');
SELECT 'card_state: card ' || t.id('free');
