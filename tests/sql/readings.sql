-- A card that lies on a reader is read in the end, whatever got lost on the way.
\ir lib/flow.psql
SELECT no_plan();

CREATE FUNCTION t.later(p_desk text) RETURNS void LANGUAGE sql AS $$
    UPDATE desk_live SET reading_due_at = reading_due_at - interval '10 seconds' WHERE desk_id = t.id('desk ' || p_desk)
$$;

SELECT is(t.place('a', 'x'), 'done', 'a card comes');
SELECT is(t.take('a', 'p'), 'none', 'its reading is on the way');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'read', 'it did not come: the card is to be presented again');
SELECT is(t.take('a', 'p'), 'none', 'not in a tight circle');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'read', 'and once more');
SELECT t.later('a');
SELECT is(t.place('a', 'x'), 'done', 'the card is presented again');
SELECT is(t.take('a', 'p'), 'none', 'that reading has its own time');
SELECT is(t.read('a'), 'done', 'it comes');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'none', 'nothing is missing any more');
SELECT t.place('a', 'x');
SELECT t.later('a');
SELECT t.remove('a');
SELECT is(t.take('a', 'p'), 'none', 'a card that has left is not asked for');
SELECT is((SELECT outcome FROM fn_presence(t.id('agent a'), (SELECT run FROM desk_live WHERE desk_id = t.id('desk a')), gen_random_uuid(),
    'two_cards', t.uid('x'), 8::smallint)), 'done', 'two cards');
SELECT t.later('a');
SELECT is(t.take('a', 'p'), 'none', 'are not read at all');
SELECT * FROM finish();
