-- A purse account with less in it than the card.
SELECT t.move(t.person('one', 'water'), t.site('safe'), 1, 'opening', NULL, NULL);
SELECT 'purse_equals_card: person ' || t.id('one');
